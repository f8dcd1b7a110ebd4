"""Default monitors, limits, baselines and what people say of them."""

from datetime import timedelta

import pytest

from mlops_portal.engine.models import Change
from monitoring.actions.baselines import BadBaseline, set_baseline
from monitoring.actions.monitors import (
    BadMonitor,
    bounds_of_baseline,
    edit_monitor,
    remove_monitor,
    set_limit,
    snooze,
    watch,
    watch_source,
)
from monitoring.drawing.bands import band_of
from monitoring.models import Metric, Monitor, Series, Snapshot, Source
from tests.callers import caller

pytestmark = pytest.mark.django_db


@pytest.fixture
def accuracy(system):
    return Metric.objects.create(system=system, key="accuracy", scale="rate")


@pytest.fixture
def series(accuracy):
    return accuracy.series.create()


def _kinds(series):
    return sorted(series.monitors.values_list("kind", flat=True))


def test_the_whole_of_a_quality_metric_is_watched_for_change_and_silence(series, now):
    watch(series, by=None, at=now)
    watch(series, by=None, at=now)
    assert _kinds(series) == ["change", "silence"]


@pytest.mark.parametrize("kind", ["data", "service", "business"])
def test_other_kinds_are_watched_for_silence_alone(system, now, kind):
    series = Metric.objects.create(system=system, key="latency", kind=kind).series.create()
    watch(series, by=None, at=now)
    assert _kinds(series) == ["silence"]


def test_a_segment_is_watched_only_where_there_is_no_whole(accuracy, now):
    part = accuracy.series.create(segment="region=EU")
    watch(part, by=None, at=now)
    assert _kinds(part) == ["change", "silence"]
    accuracy.series.create()
    other = accuracy.series.create(segment="region=US")
    watch(other, by=None, at=now)
    assert _kinds(other) == []


def test_watching_leaves_its_trace_and_makes_the_series_due(series, manager, now):
    watch(series, by=manager, at=now)
    assert Series.objects.get(pk=series.pk).unjudged_from == now
    assert Change.objects.filter(kind="monitor", verb="added", by="manager").count() == 2


def test_a_source_is_watched_for_its_format_once(system, now):
    source = Source.objects.create(system=system, name="log", kind="prediction_log")
    watch_source(source, by=None, at=now)
    watch_source(source, by=None, at=now)
    assert Monitor.objects.get(source=source).kind == "schema"


def test_a_limit_is_changed_in_its_place(series, manager, now):
    first = set_limit(series, below=0.8, by=manager, at=now)
    Snapshot.objects.create(monitor=first, at=now, state={})
    second = set_limit(series, below=0.85, bad=2, of=3, by=manager, at=now)
    assert (second.pk, second.version) == (first.pk, 2)
    assert second.settings == {"below": 0.85, "bad": 2, "of": 3}
    assert not first.snapshots.exists()
    edited = Change.objects.get(verb="edited")
    assert (edited.before["settings"]["below"], edited.after["settings"]["below"]) == (0.8, 0.85)


def test_a_limit_of_each_severity_may_stand(series, now):
    set_limit(series, below=0.85, by=None, at=now)
    set_limit(series, below=0.8, severity="critical", by=None, at=now)
    assert series.monitors.count() == 2


@pytest.mark.parametrize(
    "bounds",
    [
        {},
        {"below": float("nan")},
        {"above": float("inf")},
        {"below": True},
        {"below": 2, "above": 1},
        {"below": 1, "bad": 3, "of": 2},
        {"below": 1, "bad": -1},
        {"below": 1, "bad": 1, "of": 101},
        {"below": 1, "bad": 1.5, "of": 2},
    ],
)
def test_a_limit_that_cannot_work_is_refused(series, now, bounds):
    with pytest.raises(BadMonitor):
        set_limit(series, by=None, at=now, **bounds)


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        ("change", {"sensitivity": "mad"}),
        ("silence", {"after_s": 0}),
        ("silence", {"after_s": "1"}),
        ("change", {"x": 1}),
    ],
)
def test_settings_that_mean_nothing_are_refused(series, now, kind, asked):
    watch(series, by=None, at=now)
    with pytest.raises(BadMonitor):
        edit_monitor(monitor=series.monitors.get(kind=kind), settings=asked, by=None, at=now)


