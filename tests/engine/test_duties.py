from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from mlops_portal.engine import broker, duties
from mlops_portal.engine.models import Duty

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch):
    names = []
    monkeypatch.setattr(duties, "send", lambda name, **kwargs: names.append(name))
    return names


@pytest.fixture
def broken(monkeypatch):
    def work():
        raise ValueError("no luck")

    one = duties.Declared("keep", "work", 60, 90, work)
    monkeypatch.setitem(duties.DECLARED, "keep", one)


def test_every_declared_duty_has_its_row():
    assert set(Duty.objects.values_list("name", flat=True)) == set(duties.DECLARED)


def test_a_duty_that_is_no_more_loses_its_row():
    Duty.objects.create(name="gone", queue="work", every_s=1, late_after_s=1)
    duties.enrol()
    assert not Duty.objects.filter(name="gone").exists()


def test_enrolling_again_keeps_the_times():
    duties.do("keep")
    before = Duty.objects.get(name="keep")
    duties.enrol()
    assert Duty.objects.get(name="keep").finished_at == before.finished_at


@pytest.mark.fault("F8")
def test_the_tick_nudges_what_is_due_and_only_once(sent):
    nudged = duties.tick()
    assert {"check", "deliver", "judge", "knock"} <= set(nudged)
    assert duties.tick() == []
    assert sent == nudged


def test_the_tick_leaves_what_is_not_due(sent):
    Duty.objects.update(due_at=Now() + timedelta(minutes=1))
    assert duties.tick() == []


@pytest.mark.fault("F6")
def test_a_nudge_that_came_to_nothing_is_repeated_after_its_lease(sent):
    duties.tick()
    Duty.objects.filter(name="check").update(lease_until=Now() - timedelta(seconds=1))
    assert duties.tick() == ["check"]


def test_a_duty_with_nothing_to_do_still_stamps_its_time():
    duties.do("keep")
    row = Duty.objects.get(name="keep")
    assert (row.did, row.error) == (0, "")
    assert row.finished_at >= row.started_at


@pytest.mark.fault("F16")
@pytest.mark.parametrize("ahead_s", [3600, -3600])
def test_a_round_says_by_how_much_its_clock_is_wrong(monkeypatch, ahead_s):
    real = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: real() + timedelta(seconds=ahead_s))
    duties.do("keep")
    row = Duty.objects.get(name="keep")
    assert row.ahead_s == pytest.approx(ahead_s, abs=2)
    assert row.finished_at == pytest.approx(real(), abs=timedelta(seconds=2))


def test_a_failed_round_is_stamped_but_not_as_done(broken):
    with pytest.raises(ValueError, match="no luck"):
        duties.do("keep")
    row = Duty.objects.get(name="keep")
    assert row.error == "ValueError: no luck"
    assert row.finished_at is None
    assert row.lease_until is None


def test_one_broken_duty_does_not_keep_the_others_from_their_turn(broken, monkeypatch):
    monkeypatch.setattr("monitoring.tasks.knock_at", lambda url: None)
    done = duties.do_all_once()
    assert done["keep"] == "ValueError: no luck"
    assert isinstance(done["check"], int)


@pytest.mark.fault("F15")
def test_a_nudge_goes_out_only_after_the_commit(sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        with transaction.atomic():
            duties.nudge("deliver")
        assert sent == []
    assert sent == ["deliver"]


@pytest.mark.fault("F15")
def test_a_broker_that_is_down_is_no_error_and_not_asked_again_at_once(monkeypatch):
    asked = []

    def refuse(*args, **kwargs):
        asked.append(args)
        raise ConnectionError

    monkeypatch.setattr(broker, "_silent_until", 0.0)
    monkeypatch.setattr(broker.current_app, "send_task", refuse)
    assert broker.send("keep", queue="work", expires_s=1) is False
    assert broker.send("keep", queue="work", expires_s=1) is False
    assert len(asked) == 1
