from datetime import timedelta

import pytest
from django.db.models.functions import Now

from mlops_portal.engine import health
from mlops_portal.engine.hearing import is_deaf
from mlops_portal.engine.models import Duty


@pytest.fixture
def all_fresh(db):
    Duty.objects.update(finished_at=Now())


def _state(age_s):
    return health.DutyState("check", "work", age_s, False, None, "", 0.0)


@pytest.mark.django_db
def test_a_duty_never_done_is_late():
    assert all(duty.late for duty in health.read_duties())


def test_a_duty_done_just_now_is_on_time(all_fresh):
    assert health.late_duties() == []


@pytest.mark.fault("F7")
def test_a_tick_that_is_six_seconds_old_is_late(all_fresh):
    Duty.objects.filter(name="tick").update(finished_at=Now() - timedelta(seconds=6))
    assert [duty.name for duty in health.late_duties()] == ["tick"]


def test_the_banner_says_since_when(all_fresh, monkeypatch):
    monkeypatch.setattr(health, "_read", None)
    Duty.objects.filter(name="judge").update(finished_at=Now() - timedelta(hours=2))
    seen = health.lateness()
    assert seen.names == ("judge",)
    assert seen.since == Duty.objects.get(name="judge").finished_at


def test_there_is_no_banner_when_all_is_on_time(all_fresh, monkeypatch):
    monkeypatch.setattr(health, "_read", None)
    assert health.lateness() is None


@pytest.mark.fault("F5")
@pytest.mark.parametrize(
    ("ages", "deaf"), [([50, 60], True), ([50, 3], False), ([None, 90], True), ([], False)], ids=str
)
def test_a_worker_is_deaf_when_none_of_its_duties_was_done(ages, deaf):
    assert is_deaf([_state(age) for age in ages]) is deaf


def _with_clock(name, ahead_s):
    return health.DutyState(name, "work", 1.0, False, None, "", ahead_s)


@pytest.mark.fault("F16")
@pytest.mark.parametrize(
    ("clocks", "said"),
    [
        ({"judge": 4.9, "pull": -4.9}, ""),
        ({"judge": 0.0, "pull": 62.4}, "The clock of who does pull is up to 62 s ahead of the database's"),
        ({"judge": 7.0, "pull": -3600.0}, "The clock of who does judge, pull is up to 3600 s behind the database's"),
    ],
)
def test_a_clock_is_wrong_from_five_seconds_on(clocks, said):
    told = health.wrong_clocks(_with_clock(*clock) for clock in clocks.items())
    assert told.partition(":")[0] == said
