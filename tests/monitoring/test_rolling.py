"""Hours are closed once, and a point that comes into a closed hour is in its rollup at once."""

from datetime import timedelta

import pytest
from django.db import OperationalError

from monitoring.actions import keeping
from monitoring.actions.keeping import close_hours, drop_old, make_ahead
from monitoring.actions.storing import store
from monitoring.connectors.connector import Reading
from monitoring.models import Rollup
from monitoring.store.rolling import hour_of
from tests.at_once import at_once
from tests.factories import SeriesFactory

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def series(system):
    return SeriesFactory(metric__system=system)


@pytest.fixture
def hour(now):
    """The beginning of an hour that is over for a good while."""
    return hour_of(now) - timedelta(hours=5)


def put(series, *readings, at):
    return store({series.pk: list(readings)}, at=at)


def rollups(series):
    return list(series.rollups.order_by("at").values_list("at", "points", "total"))


def test_hours_that_are_over_are_rolled_up_and_the_open_one_is_not(series, hour):
    put(series, *[Reading(hour + n * 20 * MINUTE, 1.0) for n in range(5)], at=hour + 2 * 60 * MINUTE)
    assert close_hours(at=hour + 75 * MINUTE) == 1
    assert rollups(series) == [(hour, 3, 3.0)]
    series.refresh_from_db()
    assert series.rolled_until == hour + 60 * MINUTE


def test_an_hour_waits_a_little_for_what_comes_late(series, hour):
    put(series, Reading(hour, 1.0), at=hour)
    assert close_hours(at=hour + 69 * MINUTE) == 1  # one that has nothing yet goes as far as it can
    assert rollups(series) == []
    assert close_hours(at=hour + 70 * MINUTE) == 1
    assert rollups(series) == [(hour, 1, 1.0)]
    assert close_hours(at=hour + 71 * MINUTE) == 0


def test_a_rollup_says_all_that_windows_need(series, hour, system):
    late = Reading(hour + MINUTE, 0.5, 30, is_final=False, version="v2")
    put(series, Reading(hour, 1.0, 10, version="v1"), late, at=hour + 2 * MINUTE)
    close_hours(at=hour + 90 * MINUTE)
    row = Rollup.objects.get()
    assert (row.points, row.samples, row.fewest, row.total, row.weighed) == (2, 40, 10, 1.5, 25.0)
    assert (row.low, row.high, row.is_provisional) == (0.5, 1.0, True)
    assert row.model_version == system.model_versions.get(name="v2").pk


@pytest.mark.parametrize("is_newest", [True, False])
def test_a_point_into_a_closed_hour_is_in_its_rollup_at_once(series, hour, now, is_newest):
    put(series, Reading(hour, 1.0), *[] if is_newest else [Reading(hour + 59 * MINUTE, 2.0)], at=now)
    close_hours(at=now)
    put(series, Reading(hour + 30 * MINUTE, 5.0), Reading(hour + 31 * MINUTE, 1.0), at=now)
    assert rollups(series) == [(hour, 3, 7.0) if is_newest else (hour, 4, 9.0)]


def test_a_value_that_gives_way_changes_the_rollup_of_its_hour_alone(series, hour, now):
    later = hour + 60 * MINUTE
    put(series, Reading(hour, 1.0, is_final=False), Reading(later, 2.0), at=now)
    close_hours(at=now)
    series.rollups.filter(at=later).update(total=9.0)
    put(series, Reading(hour, 3.0), at=now)
    assert rollups(series) == [(hour, 1, 3.0), (later, 1, 9.0)]


def test_a_long_past_is_closed_in_strides(series, now, monkeypatch):
    monkeypatch.setattr(keeping, "CLOSES_FOR_S", 1e9)
    monkeypatch.setattr(keeping, "STRIDE", timedelta(hours=3))
    begin = hour_of(now) - timedelta(hours=30)
    put(series, *[Reading(begin + n * 60 * MINUTE, 1.0) for n in range(20)], at=now)
    assert close_hours(at=now) == 7  # seven times three hours, the last of them up to now
    assert len(rollups(series)) == 20


def test_a_round_takes_no_longer_than_it_may(series, now, monkeypatch):
    monkeypatch.setattr(keeping, "CLOSES_FOR_S", -1.0)
    put(series, Reading(now - timedelta(days=1), 1.0), at=now)
    assert close_hours(at=now) == 0


def test_rollups_outlive_points_by_years(series, now, settings):
    settings.RETENTION_DAYS = 100
    old = now - timedelta(days=90)
    put(series, Reading(old, 1.0), at=now)
    make_ahead(at=now)
    close_hours(at=now)
    assert drop_old(at=now + timedelta(days=200)) >= 1
    assert (series.points.count(), series.rollups.count()) == (0, 1)
    drop_old(at=now + timedelta(days=7 * 366))
    assert series.rollups.count() == 0


def test_rollups_go_with_their_series(series, now):
    put(series, Reading(now - timedelta(days=1), 1.0), at=now)
    close_hours(at=now)
    series.metric.delete()
    assert not Rollup.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_writers_and_closing_at_the_same_moment_lose_nothing(system, hour, now):
    made = [SeriesFactory(metric__system=system) for _ in range(5)]
    for one in made:
        put(one, Reading(hour - 60 * MINUTE, 1.0), at=now)

    def act(number):
        if number % 3 == 2:
            return close_hours(at=now)
        order = made if number % 2 else made[::-1]
        return store({one.pk: [Reading(hour + (number + n) * MINUTE, 1.0) for n in range(20)] for one in order}, at=now)

    done, refused = at_once(act, range(9), refusals=(OperationalError,))
    assert (len(done), refused) == (9, [])
    close_hours(at=now)
    for one in made:
        assert one.points.count() == 1 + 27
        assert sum(points for _, points, _ in rollups(one)) == 1 + 27
