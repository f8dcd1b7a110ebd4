from datetime import UTC, datetime, timedelta

import pytest

from monitoring.charts.scales import time_ticks, value_label, value_range, value_ticks

MONDAY = datetime(2026, 3, 2, 9, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.86, 0.93, [0.86, 0.88, 0.9, 0.92]),
        (0, 10, [0, 2, 4, 6, 8, 10]),
        (-30, 70, [-20, 0, 20, 40, 60]),
        (1_200_000, 1_900_000, [1_200_000, 1_400_000, 1_600_000, 1_800_000]),
    ],
)
def test_value_ticks_are_round_and_inside(low, high, ticks):
    assert value_ticks(low, high) == ticks


@pytest.mark.parametrize(("ticks", "label"), [([0.86, 0.88], "0.86"), ([0.5, 1.0], "0.5"), ([2000, 4000], "2,000")])
def test_labels_tell_the_ticks_apart(ticks, label):
    assert value_label(ticks[0], ticks) == label


@pytest.mark.parametrize("values", [[], [0.0], [5.0], [-3.0, -3.0]])
def test_a_range_is_never_flat(values):
    low, high = value_range(values)
    assert low < high
    assert all(low < value < high for value in values)


@pytest.mark.parametrize(
    ("length", "first", "second"),
    [
        (timedelta(minutes=40), "09:20", "09:25"),
        (timedelta(days=1), "12:00", "15:00"),
        (timedelta(days=7), "3 Mar", "4 Mar"),
        (timedelta(days=90), "Apr 2026", "May 2026"),
        (timedelta(days=365 * 3), "Jul 2026", "Jan 2027"),
    ],
)
def test_time_ticks_fit_the_length(length, first, second):
    labels = [label for _, label in time_ticks(MONDAY, MONDAY + length)]
    assert labels[:2] == [first, second]
    assert 2 <= len(labels) <= 9


def test_midnight_among_hours_says_the_day():
    assert (datetime(2026, 3, 3, tzinfo=UTC), "3 Mar") in time_ticks(MONDAY, MONDAY + timedelta(days=1))
