"""What monitoring brings to a system's file: its sources, never their credentials, and its metrics."""

from datetime import datetime

from django.core.exceptions import ValidationError

from mlops_portal.engine.spec import CREATE, REMOVE, Refused, Section, Step
from monitoring.actions.baselines import set_baseline
from monitoring.actions.metrics import (
    EDITABLE,
    Watch,
    add_metric,
    edit_metric,
    guessed_scale,
    remove_metric,
    require_fit,
)
from monitoring.actions.monitors import remove_monitor, set_limit
from monitoring.actions.sources import SecretAskedAgain, connect_source, edit_source, remove_source
from monitoring.connectors import connector_of, kinds
from monitoring.connectors.connector import BadSettings
from monitoring.models import Baseline, Metric, Monitor, Series
from systems.models import System

NUMBER = {"type": ["number", "null"], "default": None}
SOURCE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "kind", "settings"],
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 80},
        "kind": {"enum": list(kinds())},
        "settings": {"type": "object"},
        "interval_s": {"type": "integer", "minimum": 1, "maximum": 2_000_000, "default": 60},
        "max_age_s": {"type": ["integer", "null"], "minimum": 1, "maximum": 2_000_000_000, "default": None},
        "enabled": {"type": "boolean", "default": True},
    },
}
LIMIT = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "below": NUMBER,
        "above": NUMBER,
        "bad": {"type": "integer", "minimum": 1, "maximum": 100, "default": 1},
        "of": {"type": "integer", "minimum": 1, "maximum": 100, "default": 1},
        "severity": {"enum": list(Monitor.Severity.values), "default": "warning"},
    },
}
BASELINE = {
    "type": ["object", "null"],
    "additionalProperties": False,
    "required": ["value", "reason"],
    "properties": {
        "value": {"type": "number"},
        "spread": {"type": ["number", "null"], "exclusiveMinimum": 0},
        "reason": {"type": "string", "maxLength": 300},
    },
    "default": None,
}
SERIES = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "segment": {"type": "string", "maxLength": 200, "default": ""},
        "source": {"type": ["string", "null"], "maxLength": 80, "default": None},
        "selector": {"type": "object", "default": {}},
        "baseline": BASELINE,
        "limits": {"type": "array", "items": LIMIT, "maxItems": 2, "default": []},
    },
}
WHOLE = {"segment": "", "source": None, "selector": {}, "baseline": None, "limits": []}
METRIC = {
    "type": "object",
    "additionalProperties": False,
    "required": ["key"],
    "properties": {
        "key": {"type": "string", "pattern": "^[a-z0-9]+([_.-][a-z0-9]+)*$", "maxLength": 80},
        "name": {"type": "string", "maxLength": 120, "default": ""},
        "unit": {"type": "string", "maxLength": 30, "default": ""},
        "kind": {"enum": list(Metric.Kind.values), "default": "quality"},
        "scale": {"enum": list(Metric.Scale.values)},
        "direction": {"enum": list(Metric.Direction.values), "default": "higher"},
        "target": NUMBER,
        "means": {"type": "string", "maxLength": 300, "default": ""},
        "leading": {"type": "boolean", "default": False},
        "series": {"type": "array", "items": SERIES, "minItems": 1, "maxItems": 100, "default": [WHOLE]},
    },
}


def _sources(system: System) -> dict:
    names = [name for name in SOURCE["properties"] if name != "name"]
    return {one.name: {name: getattr(one, name) for name in names} for one in system.sources.order_by("name")}


def _checked(items: dict) -> dict:
    """Return the sources with their settings as the connectors keep them. Raises Refused."""
    errors: dict[str, list[str]] = {}
    for name, item in items.items():
        try:
            item["settings"] = connector_of(item["kind"]).checked(item["settings"])
        except BadSettings as bad:
            errors |= {f"sources.{name}.settings.{path}": texts for path, texts in bad.errors.items()}
    if errors:
        raise Refused(errors)
    return items


def _apply_source(system: System, step: Step, by, at: datetime) -> None:
    if step.verb == CREATE:
        connect_source(system=system, name=step.key, by=by, at=at, **step.after)
        return None
    source = system.sources.get(name=step.key)
    if step.verb == REMOVE:
        return remove_source(source=source, by=by, at=at)
    facts = {name: value for name, value in step.after.items() if value != step.before[name]}
    if "kind" in facts:
        raise Refused({f"{step.path}.kind": ["The kind of a source stays: connect another under another name."]})
    try:
        edit_source(source=source, by=by, at=at, **facts)
    except SecretAskedAgain as asked:
        raise Refused({f"{step.path}.settings": [f"{asked} A file holds none: do it on its page."]}) from None


def _metrics(system: System) -> dict:
    metrics = system.metrics.prefetch_related("series__source", "series__baselines", "series__monitors").order_by("key")
    return _with_a_leading_one({one.key: _facts_of(one) for one in metrics})


