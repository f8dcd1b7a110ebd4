"""How one daily figure follows another, and when nothing can be said of that."""

import random
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitoring.explaining.beside import business_of
from monitoring.explaining.lagging import ENOUGH_DAYS, following
from monitoring.models import Metric
from tests.monitoring.points import write


def _noise(count, seed):
    draw = random.Random(seed)
    return [draw.gauss(0, 1) for _ in range(count)]


def _followed(lag, days=170, seed=1):
    """A figure that falls by five after 100 days, and one that falls by ten `lag` days later."""
    first = [one + (0 if n < 100 else -5) for n, one in enumerate(_noise(days, seed))]
    noise = _noise(days, seed + 1)
    second = [noise[n] + 2 * first[n - lag] if n >= lag else noise[n] for n in range(days)]
    return first, second


@pytest.mark.parametrize("lag", [0, 3, 9])
def test_the_lag_and_the_slope_are_found(lag):
    found = following(*_followed(lag))
    assert found.lag == lag
    assert found.lag_low <= lag <= found.lag_high
    assert found.slope == pytest.approx(2.0, abs=0.3)


def test_unrelated_figures_follow_nothing():
    clear = [following(_noise(170, 2 * seed), _noise(170, 2 * seed + 1)).lag is not None for seed in range(60)]
    assert sum(clear) <= 6


def _walk(days, seed):
    steps, walked = _noise(days, seed), []
    for step in steps:
        walked.append((0.97 * walked[-1] if walked else 0.0) + step)
    return walked


def test_two_slow_drifts_prove_little():
    clear = [following(_walk(170, 2 * seed), _walk(170, 2 * seed + 1)).lag is not None for seed in range(60)]
    assert sum(clear) <= 12


def test_a_few_days_are_not_enough_and_are_said_to_be():
    first, second = _followed(3, days=ENOUGH_DAYS - 1)
    found = following(first, second)
    assert (found.is_enough, found.lag, found.days) == (False, None, ENOUGH_DAYS - 1)


def test_days_without_a_value_are_left_out():
    first, second = _followed(3)
    holed = [None if n % 4 == 0 else one for n, one in enumerate(second)]
    assert following(first, holed).lag == 3


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=40)
@given(st.lists(st.none() | st.integers(-9, 9), max_size=60), st.floats(-1e9, 1e9))
def test_whatever_comes_there_is_an_answer(first, constant):
    for pair in ((first, first), (first, [constant] * len(first)), (first, first[::-1])):
        found = following(*pair)
        assert found.days <= len(first)


@pytest.fixture
def quality(system):
    return Metric.objects.create(system=system, key="accuracy", scale="rate", leading=True).series.create()


def _business(system, quality, now, days=170):
    kept = Metric.objects.create(system=system, key="kept", name="Customers kept", unit="a day", kind="business")
    series = kept.series.create()
    first, second = _followed(3, days=days)
    write(quality, [0.9 + 0.01 * one for one in first], to_at=now, every=timedelta(days=1))
    write(series, [50 + 2 * one for one in second], to_at=now, every=timedelta(days=1))
    return series


@pytest.mark.django_db
def test_it_is_said_what_a_fall_costs(client, viewer, system, quality, now):
    _business(system, quality, now)
    (found,) = business_of(quality, at=now)
    assert found.sentence.startswith("Customers kept follows accuracy ")
    assert "when it falls by 0.030, customers kept falls by about 12" in found.sentence
    client.force_login(viewer)
    page = client.get("/systems/churn/metrics/accuracy/").content.decode()
    assert "What it means for the business" in page
    assert found.sentence in client.get("/systems/churn/").content.decode()


@pytest.mark.django_db
def test_too_few_days_are_said(system, quality, now):
    _business(system, quality, now, days=20)
    (found,) = business_of(quality, at=now)
    assert found.sentence == "Customers kept: not enough days to say whether it follows accuracy (20 days have both)."


@pytest.mark.django_db
def test_without_business_metrics_nothing_is_computed(quality, now, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert business_of(quality, at=now) == []
