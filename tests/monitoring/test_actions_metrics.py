import pytest
from django.core.exceptions import ValidationError

from mlops_portal.engine.models import Change
from mlops_portal.engine.versions import Stale
from monitoring.actions.metrics import (
    AlreadyWatched,
    Watch,
    add_metric,
    add_metrics,
    edit_metric,
    guessed_scale,
    remove_metric,
)
from monitoring.models import Metric
from systems.actions import registry
from tests.factories import MetricFactory

pytestmark = pytest.mark.django_db


def add(system, by, at, key="accuracy", **facts):
    return add_metric(system=system, watch=Watch(key, **facts), by=by, at=at)


def test_the_first_quality_metric_leads(system, manager, now):
    add(system, manager, now, "latency", kind="service")
    add(system, manager, now, "accuracy")
    add(system, manager, now, "recall")
    assert Metric.objects.get(leading=True).key == "accuracy"


def test_a_metric_that_is_to_lead_takes_over(system, manager, now):
    add(system, manager, now, "accuracy")
    add(system, manager, now, "recall", leading=True)
    assert Metric.objects.get(leading=True).key == "recall"


def test_a_segment_joins_the_metric_that_is_there(system, manager, now):
    whole = add(system, manager, now)
    part = add(system, manager, now, segment="region=EU")
    assert part.metric == whole.metric


def test_the_same_series_is_watched_once(system, manager, now):
    add(system, manager, now)
    with pytest.raises(AlreadyWatched, match="accuracy is watched already"):
        add(system, manager, now)


def test_adding_is_judged_soon_and_leaves_a_trace(system, manager, now):
    series = add(system, manager, now)
    assert series.unjudged_from == now
    assert Change.objects.get(kind="metric").verb == "added"


def test_many_that_are_added_together_are_judged_once(system, manager, now, monkeypatch):
    judgements = []
    monkeypatch.setattr(registry, "run_checks", lambda systems, **how: judgements.append(how["keys"]))
    watches = [Watch(key, below=0.8, baseline=0.9) for key in ("accuracy", "recall", "precision")]
    add_metrics(system=system, watches=watches, by=manager, at=now)
    assert len(judgements) == 1


def test_a_quality_metric_is_watched_by_default(system, manager, now):
    series = add(system, manager, now)
    assert {monitor.kind for monitor in series.monitors.all()} == {"silence", "change"}


def test_the_limit_and_the_baseline_that_are_named_hold(system, manager, now):
    series = add(system, manager, now, below=0.8, baseline=0.9, baseline_spread=0.01, baseline_reason="test set")
    assert series.monitors.get(kind="limit").settings["below"] == 0.8
    assert (series.baselines.get().value, series.baselines.get().reason) == (0.9, "test set")


def test_a_metric_that_becomes_quality_is_watched_as_one(system, manager, now):
    series = add(system, manager, now, kind="business")
    edit_metric(metric=series.metric, by=manager, at=now, kind="quality")
    assert series.monitors.filter(kind="change").exists()


def test_a_metric_near_a_target_needs_one(system, manager, now):
    with pytest.raises(ValidationError):
        add(system, manager, now, direction="target")


@pytest.mark.parametrize(
    ("key", "unit", "scale"),
    [
        ("accuracy", "", "rate"),
        ("missing.age", "", "rate"),
        ("roc_auc", "", "unit"),
        ("request_latency", "", "positive"),
        ("queue", "ms", "positive"),
        ("drift", "", "real"),
    ],
)
def test_the_scale_is_guessed_from_words(key, unit, scale):
    assert guessed_scale(key, unit) == scale


def test_editing_keeps_what_was_before(system, manager, now):
    metric = MetricFactory(system=system)
    edit_metric(metric=metric, by=manager, at=now, name="Accuracy", unit="")
    change = Change.objects.get(kind="metric")
    assert (change.before, change.after) == ({"name": ""}, {"name": "Accuracy"})


def test_a_stale_edit_changes_nothing(system, manager, now):
    metric = MetricFactory(system=system, version=3)
    with pytest.raises(Stale):
        edit_metric(metric=metric, by=manager, at=now, seen=2, name="Accuracy")


def test_removing_leaves_a_trace(system, manager, now):
    remove_metric(metric=MetricFactory(system=system, key="accuracy"), by=manager, at=now)
    assert not Metric.objects.exists()
    assert Change.objects.get(kind="metric").verb == "removed"
