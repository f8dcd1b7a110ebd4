from datetime import timedelta

import pytest

from monitoring.models import Maturity
from monitoring.windows import MOST, as_window, gathered, last_of_each, points_between, shown
from tests.factories import SeriesFactory
from tests.monitoring.points import write

pytestmark = pytest.mark.django_db


@pytest.fixture
def series(db):
    return SeriesFactory()


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
    (row,) = gathered(points_between(series, None, None), 3600)
    window = as_window(row)
    assert (window.at, window.mean, window.min, window.max, window.samples) == (at, 0.75, 0.0, 1.0, 40)


def test_a_window_with_an_unknown_number_of_samples_is_the_plain_mean(series, now):
    at = now.replace(minute=0, second=0, microsecond=0)
    write(series, [1.0], to_at=at, samples=30)
    write(series, [0.0], to_at=at + timedelta(minutes=10))
    (row,) = gathered(points_between(series, None, None), 3600)
    assert as_window(row).mean == 0.5


def test_a_window_is_provisional_while_one_of_its_values_is(series, now):
    at = now.replace(minute=0, second=0, microsecond=0)
    write(series, [1.0], to_at=at)
    write(series, [0.0], to_at=at + timedelta(minutes=10), maturity=Maturity.PROVISIONAL)
    (row,) = gathered(points_between(series, None, None), 3600)
    assert as_window(row).is_provisional


def test_the_last_value_of_each_day_with_gaps(series, now):
    write(series, [0.1, 0.2], to_at=now - timedelta(hours=1))
    write(series, [0.9], to_at=now - timedelta(days=2, hours=1))
    assert last_of_each([series.pk], to_at=now, steps=3) == {series.pk: [0.9, None, 0.2]}
