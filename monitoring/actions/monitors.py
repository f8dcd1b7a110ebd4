"""What watches a series or a source: the monitors that stand by default, limits, and how loud they are."""

import math
from datetime import datetime

from django.db import transaction
from django.db.models.functions import Coalesce, Least

from mlops_portal.engine.audit import differences, record
from mlops_portal.engine.duties import nudge
from mlops_portal.engine.versions import locked
from monitoring.detection.change import THRESHOLD
from monitoring.models import Metric, Monitor, Series, Source
from systems.actions.registry import recheck

LONGEST_WINDOW = 100


class BadMonitor(ValueError):
    """Settings that cannot work; the text is one sentence for people."""


@transaction.atomic
def watch(series: Series, *, by, at: datetime) -> None:
    """Give the series the monitors that stand by default: silence, and change where it gives a metric its quality.

    A segment of a quality metric whose whole is watched gets none: its change is shown, not judged.
    """
    is_quality = series.metric.kind == Metric.Kind.QUALITY
    if is_quality and _is_part(series):
        return
    kinds = [Monitor.Kind.SILENCE, Monitor.Kind.CHANGE] if is_quality else [Monitor.Kind.SILENCE]
    for kind in kinds:
        monitor, is_new = Monitor.objects.get_or_create(series=series, kind=kind)
        if is_new:
            _note(monitor, "added", by=by, after=_facts(monitor))
    _judge_again(series, at)


def _is_part(series: Series) -> bool:
    return bool(series.segment or series.estimated) and series.metric.series.whole().exists()


@transaction.atomic
def watch_source(source: Source, *, by, at: datetime) -> None:
    """Watch the columns of a source."""
    monitor, is_new = Monitor.objects.get_or_create(source=source, kind=Monitor.Kind.SCHEMA)
    if is_new:
        _note(monitor, "added", by=by, after=_facts(monitor))


@transaction.atomic
def set_limit(
    series: Series,
    *,
    below: float | None = None,
    above: float | None = None,
    bad: int = 1,
    of: int = 1,
    severity: str = Monitor.Severity.WARNING,
    by,
    at: datetime,
) -> Monitor:
    """Set the series' limit of this severity and return its monitor. Raises BadMonitor."""
    settings = checked(Monitor.Kind.LIMIT, {"below": below, "above": above, "bad": bad, "of": of})
    monitor = series.monitors.filter(kind=Monitor.Kind.LIMIT, severity=severity).first()
    if monitor is not None:
        return edit_monitor(monitor=monitor, settings=settings, by=by, at=at)
    monitor = Monitor.objects.create(series=series, kind=Monitor.Kind.LIMIT, settings=settings, severity=severity)
    _note(monitor, "added", by=by, after=_facts(monitor))
    _judge_again(series, at)
    return monitor


def bounds_of_baseline(series: Series, spreads: float) -> dict[str, float]:
    """Return {below?, above?}: so many of the baseline's spreads to the worse side of it. Raises BadMonitor."""
    baseline = series.baselines.exclude(spread=None).first()
    if baseline is None or not baseline.spread:
        raise BadMonitor("There is no baseline with a spread yet, so there are no bounds to take from it.")
    below, above = baseline.value - spreads * baseline.spread, baseline.value + spreads * baseline.spread
    sides = {Metric.Direction.HIGHER: {"below": below}, Metric.Direction.LOWER: {"above": above}}
    return sides.get(Metric.Direction(series.metric.direction), {"below": below, "above": above})


@transaction.atomic
def set_watch(series: Series, *, kind: str, settings: dict, severity: str, by, at: datetime) -> Monitor:
    """Watch the series by the one monitor of this kind (silence, change), as said; return it. Raises BadMonitor."""
    settings = checked(kind, settings)
    monitor = series.monitors.filter(kind=kind).first()
    if monitor is not None:
        return edit_monitor(monitor=monitor, settings=settings, severity=severity, by=by, at=at)
    monitor = Monitor.objects.create(series=series, kind=kind, settings=settings, severity=severity)
    _note(monitor, "added", by=by, after=_facts(monitor))
    _judge_again(series, at)
    return monitor


@transaction.atomic
def edit_monitor(
    *,
    monitor: Monitor,
    settings: dict | None = None,
    severity: str | None = None,
    by,
    at: datetime,
    seen: int | None = None,
) -> Monitor:
    """Change what a monitor asks and return it; all points are judged again by it. Raises BadMonitor, Stale."""
    monitor = _locked(monitor, seen)
    before = _facts(monitor)
    if settings is not None:
        monitor.settings = checked(monitor.kind, settings)
    monitor.severity = Monitor.Severity(severity or monitor.severity)
    old, new = differences(before, _facts(monitor))
    if not new:
        return monitor
    monitor.version += 1
    monitor.tuned_at = at if "settings" in new else monitor.tuned_at
    monitor.save(update_fields=["settings", "severity", "version", "tuned_at"])
    _note(monitor, "edited", by=by, before=old, after=new)
    if "settings" in new:
        monitor.snapshots.all().delete()
    if monitor.series:
        _judge_again(monitor.series, at)
    return monitor


