"""Points: written once, provisional ones give way, final ones stay (RELIABILITY F17)."""

import math
import statistics
from datetime import datetime, timedelta, timezone

import pytest

from monitoring.actions.storing import Stored, store
from monitoring.connectors.connector import Reading
from monitoring.models import Maturity, PointRevision
from monitoring.store.standing import RHYTHM_FROM
from tests.factories import SeriesFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def series(system):
    return SeriesFactory(metric__system=system)


def told(stored: Stored) -> tuple[int, ...]:
    return stored.points, stored.duplicates, stored.replaced, stored.conflicts, stored.rejected


def put(series, *readings, at):
    return told(store({series.pk: list(readings)}, at=at))


def values(series):
    return list(series.points.order_by("at").values_list("value", flat=True))


def test_a_new_value_is_written_as_it_came(series, now):
    moment = now - timedelta(hours=1)
    assert put(series, Reading(moment, 0.81, samples=40, is_final=False), at=now) == (1, 0, 0, 0, 0)
    point = series.points.get()
    assert (point.at, point.value, point.samples, point.maturity) == (moment, 0.81, 40, Maturity.PROVISIONAL)
    assert (point.first_seen_at, point.seen_at) == (now, now)


@pytest.mark.fault("F17")
def test_the_same_points_twice_change_nothing(series, now):
    readings = [Reading(now - timedelta(minutes=n), n / 7) for n in range(50)]
    put(series, *readings, at=now)
    assert put(series, *readings, at=now) == (0, 50, 0, 0, 0)
    assert series.points.count() == 50


def test_what_is_new_is_kept_when_the_rest_stands(series, now):
    put(series, Reading(now, 1.0), at=now)
    assert put(series, Reading(now, 1.0), Reading(now - timedelta(days=70), 2.0), at=now) == (1, 1, 0, 0, 0)
    assert values(series) == [2.0, 1.0]


@pytest.mark.fault("F17")
def test_a_provisional_value_gives_way_and_is_kept(series, now):
    put(series, Reading(now, 0.81, 10, is_final=False), at=now)
    later = now + timedelta(days=1)
    assert put(series, Reading(now, 0.78, 30), at=later) == (0, 0, 1, 0, 0)
    point, revision = series.points.get(), PointRevision.objects.get()
    assert (point.value, point.maturity, point.first_seen_at, point.seen_at) == (0.78, Maturity.FINAL, now, later)
    assert (revision.value, revision.samples, revision.seen_at, revision.replaced_at) == (0.81, 10, now, later)


@pytest.mark.fault("F17")
def test_a_final_value_stays_and_what_differs_is_a_conflict(series, now):
    put(series, Reading(now, 0.81), at=now)
    assert put(series, Reading(now, 0.5), at=now) == (0, 0, 0, 1, 0)
    assert put(series, Reading(now, 0.81, is_final=False), at=now) == (0, 1, 0, 0, 0)
    assert values(series) == [0.81]


def test_within_one_batch_the_same_rule_holds(series, now):
    early, late = Reading(now, 0.5, is_final=False), Reading(now, 0.7)
    assert put(series, early, late, late, Reading(now, 0.9), at=now) == (1, 1, 1, 1, 0)
    assert values(series) == [0.7]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, True, None, "0.5", 10**400])
def test_what_is_no_finite_number_is_rejected(series, now, value):
    assert put(series, Reading(now, value), Reading(now, 1.0), at=now) == (1, 0, 0, 0, 1)


@pytest.mark.fault("F17")
@pytest.mark.parametrize("ahead", [timedelta(minutes=6), timedelta(days=-401)])
def test_times_of_the_future_and_behind_retention_are_rejected(series, now, ahead):
    assert put(series, Reading(now + ahead, 1.0), at=now) == (0, 0, 0, 0, 1)


def test_a_time_without_a_zone_is_rejected(series, now):
    assert put(series, Reading(datetime(2026, 1, 1), 1.0), at=now) == (0, 0, 0, 0, 1)


