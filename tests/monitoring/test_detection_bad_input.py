"""What the chart makes of input that no metric should be, and what must hold for any input."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.detection.change import Baseline, Chart, fresh, learn_from, step

DAY = 86400.0
SCALES = st.sampled_from(["rate", "unit", "positive", "real"])
SIDES = st.sampled_from(["up", "down", "both"])


def _readings(values, chart, *, at=lambda number: number * DAY, samples=0.0, baseline=None):
    state, readings = fresh(baseline), []
    for number, value in enumerate(values):
        state, reading = step(state, chart, at(number), float(value), samples, baseline)
        readings.append(reading)
    return readings


def _noise(seed, count=120):
    return np.random.default_rng(seed).standard_normal(count)


@given(value=st.floats(-1e308, 1e308), scale=SCALES, worse=SIDES, samples=st.sampled_from([0.0, 1.0, 5000.0]))
@settings(max_examples=60, deadline=None)
def test_a_constant_never_alarms(value, scale, worse, samples):
    assert not any(one.is_bad for one in _readings([value] * 80, Chart(scale, worse), samples=samples))


def test_one_point_is_neither_judged_nor_bad():
    assert [(one.is_judged, one.is_bad) for one in _readings([0.9], Chart("rate"))] == [(False, False)]


def test_points_at_one_time_never_end_learning():
    readings = _readings(_noise(1), Chart("real"), at=lambda number: DAY)
    assert not any(one.is_judged for one in readings)


def test_points_at_one_time_are_judged_by_a_given_baseline():
    baseline = Baseline(1, 0.0, 1.0)
    assert _readings([-2.0] * 20, Chart("real"), at=lambda number: DAY, baseline=baseline)[-1].is_bad


@pytest.mark.parametrize("scale", ["rate", "unit", "positive", "real"])
def test_enormous_values_give_finite_readings(scale):
    values = [1e308, -1e308, *_noise(2, 60), 1e308, -1e308]
    readings = _readings(values, Chart(scale, "both"))
    assert all(math.isfinite(x) for r in readings for x in (r.level, r.before) if x is not None)


def test_counts_that_are_whole_numbers_are_watched():
    counts = np.random.default_rng(3).poisson(20, 90)
    counts[60:] += 15
    bad = [number for number, one in enumerate(_readings(counts, Chart("positive", "up"))) if one.is_bad]
    assert 60 <= bad[0] <= 66


def test_proportions_outside_nought_to_one_stand_at_the_edge():
    inside = _readings([0.0, 1.0] * 40, Chart("rate"), samples=50.0)
    outside = _readings([-3.0, 7.0] * 40, Chart("rate"), samples=50.0)
    assert [one.is_bad for one in inside] == [one.is_bad for one in outside]


def test_a_target_is_left_to_either_side():
    chart = Chart("real", "both", target=0.0)
    shift = np.where(np.arange(120) < 60, 0.0, 3.0)
    assert _readings(0.3 * _noise(4) + shift, chart)[-1].is_bad
    assert _readings(0.3 * _noise(4) - shift, chart)[-1].is_bad


@given(seed=st.integers(0, 50), power=st.integers(-20, 20), scale=st.sampled_from(["positive", "real"]))
@settings(max_examples=25, deadline=None)
def test_another_unit_changes_nothing(seed, power, scale):
    shift = np.where(np.arange(120) < 70, 0.0, 0.4)
    values = np.exp(0.2 * _noise(seed) + shift) if scale == "positive" else 5 + 0.2 * _noise(seed) + shift
    chart = Chart(scale, "up")
    assert [one.is_bad for one in _readings(values, chart)] == [
        one.is_bad for one in _readings(values * 2.0**power, chart)
    ]


@given(values=st.lists(st.floats(0, 1), min_size=30, max_size=90), cut=st.integers(1, 90), worse=SIDES)
@settings(max_examples=30, deadline=None)
def test_what_comes_later_changes_nothing_before(values, cut, worse):
    chart = Chart("rate", worse)
    assert _readings(values[:cut], chart) == _readings(values, chart)[:cut]


def test_the_state_stays_small():
    state = fresh()
    sizes = []
    for hour, value in enumerate(_noise(5, 2000)):
        state, _ = step(state, Chart("real", "both"), hour * 3600.0, float(value), 100.0)
        sizes.append(len(json.dumps(state)))
    assert max(sizes) < 20_000
    assert sizes[-1] < 4_000


def test_points_that_are_known_to_be_well_are_only_learned_from():
    state = learn_from(fresh(), Chart("real"), DAY, 1.0, 0.0)
    assert (state["seen"], len(state["learning"]), state["healthy"]) == (1, 1, None)
