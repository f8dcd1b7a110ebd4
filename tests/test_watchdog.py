from datetime import timedelta

import pytest
from django.core import mail
from django.db.models.functions import Now

from incidents.models import Entry, Incident
from mlops_portal.engine.models import Duty
from mlops_portal.watchdog import Watchdog
from systems.actions.people import save_person
from systems.models import Notice, System

pytestmark = pytest.mark.django_db


@pytest.fixture
def on_time(administrator):
    save_person(username=administrator.username, by=None)  # administrators are in the team that owns `portal`
    Duty.objects.update(finished_at=Now())


@pytest.fixture
def watchdog():
    return Watchdog(now=0.0, settle_s=0.0)


def _stop_the_scheduler():
    Duty.objects.filter(name="tick").update(finished_at=Now() - timedelta(minutes=1))


def _look(watchdog, *moments):
    for moment in moments:
        watchdog.look(float(moment))


def test_all_on_time_opens_nothing(watchdog, on_time):
    _look(watchdog, 2, 4, 14)
    assert not Incident.objects.exists()


def test_lateness_is_believed_after_ten_seconds(watchdog, on_time):
    _stop_the_scheduler()
    _look(watchdog, 2, 4, 10)
    assert not Incident.objects.exists()
    _look(watchdog, 12)
    assert Incident.objects.get().cause == "system:portal"


def test_the_incident_says_when_it_was_first_visible(watchdog, on_time):
    _stop_the_scheduler()
    _look(watchdog, 2, 12)
    assert Incident.objects.get().first_visible_at == Duty.objects.get(name="tick").finished_at


def test_a_named_person_is_told_without_any_worker(watchdog, on_time, administrator):
    _stop_the_scheduler()
    _look(watchdog, 2, 12)
    assert Notice.objects.get(key="incident:1:opened:administrator").person == administrator
    assert [message.to for message in mail.outbox] == [[administrator.email]]


def test_the_same_lateness_opens_one_incident(watchdog, on_time):
    _stop_the_scheduler()
    _look(watchdog, 2, 12, 14, 16)
    assert Incident.objects.count() == 1


def test_the_portal_is_failing_while_its_incident_is_open(watchdog, on_time):
    _stop_the_scheduler()
    _look(watchdog, 2, 12)
    assert System.objects.with_status().get(slug="portal").status_now == "failing"


def test_recovery_and_relapse_are_written_once_each(watchdog, on_time):
    _stop_the_scheduler()
    _look(watchdog, 2, 12)
    Duty.objects.update(finished_at=Now())
    _look(watchdog, 14, 16)
    _stop_the_scheduler()
    _look(watchdog, 18, 28, 30)
    kinds = list(Incident.objects.get().timeline.values_list("kind", flat=True))
    assert kinds == [Entry.Kind.OPENED, Entry.Kind.TOLD, Entry.Kind.RECOVERED, Entry.Kind.JOINED]


def test_a_machine_that_slept_raises_no_alarm(watchdog, on_time):
    _look(watchdog, 2)
    _stop_the_scheduler()
    _look(watchdog, 4000, 4002, 4012)
    assert not Incident.objects.exists()


def test_a_start_raises_no_alarm_before_all_has_come_up(on_time):
    _stop_the_scheduler()
    _look(Watchdog(now=0.0, settle_s=30.0), 2, 12, 24)
    assert not Incident.objects.exists()


def test_what_never_comes_up_is_told_in_the_end(on_time):
    _stop_the_scheduler()
    _look(Watchdog(now=0.0, settle_s=30.0), 2, 16, 30)
    assert Incident.objects.exists()


def test_once_all_was_on_time_lateness_is_believed_at_once(on_time):
    watchdog = Watchdog(now=0.0, settle_s=30.0)
    _look(watchdog, 2)
    _stop_the_scheduler()
    _look(watchdog, 4, 14)
    assert Incident.objects.exists()
