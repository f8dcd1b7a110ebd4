import smtplib
import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db.models import F
from django.db.models.functions import Now

from incidents import delivery
from incidents.delivery import message_id, plan, reaching_nobody, send_due
from incidents.models import Delivery
from mlops_portal.engine.claims import claim
from systems.models import Notice
from tests.factories import PersonFactory, TeamFactory

pytestmark = pytest.mark.django_db


def _notice(person=None, **facts):
    key = f"n{Notice.objects.count()}"
    return Notice.objects.create(
        **{"key": key, "subject": "Late", "text": "Late.", "url": "/incidents/1/", "person": person} | facts
    )


def _planned(person, **facts):
    notice = _notice(person, **facts)
    plan()
    return Delivery.objects.get(notice=notice)


def _fail_with(monkeypatch, error):
    def send(message):
        raise error

    monkeypatch.setattr("django.core.mail.EmailMessage.send", send)


def _make_due(**facts):
    Delivery.objects.update(next_at=Now(), lease_until=None, **facts)


def test_a_notice_goes_to_its_person_with_a_link(viewer, settings):
    settings.BASE_URL = "https://portal.test"
    _planned(viewer)
    assert send_due() == 1
    [message] = mail.outbox
    assert (message.to, message.subject) == (["viewer@portal.test"], "Late")
    assert "https://portal.test/incidents/1/" in message.body


@pytest.mark.fault("F30")
def test_a_notice_is_sent_once_however_often_it_is_planned(viewer):
    _planned(viewer)
    assert (plan(), send_due(), plan(), send_due()) == (0, 1, 0, 0)


def test_a_notice_to_a_team_reaches_its_active_members():
    team = TeamFactory()
    PersonFactory(username="stays", team=team)
    PersonFactory(username="gone", team=team, is_active=False)
    _notice(team=team)
    plan()
    send_due()
    assert [message.to for message in mail.outbox] == [["stays@portal.test"]]


def test_a_deactivated_person_gets_no_mail(viewer):
    row = _planned(viewer)
    viewer.is_active = False
    viewer.save()
    assert send_due() == 0
    row.refresh_from_db()
    assert (row.state, mail.outbox) == ("given_up", [])


def test_an_address_that_was_taken_away_is_not_called_sent(viewer):
    row = _planned(viewer)
    viewer.email = ""
    viewer.save()
    send_due()
    row.refresh_from_db()
    assert row.state == "given_up"


def test_a_notice_that_reaches_nobody_is_known_and_holds_up_no_other(viewer):
    silent = _notice(PersonFactory(email=""))
    assert plan() == 0
    assert list(reaching_nobody()) == [silent]
    _notice(viewer)
    assert plan() == 1


def test_a_line_break_in_the_subject_begins_no_header(viewer):
    _planned(viewer, subject="Late\r\nBcc: everybody@portal.test")
    assert send_due() == 1
    assert mail.outbox[0].message()["Bcc"] is None
    assert mail.outbox[0].recipients() == ["viewer@portal.test"]


@pytest.mark.fault("F31")
def test_a_server_that_is_down_is_tried_again_with_longer_waits(viewer, monkeypatch):
    row = _planned(viewer)
    _fail_with(monkeypatch, ConnectionRefusedError("no"))
    waits = []
    for _ in range(3):
        send_due()
        row = Delivery.objects.annotate(wait=F("next_at") - Now()).get()
        waits.append(round(row.wait.total_seconds()))
        _make_due()
    assert (row.state, row.attempts, waits) == ("waiting", 3, [10, 20, 40])
    assert row.error == "ConnectionRefusedError: no"


@pytest.mark.fault("F31")
def test_after_a_day_it_is_given_up(viewer, monkeypatch):
    _planned(viewer)
    _make_due(made_at=Now() - timedelta(hours=25))
    _fail_with(monkeypatch, smtplib.SMTPServerDisconnected("no"))
    send_due()
    assert Delivery.objects.get().state == "given_up"


def test_one_that_fails_holds_up_no_other(viewer, manager, monkeypatch):
    _planned(viewer)
    _planned(manager)
    send = mail.EmailMessage.send

    def send_but_not_to_viewer(message):
        if message.to == ["viewer@portal.test"]:
            raise RuntimeError("a library in trouble")
        return send(message)

    monkeypatch.setattr(mail.EmailMessage, "send", send_but_not_to_viewer)
    assert send_due() == 1
    assert [message.to for message in mail.outbox] == [["manager@portal.test"]]


@pytest.mark.fault("F31")
def test_a_repeated_mail_has_the_same_message_id(viewer):
    row = _planned(viewer)
    send_due()
    _make_due(state="waiting")
    send_due()
    assert [message.message()["Message-ID"] for message in mail.outbox] == [message_id(row)] * 2


def _claim_and_be_killed():
    claim(Delivery.objects.due(), limit=9, lease_until=Now() + timedelta(seconds=50), attempts=F("attempts") + 1)


@pytest.mark.fault("F15", "F30")
def test_what_a_killed_process_had_in_hand_is_sent_after_its_lease(viewer):
    _planned(viewer)
    _claim_and_be_killed()
    assert send_due() == 0
    Delivery.objects.update(lease_until=Now() - timedelta(seconds=1))
    assert send_due() == 1
    assert Delivery.objects.get().attempts == 2


@pytest.mark.fault("F10")
def test_a_mail_that_hangs_holds_up_no_other_and_keeps_its_lease(viewer, manager, monkeypatch):
    for person in (viewer, manager):
        _planned(person)
    monkeypatch.setattr(delivery, "DEADLINE_S", 0.2)
    released = threading.Event()

    def hang_for_viewer(message):
        if message.to == ["viewer@portal.test"]:
            released.wait(10)

    monkeypatch.setattr(mail.EmailMessage, "send", hang_for_viewer)
    assert send_due() == 1
    released.set()
    states = dict(Delivery.objects.values_list("channel__person__username", "state"))
    assert states == {"viewer": "waiting", "manager": "sent"}
    assert not Delivery.objects.due().exists()
