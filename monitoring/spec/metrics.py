"""The metrics of a system in its file: what is measured, what is expected of it, and what watches it."""

from datetime import datetime

from django.core.exceptions import ValidationError

from mlops_portal.engine.spec import REMOVE, Asked, Refused, Section, Step
from monitoring.actions.baselines import BadBaseline, set_baseline
from monitoring.actions.metrics import (
    EDITABLE,
    Watch,
    add_metric,
    edit_metric,
    guessed_scale,
    remove_metric,
    require_fit,
)
from monitoring.actions.monitors import BadMonitor, remove_monitor, set_limit, set_watch
from monitoring.models import Baseline, Metric, Monitor, Series
from monitoring.spec.metric_schema import METRIC, WATCHES
from systems.models import System

NOTHING_EXPECTED = {"baseline": None, "limits": [], **dict.fromkeys(WATCHES)}


def _read(system: System) -> dict:
    metrics = system.metrics.prefetch_related("series__source", "series__baselines", "series__monitors").order_by("key")
    return _with_a_leading_one({one.key: _facts_of(one) for one in metrics})


def _facts_of(metric: Metric) -> dict:
    lines = sorted((one for one in metric.series.all() if not one.estimated), key=lambda one: one.segment)
    return {name: getattr(metric, name) for name in EDITABLE} | {"series": [_line(one) for one in lines]}


def _line(series: Series) -> dict:
    typed = next((one for one in series.baselines.all() if one.origin == Baseline.Origin.EXPERIMENT), None)
    monitors = list(series.monitors.all())
    limits = [_limit(one) for one in monitors if one.kind == Monitor.Kind.LIMIT]
    watching = {one.kind: one.settings | {"severity": one.severity} for one in monitors if one.kind in WATCHES}
    return {
        "segment": series.segment,
        "source": series.source.name if series.source else None,
        "selector": series.selector,
        "baseline": typed and {"value": typed.value, "spread": typed.spread, "reason": typed.reason},
        "limits": _in_order(limits),
        **{kind: watching.get(kind) and WATCHES[kind] | watching[kind] for kind in WATCHES},
    }


def _limit(monitor: Monitor) -> dict:
    settings = {"below": None, "above": None, "bad": 1, "of": 1} | monitor.settings
    return {name: settings[name] for name in ("below", "above", "bad", "of")} | {"severity": monitor.severity}


def _in_order(limits: list[dict]) -> list[dict]:
    return sorted(limits, key=lambda limit: (limit["severity"], str(limit)))


def _by_default(item: dict, line: dict, kind: str) -> dict | None:
    """Return the monitor of this kind that a line has when the file is silent about it: what the portal gives it."""
    is_quality = item["kind"] == Metric.Kind.QUALITY
    has_whole = any(not one["segment"] for one in item["series"])
    if (is_quality and line["segment"] and has_whole) or (kind == Monitor.Kind.CHANGE and not is_quality):
        return None
    return dict(WATCHES[kind])


def _as_kept(items: dict) -> dict:
    """Return the metrics with what is guessed and ordered as it will be kept. Raises Refused for what cannot be."""
    errors: dict[str, list[str]] = {}
    for key, item in items.items():
        item.setdefault("scale", guessed_scale(key, item["unit"]))
        item["series"] = sorted(item["series"], key=lambda line: line["segment"])
        for line in item["series"]:
            line["limits"] = _in_order(line["limits"])
            for kind in WATCHES:
                said = line.get(kind, _by_default(item, line, kind))
                line[kind] = said if said is None else WATCHES[kind] | said
            if line["baseline"]:
                line["baseline"] = {"spread": None} | line["baseline"]
        errors |= _wrong_in(f"metrics.{key}", item)
    leading = [key for key, item in items.items() if item["leading"]]
    errors |= {f"metrics.{key}.leading": [f"{leading[0]} leads already: one does."] for key in leading[1:]}
    if errors:
        raise Refused(errors)
    return _with_a_leading_one(items)


def _wrong_in(path: str, item: dict) -> dict[str, list[str]]:
    """Return what is wrong with a metric in itself, by path."""
    segments = [line["segment"] for line in item["series"]]
    errors = {}
    if len(set(segments)) < len(segments):
        errors[f"{path}.series"] = ["Each segment stands once."]
    if item["direction"] == Metric.Direction.TARGET and item["target"] is None:
        errors[f"{path}.target"] = ["Say which value is best."]
    return errors


def _as_said(items: dict) -> dict:
    """Return the metrics without the monitors that the portal gives by itself: the opposite of _as_kept()."""
    return {
        key: item | {"series": [_line_as_said(item, line) for line in item["series"]]} for key, item in items.items()
    }


def _line_as_said(item: dict, line: dict) -> dict:
    own = {kind: line[kind] for kind in WATCHES if line[kind] != _by_default(item, line, kind)}
    bare = {kind: one and {n: v for n, v in one.items() if v != WATCHES[kind][n]} for kind, one in own.items()}
    return {name: value for name, value in line.items() if name not in WATCHES} | bare