def test_an_edit_without_a_change_changes_nothing(series, now):
    monitor = set_limit(series, below=0.8, by=None, at=now)
    settings = {"below": 0.8, "bad": 1, "of": 1}
    assert edit_monitor(monitor=monitor, settings=settings, severity="warning", by=None, at=now).version == 1


def test_a_monitor_is_removed_with_its_trace(series, manager, now):
    remove_monitor(monitor=set_limit(series, below=0.8, by=manager, at=now), by=manager, at=now)
    assert not series.monitors.exists()
    assert Change.objects.filter(kind="monitor", verb="removed", by="manager").exists()


def test_a_snooze_is_kept_on_the_monitor_and_on_the_trail(series, manager, now):
    watch(series, by=None, at=now)
    until = now + timedelta(days=2)
    assert snooze(series.monitors.get(kind="change"), until=until, by=manager, at=now).snoozed_until == until
    assert Change.objects.get(verb="snoozed").after == {"until": until.isoformat()}


@pytest.mark.parametrize("wrong", [{"value": float("nan")}, {"value": 1, "spread": 0}, {"value": 1, "spread": -1}])
def test_a_baseline_is_a_number_with_a_positive_spread(series, now, wrong):
    with pytest.raises(BadBaseline):
        set_baseline(series, origin="experiment", reason="Test set", by=None, at=now, **wrong)


def test_a_baseline_is_judged_by_from_its_day_on(series, manager, now):
    since = now - timedelta(days=3)
    set_baseline(series, value=0.9, origin="learned", reason="May was good", from_at=since, by=manager, at=now)
    assert Series.objects.get(pk=series.pk).unjudged_from == since
    assert Change.objects.get(kind="baseline").after["value"] == 0.9


def test_no_band_is_drawn_while_nothing_is_known(series, now):
    assert band_of(series, now - timedelta(days=3), now) == []


def test_the_band_lies_around_what_is_normal(series, now):
    watch(series, by=None, at=now)
    healthy = {"level": 0.9, "spread": 0.01, "samples": 0.0, "memory": 0.0, "count": 20, "weekdays": [], "hours": []}
    accuracy = Metric.objects.get()
    accuracy.scale = "real"
    accuracy.save()
    monitor = series.monitors.get(kind="change")
    Snapshot.objects.create(monitor=monitor, at=now, state={"rule": {"healthy": healthy}})
    band = band_of(Series.objects.get(), now - timedelta(days=3), now)
    assert [at for at, _, _ in band] == sorted(at for at, _, _ in band)
    assert {(round(low, 9), round(high, 9)) for _, low, high in band} == {(0.87, 0.93)}


@pytest.mark.parametrize(
    ("direction", "bounds"),
    [("higher", {"below": 0.87}), ("lower", {"above": 0.93}), ("target", {"below": 0.87, "above": 0.93})],
)
def test_bounds_are_taken_from_the_baseline_to_the_side_that_is_worse(accuracy, series, now, direction, bounds):
    with pytest.raises(BadMonitor, match="no baseline with a spread"):
        bounds_of_baseline(series, 3)
    accuracy.direction = direction
    set_baseline(series, value=0.9, spread=0.01, origin="experiment", reason="Test set.", by=None, at=now)
    assert bounds_of_baseline(series, 3) == pytest.approx(bounds)


def test_a_limit_from_the_baseline_is_set_on_the_page_and_by_programs(client, series, data_scientist, now):
    watch(series, by=None, at=now)
    set_baseline(series, value=0.9, spread=0.01, origin="experiment", reason="Test set.", by=None, at=now)
    client.force_login(data_scientist)
    typed = {"severity": "warning", "sensitivity": "normal", "spreads": "3"}
    typed |= {"baseline": "0.9", "spread": "0.01", "reason": "Test set."}
    assert client.post("/systems/churn/metrics/accuracy/expect/", typed).status_code == 302
    assert series.monitors.get(kind="limit").settings["below"] == pytest.approx(0.87)
    body = {"metric": str(series.metric_id), "kind": "limit", "severity": "critical", "settings": {"spreads": 4}}
    assert caller(data_scientist).post("monitors/", body).json()["settings"]["below"] == pytest.approx(0.86)
