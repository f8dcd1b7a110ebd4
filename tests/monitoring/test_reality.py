from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from monitoring.actions.baselines import set_baseline
from monitoring.models import Maturity
from monitoring.promises.reality import gaps_of
from monitoring.tasks import compare
from systems.models import Deployment, ModelVersion, System
from tests.factories import MetricFactory, SeriesFactory, SystemFactory
from tests.monitoring.points import write

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def _live(system, *, days, name="v1"):
    at = timezone.now() - days * DAY
    version = ModelVersion.objects.create(system=system, name=name)
    return Deployment.objects.create(system=system, model_version=version, at=at).at


def _watched(system, **facts):
    return SeriesFactory(metric=MetricFactory(system=system, leading=True, key="accuracy", **facts))


def _promised(series, value, *, days=200):
    at = timezone.now()
    set_baseline(series, value=value, origin="experiment", reason="test set", from_at=at - days * DAY, by=None, at=at)


def _gap(system):
    return gaps_of([System.objects.get(pk=system.pk)], at=timezone.now())[0][1]


def _known(system, **facts):
    """Promise 0.9; live 0.8 in the first 30 of 100 days and 0.7 in the last."""
    series = _watched(system, **facts)
    _promised(series, 0.9)
    begun = _live(system, days=100)
    write(series, [0.8] * 20, to_at=begun + 25 * DAY, every=DAY)
    write(series, [0.7] * 20, to_at=timezone.now() - DAY, every=DAY)
    return series


def test_the_gap_is_said_for_the_first_days_and_for_now(system):
    _known(system)
    gap = _gap(system)
    assert (round(gap.then, 6), round(gap.now, 6), round(gap.share, 6)) == (0.1, 0.2, round(0.1 / 0.9, 6))
    assert "was 0.90 on the test set and 0.80 in the first 30 days live" in gap.sentence
    assert "In the 30 days until" in gap.sentence
    assert "it was 0.70: 0.20 worse than 0.90." in gap.sentence


def test_now_ends_with_the_newest_final_value_however_late_labels_come(system):
    series = _watched(system)
    _promised(series, 0.9)
    _live(system, days=100)
    write(series, [0.6] * 20, to_at=timezone.now() - 50 * DAY, every=DAY)
    write(series, [0.1] * 20, to_at=timezone.now() - DAY, every=DAY, maturity=Maturity.PROVISIONAL)
    gap = _gap(system)
    assert (gap.then, round(gap.now, 6)) == (None, 0.3)
    assert gap.sentence.startswith("Not known, because no final value")


def test_where_lower_is_better_more_is_worse(system):
    _known(system, direction="lower")
    assert round(_gap(system).then, 6) == -0.1


def test_near_a_target_the_distance_counts(system):
    _known(system, direction="target", target=1.0)
    assert round(_gap(system).then, 6) == 0.1


def test_values_that_may_still_change_do_not_count(system):
    series = _known(system)
    begun = timezone.now() - 100 * DAY
    write(series, [0.1] * 5, to_at=begun + 28 * DAY, every=timedelta(hours=1), maturity=Maturity.PROVISIONAL)
    assert round(_gap(system).then, 6) == 0.1


def test_values_weigh_by_their_samples(system):
    series = _watched(system)
    _promised(series, 0.9)
    begun = _live(system, days=60)
    write(series, [0.5], to_at=begun + DAY, samples=1)
    write(series, [0.8], to_at=begun + 2 * DAY, samples=3)
    assert round(_gap(system).then, 6) == round(0.9 - 0.725, 6)


def test_the_first_days_are_those_of_the_first_of_several_versions(system):
    _known(system)
    _live(system, days=5, name="v2")
    assert round(_gap(system).then, 6) == 0.1


def test_now_is_held_against_the_baseline_that_holds_now(system):
    series = _known(system)
    _promised(series, 0.95, days=5)
    gap = _gap(system)
    assert (round(gap.then, 6), round(gap.now, 6)) == (0.1, 0.25)


def test_why_it_is_not_known_is_said(system):
    said = [_gap(system).sentence]
    series = _watched(system)
    said.append(_gap(system).sentence)
    _promised(series, 0.9)
    said.append(_gap(system).sentence)
    begun = _live(system, days=10)
    said.append(_gap(system).sentence)
    Deployment.objects.filter(at=begun).update(at=begun - 50 * DAY)
    said.append(_gap(system).sentence)
    words = ["no quality metric leads", "no figure of the experiment's test set", "no deployment to production"]
    words += ["it is live only since", "no final value of Accuracy came from its first 30 days live"]
    assert all(word in sentence for word, sentence in zip(words, said, strict=True))
    assert _gap(system).then is None


def test_a_learned_baseline_is_not_a_figure_of_the_experiment(system):
    series = _watched(system)
    set_baseline(series, value=0.9, origin="learned", reason="quiet", by=None, at=timezone.now())
    assert "test set" in _gap(system).sentence


def test_the_duty_keeps_it_and_a_new_deployment_lets_it_be_measured_again(system):
    _known(system)
    compare()
    kept = System.objects.get(pk=system.pk)
    assert round(kept.reality_gap, 6) == 0.1
    assert kept.reality_due_at > timezone.now() + timedelta(hours=5)
    assert compare() == 0


def test_a_baseline_makes_it_due(system):
    series = _known(system)
    compare()
    _promised(series, 1.0)
    assert compare() == 1
    assert round(System.objects.get(pk=system.pk).reality_gap, 6) == 0.2


def test_many_systems_are_compared_in_as_few_queries_as_one(system):
    _known(system)
    with CaptureQueriesContext(connection) as one:
        gaps_of([system], at=timezone.now())
    more = SystemFactory.create_batch(3)
    for each in more:
        _known(each)
    with CaptureQueriesContext(connection) as many:
        assert len(gaps_of([system, *more], at=timezone.now())) == 4
    assert len(one) == len(many)
