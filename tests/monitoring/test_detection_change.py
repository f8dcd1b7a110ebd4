"""The chart of quiet change, on small series of days. Deterministic: every random number is seeded."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.detection import evidence
from monitoring.detection.change import Baseline, Chart, band_at, fresh, step
from monitoring.detection.healthy import Healthy
from monitoring.detection.questions import THRESHOLDS, Scored, ask

DAY = 86400.0
SHARE = Chart("rate")
BASELINE = Baseline(key=1, value=0.9, spread=0.01)


def _run(values, chart=SHARE, baseline=None, *, samples=0, state=None, first=0):
    """Return (state, readings) after the values of consecutive days."""
    state, readings = state or fresh(), []
    for number, value in enumerate(values, first):
        state, reading = step(state, chart, number * DAY, value, samples, baseline)
        readings.append(reading)
    return state, readings


def _noisy(seed, days, level=0.9, spread=0.01):
    return level + spread * np.random.default_rng(seed).standard_normal(days)


def _days_bad(readings):
    return [number for number, reading in enumerate(readings) if reading.is_bad]


def test_of_forty_quiet_series_nearly_all_stay_quiet_for_half_a_year():
    noisy = [seed for seed in range(40) if _days_bad(_run(_noisy(seed, 200))[1])]
    assert len(noisy) <= 5


@pytest.mark.parametrize("seed", [2, 3, 4, 5, 6, 7])
def test_a_step_is_found_within_days_with_its_onset(seed):
    values = _noisy(seed, 90)
    values[60:] -= 0.025
    readings = _run(values)[1]
    assert 60 <= _days_bad(readings)[0] <= 70
    assert abs(readings[-1].onset_at / DAY - 60) <= 4


@pytest.mark.parametrize("seed", [2, 3, 4, 5, 6, 7])
def test_a_slow_ramp_is_found_while_it_is_under_way(seed):
    values = _noisy(seed, 150)
    values[60:] -= np.linspace(0, 0.04, 90)
    assert 60 <= _days_bad(_run(values)[1])[0] <= 120


@pytest.mark.parametrize(("worse", "is_noticed"), [("down", False), ("up", True), ("both", True)])
def test_only_what_gets_worse_is_bad(worse, is_noticed):
    values = _noisy(2, 90, level=10, spread=0.3)
    values[60:] += 2
    assert bool(_days_bad(_run(values, Chart("positive", worse))[1])) is is_noticed


def test_a_move_towards_the_target_is_not_worse():
    values = _noisy(2, 90, level=5, spread=0.2)
    values[60:] += 1.0
    away = Chart("real", "both", target=4.0)
    towards = Chart("real", "both", target=6.0)
    assert _days_bad(_run(values, away)[1])
    assert not _days_bad(_run(values, towards)[1])


@pytest.mark.parametrize("outlier", [0.0, 1.0, -5.0, 1e9])
def test_one_outlier_does_not_alarm(outlier):
    values = [*_noisy(3, 60), outlier, *_noisy(4, 30)]
    assert _days_bad(_run(values, Chart("rate", "both"))[1]) == []


def test_an_outlier_in_the_baseline_does_not_blind():
    values = _noisy(5, 90)
    values[5] = 0.2
    values[60:] -= 0.04
    assert _days_bad(_run(values)[1])


def test_nothing_is_judged_before_fourteen_days():
    values = [0.9] * 7 + [0.1] * 6
    assert not any(reading.is_judged for reading in _run(values)[1])


def test_hours_are_learned_in_three_days():
    state = fresh()
    for hour, value in enumerate(_noisy(6, 80)):
        state, reading = step(state, Chart("rate"), hour * 3600.0, value, 0)
    assert reading.is_judged


def test_a_given_baseline_is_judged_by_from_the_first_point():
    assert all(reading.is_judged for reading in _run(_noisy(7, 5), baseline=BASELINE)[1])


def test_a_given_spread_that_proves_too_small_gives_way_to_the_learned_one():
    narrow = Baseline(key=1, value=0.9, spread=0.006)
    state, _ = _run(_noisy(7, 60), baseline=narrow)
    assert state["healthy"]["count"] > 0
    low, high = band_at(state, SHARE, 60 * DAY)
    assert (low + high) / 2 == pytest.approx(0.9, abs=0.003)
    assert high - low > 6 * 0.009


def test_a_given_spread_that_proves_large_stays():
    wide = Baseline(key=1, value=0.9, spread=0.02)
    state, _ = _run(_noisy(7, 60), baseline=wide)
    assert state["healthy"]["spread"] == state["first"]["spread"]


def test_beside_a_given_baseline_weekdays_are_learned():
    weekly = np.array([0.004, 0.004, 0.004, 0.004, 0.004, -0.01, -0.01])
    values = _noisy(9, 120, spread=0.004) + weekly[(np.arange(120) + 3) % 7]
    state, _ = _run(values, baseline=BASELINE)
    assert state["healthy"]["weekdays"][6] < -0.005


def test_the_change_itself_is_not_learned_beside_a_given_baseline():
    values = _noisy(3, 200)
    values[60:] -= np.linspace(0, 0.06, 140)
    readings = _run(values, baseline=BASELINE)[1]
    assert 60 <= _days_bad(readings)[0] <= 120
    assert readings[-1].is_bad


def test_a_baseline_without_spread_learns_only_the_spread():
    level = Baseline(key=1, value=0.95)
    state, readings = _run(_noisy(8, 60), baseline=level)
    assert readings[-1].is_bad
    low, high = band_at(state, Chart("rate"), 60 * DAY)
    assert low < 0.95 < high
    assert (low + high) / 2 == pytest.approx(0.95, abs=0.01)


def test_another_baseline_starts_anew():
    state, readings = _run([0.8] * 30, baseline=BASELINE)
    assert readings[-1].is_bad
    assert not _run([0.8] * 30, baseline=Baseline(2, 0.8, 0.01), state=state, first=30)[1][-1].is_bad


def test_a_recovered_series_is_over_once_and_only_after_several_points():
    values = [0.9] * 5 + [0.85] * 10 + [0.9] * 20
    bad = _days_bad(_run(values, baseline=BASELINE)[1])
    assert bad == list(range(bad[0], bad[-1] + 1))
    assert 17 <= bad[-1] <= 24


def test_flapping_around_the_edge_is_one_alarm():
    values = [0.9] * 5 + [0.84, 0.84, 0.9] * 20
    bad = _days_bad(_run(values, baseline=BASELINE)[1])
    assert bad == list(range(bad[0], 65))


def test_few_samples_weigh_less_than_many():
    values = [0.9] * 40 + [0.87] * 6
    many, few = Chart("rate"), Chart("rate")
    start = _run(values[:40], many, samples=2000)[0]
    assert _run(values[40:], many, samples=2000, state=start, first=40)[1][-1].is_bad
    assert not _run(values[40:], few, samples=50, state=start, first=40)[1][-1].is_bad


def test_a_weekend_that_is_always_lower_is_normal():
    weekly = np.array([0, 0, 0, 0, 0, -0.05, -0.05])
    values = _noisy(9, 120, spread=0.004) + weekly[(np.arange(120) + 3) % 7]
    assert _days_bad(_run(values)[1]) == []


@pytest.mark.parametrize("sensitivity", ["calm", "normal", "eager"])
def test_sensitivity_orders_how_soon(sensitivity):
    def first(word):
        return _days_bad(_run([0.9] * 5 + [0.887] * 60, Chart("rate", sensitivity=word), BASELINE)[1])[0]

    assert first("eager") <= first(sensitivity) <= first("calm")
    assert first("eager") < first("calm")


def test_the_band_holds_nearly_all_quiet_points():
    values = _noisy(10, 200)
    state = _run(values[:60])[0]
    bands = [band_at(state, Chart("rate"), number * DAY) for number in range(200)]
    assert np.mean([low <= value <= high for (low, high), value in zip(bands, values, strict=True)]) > 0.97


scales = st.sampled_from(["rate", "unit", "positive", "real"])
wild = st.lists(st.floats(0, 1) | st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=60)


@given(values=wild, scale=scales, worse=st.sampled_from(["up", "down", "both"]), cut=st.integers(0, 60))
@settings(max_examples=80, deadline=None)
def test_going_on_from_a_kept_state_is_as_if_never_stopped_and_never_nan(values, scale, worse, cut):
    chart = Chart(scale, worse)
    whole, readings = _run(values, chart)
    before = json.loads(json.dumps(_run(values[:cut], chart)[0]))
    after, rest = _run(values[cut:], chart, state=before, first=min(cut, len(values)))
    assert json.loads(json.dumps(after)) == json.loads(json.dumps(whole, allow_nan=False))
    assert rest == readings[cut:]
    assert all(math.isfinite(x) for r in readings for x in (r.level, r.before) if x is not None)
    assert all(math.isfinite(x) for x in band_at(whole, chart, 61 * DAY) or ())


def test_two_sides_have_to_tell_twice_as_much():
    healthy, memory = Healthy(level=0.0, spread=1.0, count=60), {}
    for day in range(4):
        before, point = memory, Scored(day * DAY, 2.0, 1.0, None)
        memory = ask(before, point, healthy, (1,))[0]
    one, both = ask(before, point, healthy, (1,))[1], ask(before, point, healthy, (1, -1))[1]
    assert one.share * THRESHOLDS["level"] == pytest.approx(both.share * (THRESHOLDS["level"] + math.log(2)))


def test_the_days_of_two_weekends_resemble_each_other_less_than_days_in_a_row():
    def share(first_day):
        memory = {}
        for number, day in enumerate((first_day, first_day + 1, first_day + 7, first_day + 8)):
            memory, found = ask(memory, Scored(day * DAY, 2.0, 1.0, None), alike, (1,))
            assert number < 3 or found.kind == "weekend"
        return found.share

    alike = Healthy(level=0.0, spread=1.0, memory=0.4, count=200)
    scan = evidence.scanned(None, 0.0, 2.0, 1.0, 0.0)
    for day in (1, 7, 8):
        scan = evidence.scanned(scan, day * DAY, 2.0, 1.0, 0.0)
    in_a_row = evidence.best(scan, alike.widening, 0.0).nats / THRESHOLDS["weekend"]
    assert share(2) > in_a_row


def test_a_step_leaves_the_state_before_as_it_was():
    state = _run(_noisy(11, 30))[0]
    before = json.dumps(state)
    step(state, Chart("rate"), 31 * DAY, 0.5, 0)
    assert json.dumps(state) == before
