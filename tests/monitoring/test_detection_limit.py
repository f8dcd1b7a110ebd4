import json

import pytest

from monitoring.detection.filling import is_filling, remembered
from monitoring.detection.keeping import kept
from monitoring.detection.limit import Limit, fresh, step


def _bad(values, limit):
    state, bad = fresh(), ""
    for number, value in enumerate(values):
        state, reading = step(json.loads(json.dumps(state)), limit, float(number), value)
        bad += "x" if reading.is_bad else "."
    return bad


@pytest.mark.parametrize(
    ("values", "limit", "bad"),
    [
        ([5, 3, 5], Limit(below=4), ".xx"),
        ([5, 4, 5], Limit(below=4), "..."),
        ([5, 7, 5], Limit(above=6), ".xx"),
        ([5, 7, 3], Limit(below=4, above=6), ".xx"),
        ([3, 5, 5, 5, 5], Limit(below=4), "xxx.."),  # over after three in a row
        ([3, 5, 5, 3, 5, 5], Limit(below=4), "xxxxxx"),  # flapping is one alarm
        ([3, 5, 3, 5, 5], Limit(below=4, bad=2, of=3), "..xxx"),
        ([3, 5, 5, 3, 5], Limit(below=4, bad=2, of=3), "....."),
    ],
)
def test_so_many_of_the_last_points(values, limit, bad):
    assert _bad(values, limit) == bad


def test_the_onset_is_the_first_point_outside_that_counts():
    state = fresh()
    for number, value in enumerate([3, 5, 3]):
        state, reading = step(state, Limit(below=4, bad=2, of=3), float(number), value)
    assert (reading.onset_at, reading.out) == (0.0, 2)


@pytest.mark.parametrize(
    ("samples", "is_final", "recent", "waits"),
    [
        (40, False, [100, 100, 100], True),
        (60, False, [100, 100, 100], False),
        (40, True, [100, 100, 100], False),
        (0, False, [100, 100, 100], False),
        (40, False, [], False),
        (40, False, [0, 0], False),
    ],
)
def test_a_window_that_fills_waits(samples, is_final, recent, waits):
    assert is_filling(samples, is_final=is_final, recent=recent) is waits


def test_only_the_newest_sizes_are_remembered():
    sizes = []
    for size in range(30):
        sizes = remembered(sizes, size)
    assert sizes == list(range(21, 30))


def test_what_is_kept_is_bounded_and_only_ever_gains_the_newest():
    before = set()
    for count in range(1, 3000):
        now = kept(count)
        assert now <= before | {count}
        assert count in now
        before = now
    assert len(before) <= 12
    assert min(before) <= 2048