def _facts_of(metric: Metric) -> dict:
    lines = sorted((one for one in metric.series.all() if not one.estimated), key=lambda one: one.segment)
    return {name: getattr(metric, name) for name in EDITABLE} | {"series": [_line(one) for one in lines]}


def _line(series: Series) -> dict:
    typed = next((one for one in series.baselines.all() if one.origin == Baseline.Origin.EXPERIMENT), None)
    limits = [one for one in series.monitors.all() if one.kind == Monitor.Kind.LIMIT]
    return {
        "segment": series.segment,
        "source": series.source.name if series.source else None,
        "selector": series.selector,
        "baseline": typed and {"value": typed.value, "spread": typed.spread, "reason": typed.reason},
        "limits": sorted((_limit(one) for one in limits), key=lambda limit: limit["severity"]),
    }


def _limit(monitor: Monitor) -> dict:
    settings = {"below": None, "above": None, "bad": 1, "of": 1} | monitor.settings
    return {name: settings[name] for name in ("below", "above", "bad", "of")} | {"severity": monitor.severity}


def _as_kept(items: dict) -> dict:
    """Return the metrics of a file with what is guessed and ordered as it will be kept."""
    for key, item in items.items():
        item.setdefault("scale", guessed_scale(key, item["unit"]))
        item["series"] = sorted(item["series"], key=lambda line: line["segment"])
        for line in item["series"]:
            line["limits"] = sorted(line["limits"], key=lambda limit: limit["severity"])
            if line["baseline"]:
                line["baseline"] = {"spread": None} | line["baseline"]
    return _with_a_leading_one(items)


def _with_a_leading_one(items: dict) -> dict:
    """Return the metrics, the first of quality leading where none is said to."""
    quality = [item for item in items.values() if item["kind"] == Metric.Kind.QUALITY]
    if quality and not any(item["leading"] for item in items.values()):
        quality[0]["leading"] = True
    return items


def _apply_metric(system: System, step: Step, by, at: datetime) -> None:
    metric = system.metrics.filter(key=step.key).first()
    if step.verb == REMOVE:
        return remove_metric(metric=metric, by=by, at=at)
    facts = {name: step.after[name] for name in EDITABLE}
    old = {line["segment"]: line for line in (step.before or {}).get("series", [])}
    new = {line["segment"]: line for line in step.after["series"]}
    if old.keys() - new.keys() or len(new) < len(step.after["series"]):
        raise Refused({f"{step.path}.series": ["Each segment stands once, and one that is watched stays."]})
    try:
        if metric is not None:
            edit_metric(metric=metric, by=by, at=at, **facts)
        for segment, line in new.items():
            _apply_line(system, step, facts, old.get(segment), line, by, at)
    except ValidationError as error:
        texts = getattr(error, "message_dict", None) or {"": error.messages}
        raise Refused({f"{step.path}.{name}".rstrip("."): list(said) for name, said in texts.items()}) from None
    return None


def _apply_line(system: System, step: Step, facts: dict, old: dict | None, line: dict, by, at: datetime) -> None:
    source = line["source"] and system.sources.filter(name=line["source"]).first()
    if line["source"] and source is None:
        raise Refused({f"{step.path}.series": [f"There is no source {line['source']}."]})
    if old is None:
        watch = Watch(key=step.key, selector=line["selector"], segment=line["segment"], **facts)
        series = add_metric(system=system, watch=watch, source=source, by=by, at=at)
    else:
        series = Series.objects.get(
            metric__system=system, metric__key=step.key, segment=line["segment"], estimated=False
        )
    if old and (old["source"], old["selector"]) != (line["source"], line["selector"]):
        require_fit(source or None, line["selector"])
        Series.objects.filter(pk=series.pk).update(source=source, selector=line["selector"], unjudged_from=at)
    _apply_expectations(f"{step.path}.series", series, old or {"baseline": None, "limits": []}, line, by, at)


def _apply_expectations(path: str, series: Series, old: dict, line: dict, by, at: datetime) -> None:
    if old["baseline"] and not line["baseline"]:
        raise Refused({path: ["A baseline is replaced by another, never taken away: say which holds."]})
    if line["baseline"] and line["baseline"] != old["baseline"]:
        set_baseline(series, origin=Baseline.Origin.EXPERIMENT, by=by, at=at, **line["baseline"])
    for limit in line["limits"]:
        if limit not in old["limits"]:
            set_limit(series, by=by, at=at, **limit)
    kept = {limit["severity"] for limit in line["limits"]}
    for monitor in series.monitors.filter(kind=Monitor.Kind.LIMIT).exclude(severity__in=kept):
        remove_monitor(monitor=monitor, by=by, at=at)


SECTIONS = [
    Section("sources", SOURCE, _sources, _apply_source, listed_by="name", complete=_checked),
    Section("metrics", METRIC, _metrics, _apply_metric, listed_by="key", complete=_as_kept),
]