def test_a_value_behind_the_newest_one_is_compared_and_one_after_it_is_not(series, now):
    put(series, Reading(now - timedelta(hours=2), 1.0), Reading(now - timedelta(hours=1), 2.0), at=now)
    between = Reading(now - timedelta(minutes=90), 1.5)
    assert put(series, between, Reading(now - timedelta(hours=1), 9.0), Reading(now, 3.0), at=now) == (2, 0, 0, 1, 0)
    assert values(series) == [1.0, 1.5, 2.0, 3.0]
    series.refresh_from_db()
    assert (series.last_at, series.last_value) == (now, 3.0)


def test_times_keep_their_microseconds_and_zones_their_moment(series, now):
    moment = now.replace(microsecond=123457) - timedelta(hours=1)
    there = moment.astimezone(timezone(timedelta(hours=5, minutes=45)))
    put(series, Reading(there, 1.0), at=now)
    assert series.points.get().at == moment


def test_a_large_batch_of_several_series_is_written_whole(system, now):
    made = [SeriesFactory(metric__system=system) for _ in range(3)]
    given = {one.pk: [Reading(now - timedelta(minutes=n), n + one.pk) for n in range(400)] for one in made}
    assert told(store(given, at=now)) == (1200, 0, 0, 0, 0)
    assert told(store(given, at=now)) == (0, 1200, 0, 0, 0)
    assert [one.points.count() for one in made] == [400, 400, 400]


def test_a_rhythm_follows_what_comes(series, now):
    put(series, *[Reading(now - timedelta(hours=9, minutes=n), 1.0) for n in range(30)], at=now)
    for n in range(11):
        put(series, Reading(now - timedelta(hours=8) + timedelta(minutes=10 * n), 1.0), at=now)
    series.refresh_from_db()
    assert series.rhythm_s == 600.0


def test_two_points_have_a_rhythm_and_one_has_none(series, now):
    put(series, Reading(now - timedelta(minutes=7), 1.0), at=now)
    series.refresh_from_db()
    assert series.rhythm_s is None
    put(series, Reading(now, 1.0), at=now)
    series.refresh_from_db()
    assert series.rhythm_s == 420.0


def test_a_rhythm_that_may_be_another_is_the_median_of_the_newest_distances(series, now):
    distances = [60, 75, 61, 300, 59, 20, 45, 61, 90, 240] * 3
    times = [now - timedelta(seconds=sum(distances[n:])) for n in range(len(distances))]
    for at in [*times, now]:  # one by one: the last one, 240 s after that before it, differs
        put(series, Reading(at, 1.0), at=now)
    series.refresh_from_db()
    assert series.rhythm_s == statistics.median(distances[-(RHYTHM_FROM - 1) :])


def test_a_series_knows_its_newest_value_and_its_rhythm(series, now):
    put(series, *[Reading(now - timedelta(minutes=5 * n), float(n)) for n in range(4)], at=now)
    series.refresh_from_db()
    assert (series.last_at, series.last_value, series.rhythm_s) == (now, 0.0, 300.0)


@pytest.mark.fault("F17")
def test_a_late_point_moves_judging_back_and_not_the_newest_value(series, now):
    put(series, Reading(now, 1.0), at=now)
    late = now - timedelta(days=3)
    put(series, Reading(late, 2.0), at=now)
    series.refresh_from_db()
    assert (series.unjudged_from, series.last_at, series.last_value) == (late, now, 1.0)


def test_what_changes_nothing_is_not_judged_again(series, now):
    put(series, Reading(now, 1.0), at=now)
    type(series).objects.update(unjudged_from=None)
    put(series, Reading(now, 1.0), Reading(now, 2.0), at=now)
    series.refresh_from_db()
    assert series.unjudged_from is None


def test_a_version_that_came_with_a_value_becomes_one_of_the_systems(series, now, system):
    put(series, Reading(now, 1.0, version="v7"), Reading(now - timedelta(days=1), 1.0), at=now)
    version = system.model_versions.get(name="v7")
    assert list(series.points.order_by("at").values_list("model_version", flat=True)) == [0, version.pk]


def test_readings_of_a_series_that_is_gone_are_dropped(series, now):
    assert told(store({series.pk + 1: [Reading(now, 1.0)]}, at=now)) == (0, 0, 0, 0, 0)