@transaction.atomic
def remove_monitor(*, monitor: Monitor, by, at: datetime, seen: int | None = None) -> None:
    """Stop watching by this monitor, and forget its alerts. Raises Stale."""
    monitor = _locked(monitor, seen)
    series = monitor.series
    _note(monitor, "removed", by=by, before=_facts(monitor))
    monitor.delete()
    if series:
        _judge_again(series, at)


@transaction.atomic
def snooze(monitor: Monitor, *, until: datetime | None, by, at: datetime) -> Monitor:
    """Let the monitor's alerts open no incident until `until` (None: from now on again) and return it."""
    monitor = Monitor.objects.select_for_update(of=("self",)).get(pk=monitor.pk)
    before, monitor.snoozed_until = monitor.snoozed_until, until
    goes_on = before is not None and before > at
    monitor.snoozed_since = (monitor.snoozed_since if goes_on else at) if until and until > at else None
    monitor.save(update_fields=["snoozed_until", "snoozed_since"])
    _note(
        monitor,
        "snoozed" if until else "woken",
        by=by,
        before={"until": before and before.isoformat()},
        after={"until": until and until.isoformat()},
    )
    if until is None or until <= at:
        nudge("respond")
    return monitor


def _locked(monitor: Monitor, seen: int | None) -> Monitor:
    """Return the monitor, locked after its series, as judging does: neither ever waits for the other in a circle."""
    list(Series.objects.filter(monitors=monitor.pk).select_for_update(of=("self",), no_key=True))
    return locked(monitor, seen)


def _judge_again(series: Series, at: datetime) -> None:
    Series.objects.filter(pk=series.pk).update(unjudged_from=Least(Coalesce("unjudged_from", at), at))
    recheck(series.metric.system, app="monitoring")
    nudge("judge")


def _note(monitor: Monitor, verb: str, *, by, before: dict | None = None, after: dict | None = None) -> None:
    what = f"{monitor.kind} of {monitor.series.metric.key if monitor.series else monitor.source}"
    record(by=by, verb=verb, kind="monitor", object=what, system=monitor.system, before=before, after=after)


def _facts(monitor: Monitor) -> dict:
    return {"kind": str(monitor.kind), "settings": monitor.settings, "severity": str(monitor.severity)}


def checked(kind: str, settings: dict) -> dict:
    """Return the settings that count of a monitor of this kind, with defaults filled in. Raises BadMonitor."""
    known = {
        Monitor.Kind.LIMIT: {"below", "above", "bad", "of"},
        Monitor.Kind.CHANGE: {"sensitivity"},
        Monitor.Kind.SILENCE: {"after_s"},
        Monitor.Kind.SCHEMA: set(),
    }[Monitor.Kind(kind)]
    if unknown := sorted(settings.keys() - known):
        raise BadMonitor(f"A {kind} monitor has no setting {unknown[0]}.")
    checks = {Monitor.Kind.LIMIT: _limit, Monitor.Kind.CHANGE: _change, Monitor.Kind.SILENCE: _silence}
    return checks[Monitor.Kind(kind)](settings) if kind in checks else {}


def _limit(settings: dict) -> dict:
    below, above = settings.get("below"), settings.get("above")
    bad, of = settings.get("bad") or 1, settings.get("of") or 1
    bounds = [bound for bound in (below, above) if bound is not None]
    if not bounds:
        raise BadMonitor("A limit needs a bound: below, above, or both.")
    if not all(_is_number(bound) for bound in bounds):
        raise BadMonitor("A limit is a finite number.")
    if len(bounds) == 2 and below >= above:  # type: ignore[operator]  # both are numbers here
        raise BadMonitor("The lower limit has to be below the upper one.")
    if not (_is_count(bad) and _is_count(of)) or not 1 <= bad <= of <= LONGEST_WINDOW:
        raise BadMonitor(f"A limit counts from 1 bad point to all of the last {LONGEST_WINDOW}.")
    found = {"below": below, "above": above}
    return {name: float(bound) for name, bound in found.items() if bound is not None} | {"bad": bad, "of": of}


def _change(settings: dict) -> dict:
    sensitivity = settings.get("sensitivity", "normal")
    if sensitivity not in THRESHOLD:
        raise BadMonitor(f"Sensitivity is one of {', '.join(THRESHOLD)}.")
    return {"sensitivity": sensitivity}


def _silence(settings: dict) -> dict:
    after_s = settings.get("after_s")
    if after_s is None:
        return {}
    if not _is_number(after_s) or after_s <= 0:
        raise BadMonitor("Silence begins after a positive number of seconds.")
    return {"after_s": after_s}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