def _with_a_leading_one(items: dict) -> dict:
    """Return the metrics, the first of quality leading where none is said to."""
    quality = [item for item in items.values() if item["kind"] == Metric.Kind.QUALITY]
    if quality and not any(item["leading"] for item in items.values()):
        quality[0]["leading"] = True
    return items


def _unknown_sources(items: dict, asked: Asked) -> dict[str, list[str]]:
    """Return the lines whose source is neither in the file nor, where that is silent about sources, in the system."""
    if "sources" in asked.wanted:
        known = set(asked.wanted["sources"])
    else:
        known = set(asked.system.sources.values_list("name", flat=True)) if asked.system else set()
    lines = [(key, n, line["source"]) for key, item in items.items() for n, line in enumerate(item["series"])]
    return {
        f"metrics.{key}.series.{n}.source": [f"There is no source {name}."]
        for key, n, name in lines
        if name and name not in known
    }


def _apply(system: System, step: Step, by, at: datetime) -> None:
    metric = system.metrics.filter(key=step.key).first()
    if step.verb == REMOVE:
        return remove_metric(metric=metric, by=by, at=at)
    facts = {name: step.after[name] for name in EDITABLE}
    old = {line["segment"]: line for line in (step.before or {}).get("series", [])}
    new = {line["segment"]: line for line in step.after["series"]}
    if gone := sorted(old.keys() - new.keys()):
        raise Refused({f"{step.path}.series": [f"What is watched stays: {gone[0] or 'the whole'} is missing."]})
    try:
        if metric is not None:
            edit_metric(metric=metric, by=by, at=at, **facts)
        for number, (segment, line) in enumerate(new.items()):
            path = f"{step.path}.series.{number}"
            _apply_line(path, system, step.key, facts, old.get(segment), line, by, at)
    except ValidationError as error:
        texts = getattr(error, "message_dict", None) or {"": error.messages}
        named = {"" if name == "__all__" else name: list(said) for name, said in texts.items()}
        raise Refused({f"{step.path}.{name}".rstrip("."): said for name, said in named.items()}) from None
    return None


def _apply_line(path: str, system: System, key: str, facts: dict, old: dict | None, line: dict, by, at) -> None:
    source = line["source"] and system.sources.filter(name=line["source"]).first()
    if line["source"] and source is None:
        raise Refused({f"{path}.source": [f"There is no source {line['source']}."]})
    if old is None:
        watch = Watch(key=key, selector=line["selector"], segment=line["segment"], **facts)
        series = add_metric(system=system, watch=watch, source=source, by=by, at=at)
    else:
        series = Series.objects.get(metric__system=system, metric__key=key, segment=line["segment"], estimated=False)
    if old and (old["source"], old["selector"]) != (line["source"], line["selector"]):
        require_fit(source or None, line["selector"])
        Series.objects.filter(pk=series.pk).update(source=source, selector=line["selector"], unjudged_from=at)
    _apply_baseline(path, series, (old or NOTHING_EXPECTED)["baseline"], line["baseline"], by, at)
    try:
        _apply_limits(path, series, (old or NOTHING_EXPECTED)["limits"], line["limits"], by, at)
        for kind in WATCHES:
            _apply_watch(series, kind, line[kind], by, at)
    except BadMonitor as bad:
        raise Refused({path: [str(bad)]}) from None


def _apply_baseline(path: str, series: Series, old: dict | None, new: dict | None, by, at: datetime) -> None:
    if old and not new:
        raise Refused({f"{path}.baseline": ["It is replaced by another, never taken away: say which holds."]})
    if new and new != old:
        try:
            set_baseline(series, origin=Baseline.Origin.EXPERIMENT, by=by, at=at, **new)
        except BadBaseline as bad:
            raise Refused({f"{path}.baseline": [str(bad)]}) from None


def _apply_limits(path: str, series: Series, old: list[dict], new: list[dict], by, at: datetime) -> None:
    if new == old:
        return
    kept = {limit["severity"] for limit in new}
    if len(kept) < len(new):
        raise Refused({f"{path}.limits": ["One limit of each severity."]})
    for limit in new:
        if limit not in old:
            set_limit(series, by=by, at=at, **limit)
    for monitor in series.monitors.filter(kind=Monitor.Kind.LIMIT).exclude(severity__in=kept):
        remove_monitor(monitor=monitor, by=by, at=at)


def _apply_watch(series: Series, kind: str, wanted: dict | None, by, at: datetime) -> None:
    """Make the monitor of this kind what the file says; the portal may have given or taken one meanwhile."""
    if wanted is not None:
        settings = {name: value for name, value in wanted.items() if name != "severity" and value is not None}
        set_watch(series, kind=kind, settings=settings, severity=wanted["severity"], by=by, at=at)
    elif monitor := series.monitors.filter(kind=kind).first():
        remove_monitor(monitor=monitor, by=by, at=at)


SECTION = Section(
    "metrics",
    METRIC,
    _read,
    _apply,
    about="What is measured of it, what is expected, and what watches it.",
    listed_by="key",
    complete=_as_kept,
    terse=_as_said,
    missing=_unknown_sources,
    rests_on=("sources",),
    trail=("metric", "monitor", "baseline"),
)
