"""What is watched of a system: adding, editing and removing metrics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from mlops_portal.engine.audit import differences, record
from mlops_portal.engine.versions import locked
from monitoring.actions import monitors
from monitoring.actions.baselines import set_baseline
from monitoring.actions.pulling import pull_now
from monitoring.connectors import connector_of
from monitoring.models import Baseline, Metric, Series, Source
from systems.actions.reality import measure_again
from systems.actions.registry import judged_once, recheck
from systems.models import System

EDITABLE = ("name", "unit", "kind", "scale", "direction", "target", "means", "leading")
SHARES = ("accuracy", "precision", "recall", "f1", "missing", "share", "ratio", "rate")
SCORES = ("auc", "score", "r2")
AMOUNTS = ("mae", "rmse", "mse", "loss", "latency", "duration", "seconds", "count", "total", "rows", "age")


class AlreadyWatched(Exception):
    """The system has this series of this metric already; `metric` is it."""

    def __init__(self, metric: Metric, segment: str):
        which = f"{metric.key} ({segment})" if segment else metric.key
        super().__init__(f"{which} is watched already.")
        self.metric = metric


@dataclass(frozen=True)
class Watch:
    """One series that is to be watched: of which metric, where in its source, and what is expected of it.

    A scale of None is guessed; a baseline of None is learned; `below` and `above` are limits not to be crossed.
    """

    key: str
    selector: Mapping[str, Any] = field(default_factory=dict)
    segment: str = ""
    name: str = ""
    unit: str = ""
    kind: str = "quality"
    scale: str | None = None
    direction: str = "higher"
    target: float | None = None
    means: str = ""
    leading: bool = False
    baseline: float | None = None
    baseline_spread: float | None = None
    baseline_reason: str = ""
    below: float | None = None
    above: float | None = None


def guessed_scale(key: str, unit: str = "") -> str:
    """Return the Metric.Scale that the words of a key and its unit speak for; any number when they say nothing."""
    words = key.replace(".", "_").replace("-", "_").split("_")
    if unit in ("share", "ratio") or any(word in SHARES for word in words):
        return Metric.Scale.RATE
    if any(word in SCORES for word in words):
        return Metric.Scale.UNIT
    if unit in ("s", "ms", "seconds", "bytes", "rows") or any(word in AMOUNTS for word in words):
        return Metric.Scale.POSITIVE
    return Metric.Scale.REAL


@transaction.atomic
def add_metric(*, system: System, watch: Watch, source: Source | None = None, by, at: datetime) -> Series:
    """Watch one more series of the system and return it. Raises AlreadyWatched.

    The first quality metric of a system becomes its leading one. A segment of a metric that is there joins it.
    """
    return add_metrics(system=system, watches=[watch], source=source, by=by, at=at)[0]


@transaction.atomic
def add_metrics(
    *, system: System, watches: Sequence[Watch], source: Source | None = None, by, at: datetime
) -> list[Series]:
    """Watch several series of the system and return them, all or none.

    Raises AlreadyWatched, BadMonitor, BadBaseline, and ValidationError for a selector that its source cannot use.
    """
    System.objects.select_for_update().get(pk=system.pk)
    with judged_once():
        added = [_add(system, watch, source, by=by, at=at) for watch in watches]
        if source and source.pulls.exists():  # it was asked before: what it said then of the new ones is read now
            Source.objects.filter(pk=source.pk).update(read_at=None)
            pull_now(source, by=by, at=at)
        recheck(system, app="monitoring")
    return added


def _add(system: System, watch: Watch, source: Source | None, *, by, at: datetime) -> Series:
    require_fit(source, watch.selector)
    metric = _metric_of(system, watch)
    if metric.series.filter(segment=watch.segment, estimated=False).exists():
        raise AlreadyWatched(metric, watch.segment)
    series = metric.series.create(
        segment=watch.segment, source=source, selector=dict(watch.selector), state_since=at, unjudged_from=at
    )
    after = {name: getattr(metric, name) for name in EDITABLE} | {"segment": watch.segment}
    record(by=by, verb="added", kind="metric", object=metric.key, system=system, after=after)
    _expect(series, watch, by=by, at=at)
    return series


def require_fit(source: Source | None, selector: Mapping[str, Any]) -> None:
    """Raise ValidationError when nothing can be found in the source by this selector."""
    if source and (unfit := connector_of(source.kind).unfit_selector(selector)):
        raise ValidationError({"selector": [unfit]})


def _expect(series: Series, watch: Watch, *, by, at: datetime) -> None:
    """Give the series its monitors, and the limit and the baseline that were named. Raises BadMonitor, BadBaseline."""
    monitors.watch(series, by=by, at=at)
    if watch.below is not None or watch.above is not None:
        monitors.set_limit(series, below=watch.below, above=watch.above, by=by, at=at)
    if watch.baseline is not None:
        set_baseline(
            series,
            value=watch.baseline,
            spread=watch.baseline_spread,
            origin=Baseline.Origin.EXPERIMENT,
            reason=watch.baseline_reason or "named when the metric was added",
            by=by,
            at=at,
        )


def _metric_of(system: System, watch: Watch) -> Metric:
    metric = system.metrics.filter(key=watch.key).first()
    if metric is None:
        scale = watch.scale or guessed_scale(watch.key, watch.unit)
        facts = {name: getattr(watch, name) for name in EDITABLE if name not in ("scale", "leading")}
        metric = Metric(system=system, key=watch.key, scale=scale, **facts)
        is_first = metric.kind == Metric.Kind.QUALITY and not system.metrics.filter(leading=True).exists()
        if watch.leading:
            system.metrics.filter(leading=True).update(leading=False)
        metric.leading = watch.leading or is_first
        metric.full_clean(exclude=["system"])
        metric.save()
    return metric


@transaction.atomic
def edit_metric(*, metric: Metric, by, at: datetime, seen: int | None = None, **facts) -> Metric:
    """Change `facts` (fields of EDITABLE) and return the metric. Raises Stale when `seen` is not its version."""
    metric = locked(metric, seen)
    before = {name: getattr(metric, name) for name in EDITABLE}
    old, new = differences(before, before | facts)
    if not new:
        return metric
    if new.get("leading"):
        metric.system.metrics.filter(leading=True).update(leading=False)
    for name, value in new.items():
        setattr(metric, name, value)
    metric.full_clean(exclude=["system"])
    metric.version += 1
    metric.save(update_fields=[*new, "version"])
    record(by=by, verb="edited", kind="metric", object=metric.key, system=metric.system, before=old, after=new)
    for series in metric.series.all():
        monitors.watch(series, by=by, at=at)
    recheck(metric.system, app="monitoring")
    measure_again(metric.system)
    return metric


@transaction.atomic
def remove_metric(*, metric: Metric, by, at: datetime, seen: int | None = None) -> None:
    """Stop watching the metric and forget its values. Raises Stale when `seen` is not its version."""
    metric = locked(metric, seen)
    system = metric.system
    record(by=by, verb="removed", kind="metric", object=metric.key, system=system, before={"name": metric.name})
    metric.delete()
    recheck(system, app="monitoring")
    measure_again(system)
