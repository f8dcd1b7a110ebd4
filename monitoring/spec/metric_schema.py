"""The JSON Schema of a metric in a system's file."""

from typing import Any

from monitoring.detection.change import THRESHOLD
from monitoring.models import Metric, Monitor

# What watches a series by itself, and how it does when nobody says otherwise.
WATCHES: dict[str, dict[str, Any]] = {
    Monitor.Kind.SILENCE.value: {"after_s": None, "severity": "warning"},
    Monitor.Kind.CHANGE.value: {"sensitivity": "normal", "severity": "warning"},
}
SEVERITY = {
    "enum": list(Monitor.Severity.values),
    "default": "warning",
    "description": "How bad it is; critical is somebody's choice.",
}


def _number(description: str) -> dict:
    return {"type": ["number", "null"], "default": None, "description": description}


def _count(description: str) -> dict:
    return {"type": "integer", "minimum": 1, "maximum": 100, "default": 1, "description": description}


def _text(most: int, description: str) -> dict:
    return {"type": "string", "maxLength": most, "default": "", "description": description}


LIMIT = {
    "type": "object",
    "description": "A value that is not to be crossed.",
    "additionalProperties": False,
    "properties": {
        "below": _number("Below this it is bad."),
        "above": _number("Above this it is bad."),
        "bad": _count("So many bad points, out of `of`, open an alert."),
        "of": _count("Of so many of the last points."),
        "severity": SEVERITY,
    },
}
BASELINE = {
    "type": ["object", "null"],
    "description": "What it is expected to be, from the experiment's test set; without one it is learned.",
    "additionalProperties": False,
    "required": ["value", "reason"],
    "properties": {
        "value": {"type": "number", "description": "The value that the experiment reached."},
        "spread": {
            "type": ["number", "null"],
            "exclusiveMinimum": 0,
            "description": "One standard deviation of it; left out, it is learned.",
        },
        "reason": {"type": "string", "maxLength": 300, "description": "Where it comes from."},
    },
    "default": None,
}
SERIES = {
    "type": "object",
    "description": "One line of the metric: the whole, or a segment of it.",
    "additionalProperties": False,
    "properties": {
        "segment": _text(200, "Which part, such as country=FR; empty: the whole."),
        "source": {
            "type": ["string", "null"],
            "maxLength": 80,
            "default": None,
            "description": "The name of the source that it comes from; null: it is pushed.",
        },
        "selector": {"type": "object", "default": {}, "description": "Where in the source it is found."},
        "baseline": BASELINE,
        "limits": {
            "type": "array",
            "items": LIMIT,
            "maxItems": 10,
            "default": [],
            "description": "At most one of each severity.",
        },
        "silence": {
            "type": ["object", "null"],
            "description": "Notices when nothing comes; left out: as the portal does by itself; null: not at all.",
            "additionalProperties": False,
            "properties": {
                "after_s": {
                    "type": ["number", "null"],
                    "exclusiveMinimum": 0,
                    "description": "After so many seconds; null: as its rhythm suggests.",
                },
                "severity": SEVERITY,
            },
        },
        "change": {
            "type": ["object", "null"],
            "description": "Notices a quiet change; left out: as the portal does by itself; null: not at all.",
            "additionalProperties": False,
            "properties": {
                "sensitivity": {"enum": list(THRESHOLD), "default": "normal", "description": "How soon it speaks."},
                "severity": SEVERITY,
            },
        },
    },
}
WHOLE = {"segment": "", "source": None, "selector": {}, "baseline": None, "limits": []}
METRIC = {
    "type": "object",
    "description": "A metric.",
    "additionalProperties": False,
    "required": ["key"],
    "properties": {
        "key": {
            "type": "string",
            "pattern": "^[a-z0-9]+([_.-][a-z0-9]+)*$",
            "maxLength": 80,
            "description": "Its name in addresses and in data.",
            "examples": ["roc_auc"],
        },
        "name": _text(120, "What people call it."),
        "unit": _text(30, "The unit of its values, such as s."),
        "kind": {
            "enum": list(Metric.Kind.values),
            "default": "quality",
            "description": "What it speaks of; quality gives the system its status.",
        },
        "scale": {
            "enum": list(Metric.Scale.values),
            "description": "Which values it can have; left out, it is guessed from key and unit.",
        },
        "direction": {
            "enum": list(Metric.Direction.values),
            "default": "higher",
            "description": "Which way is better.",
        },
        "target": _number("The best value, where the direction is target."),
        "means": _text(300, "What a value tells, in one plain sentence."),
        "leading": {
            "type": "boolean",
            "default": False,
            "description": "Whether it stands for the system in lists; one does.",
        },
        "series": {
            "type": "array",
            "items": SERIES,
            "minItems": 1,
            "maxItems": 100,
            "default": [WHOLE],
            "description": "Its lines; left out: the whole, pushed.",
        },
    },
}
