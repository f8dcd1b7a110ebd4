from datetime import timedelta

import pytest

from monitoring.actions.keeping import close_hours
from monitoring.actions.storing import store
from monitoring.connectors.connector import Reading
from monitoring.models import Maturity
from monitoring.store.rolling import hour_of
from monitoring.store.windows import MOST, Gathered, last_of_each, shown
from tests.factories import SeriesFactory
from tests.monitoring.points import write

pytestmark = pytest.mark.django_db


@pytest.fixture
def series(db):
    return SeriesFactory()


def hours(series, from_at=None, to_at=None):
    return Gathered([series.pk], from_at, to_at, 3600)[:100]


def test_few_values_are_shown_as_they_came(series, now):
    write(series, [0.9, 0.8], to_at=now, samples=50)
    step_s, windows = shown(series, from_at=now - timedelta(days=1), to_at=now + timedelta(minutes=1))
    assert step_s is None
    assert [(row.mean, row.samples) for row in windows] == [(0.9, 50), (0.8, 50)]


def test_many_values_are_gathered_and_none_is_lost(series, now):
    write(series, [0.5] * (MOST + 500), to_at=now, every=timedelta(minutes=1))
    step_s, windows = shown(series, from_at=now - timedelta(days=2), to_at=now + timedelta(minutes=1))
    assert step_s == 300
    assert sum(row.points for row in windows) == MOST + 500


def test_a_window_weighs_by_samples_where_all_are_known(series, now):
    at = now.replace(minute=0, second=0, microsecond=0)
    write(series, [1.0], to_at=at, samples=30)
    write(series, [0.0], to_at=at + timedelta(minutes=10), samples=10)
    (window,) = hours(series)
    assert (window.at, window.mean, window.min, window.max, window.samples) == (at, 0.75, 0.0, 1.0, 40)


def test_a_window_with_an_unknown_number_of_samples_is_the_plain_mean(series, now):
    at = now.replace(minute=0, second=0, microsecond=0)
    write(series, [1.0], to_at=at, samples=30)
    write(series, [0.0], to_at=at + timedelta(minutes=10))
    assert [row.mean for row in hours(series)] == [0.5]


def test_a_window_is_provisional_while_one_of_its_values_is(series, now):
    at = now.replace(minute=0, second=0, microsecond=0)
    write(series, [1.0], to_at=at)
    write(series, [0.0], to_at=at + timedelta(minutes=10), maturity=Maturity.PROVISIONAL)
    assert [row.is_provisional for row in hours(series)] == [True]


def test_the_last_value_of_each_day_with_gaps(series, now):
    write(series, [0.1, 0.2], to_at=now - timedelta(hours=1))
    write(series, [0.9], to_at=now - timedelta(days=2, hours=1))
    assert last_of_each([series.pk], to_at=now, steps=3) == {series.pk: [0.9, None, 0.2]}


def test_windows_are_the_same_from_rollups_as_from_points(series, now):
    write(series, [n % 8 / 8 for n in range(400)], to_at=now, every=timedelta(minutes=7), samples=3)
    begin, end = now - timedelta(hours=40, minutes=20), now - timedelta(minutes=10)
    before = hours(series), hours(series, begin, end)
    close_hours(at=now)
    assert series.rollups.exists()
    assert (hours(series), hours(series, begin, end)) == before


def test_closed_hours_are_read_from_rollups_and_the_open_one_from_points(series, now):
    write(series, [1.0] * 10, to_at=now, every=timedelta(minutes=20))
    close_hours(at=now)
    series.rollups.update(total=30.0, points=10)
    means = {row.mean for row in hours(series)}
    assert means == {1.0, 3.0}
    assert hours(series)[0].mean == 1.0


def test_a_day_is_gathered_from_its_hours(series, now):
    write(series, [n / 10 for n in range(10)], to_at=now.replace(hour=11), every=timedelta(hours=1), samples=2)
    close_hours(at=now + timedelta(days=2))
    (day,) = Gathered([series.pk], None, None, 86400)[:10]
    assert (day.mean, day.min, day.max, day.points, day.samples) == (pytest.approx(0.45), 0.0, 0.9, 10, 20)


def test_windows_of_many_series_are_read_at_once(series, now, django_assert_num_queries):
    other = SeriesFactory()
    write(series, [0.1, 0.2], to_at=now)
    write(other, [0.9], to_at=now)
    with django_assert_num_queries(1):
        found = Gathered([series.pk, other.pk], None, None, 3600).by_series()
    assert {pk: [row.mean for row in rows] for pk, rows in found.items()} == {series.pk: [0.1, 0.2], other.pk: [0.9]}


def test_values_near_the_end_of_what_a_number_holds_stop_nothing(series, now):
    at = now - timedelta(hours=3)
    store({series.pk: [Reading(at, 1e308, 2**62), Reading(at + timedelta(minutes=1), 1e308, 2**62)]}, at=now)
    close_hours(at=now)
    assert [row.max for row in hours(series)] == [1e308]


def test_what_lies_behind_retention_is_shown_from_its_rollups(series, now, settings):
    write(series, [0.5] * 3, to_at=hour_of(now) - timedelta(days=50, minutes=5), every=timedelta(minutes=5))
    close_hours(at=now)
    series.points.all().delete()
    settings.RETENTION_DAYS = 30
    step_s, windows = shown(series, from_at=now - timedelta(days=51), to_at=now - timedelta(days=49))
    assert (step_s, [row.mean for row in windows]) == (3600, [0.5])
