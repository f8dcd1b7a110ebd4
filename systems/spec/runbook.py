"""The runbook of a system in its file: its texts by situation, and its expected ranges."""

from datetime import datetime

from mlops_portal.engine.spec import REMOVE, Refused, Section, Step
from systems.actions.runbooks import remove_range, retire_runbook, set_range, write_runbook
from systems.models import RunbookVersion, Situation, System
from systems.models.words import SEEN
from systems.runbooks import LONGEST
from systems.spec.texts import text

ORIGIN = "mlsystem.yaml"
SEEN_AND_NOT_BLANK = rf"(?=[\s\S]*\S){SEEN}"
LONGEST_ORIGIN = RunbookVersion._meta.get_field("origin").max_length
RANGE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["reason"],
    "properties": {
        "low": {"type": ["number", "null"], "default": None},
        "high": {"type": ["number", "null"], "default": None},
        "reason": text(300, 1, pattern=SEEN),
    },
}


def _texts(system: System) -> dict:
    texts = RunbookVersion.objects.newest().filter(runbook__system=system).order_by("runbook__situation")
    return {one.runbook.situation: _said(one.body, one.origin) for one in texts}


def _said(body: str, origin: str) -> str | dict:
    """Return the text as the file says it: bare, unless it says where else it is kept."""
    return body if origin in ("", ORIGIN) else {"text": body, "origin": origin}


def _complete(items: dict) -> dict:
    return {
        key: _said(item["text"], item.get("origin", "")) if isinstance(item, dict) else item
        for key, item in items.items()
    }


def _apply_text(system: System, step: Step, by, at: datetime) -> None:
    if step.verb == REMOVE:
        return retire_runbook(system=system, situation=step.key, by=by, at=at)
    said = step.after if isinstance(step.after, dict) else {"text": step.after, "origin": ORIGIN}
    write_runbook(system=system, situation=step.key, body=said["text"], by=by, at=at, origin=said["origin"])
    return None


def _ranges(system: System) -> dict:
    return {
        one.metric_key: {"low": one.low, "high": one.high, "reason": one.reason} for one in system.expected_ranges.all()
    }


def _apply_range(system: System, step: Step, by, at: datetime) -> None:
    if step.verb == REMOVE:
        return remove_range(system=system, metric_key=step.key, by=by, at=at)
    try:
        set_range(system=system, metric_key=step.key, by=by, at=at, **step.after)
    except ValueError as error:
        raise Refused({step.path: [str(error)]}) from None
    return None


def _situation_text() -> dict:
    """Return the schema of a text: bare, or with where it is kept, such as an address and a revision."""
    body = text(LONGEST, 1, pattern=SEEN_AND_NOT_BLANK)
    members = {"text": body, "origin": text(LONGEST_ORIGIN, 1, pattern=SEEN_AND_NOT_BLANK)}
    kept = {"type": "object", "additionalProperties": False, "required": ["text"], "properties": members}
    return {"anyOf": [body, kept]}


TEXTS = Section(
    "runbook",
    _situation_text(),
    _texts,
    _apply_text,
    rule="runbook.write",
    keys=tuple(Situation.values),
    complete=_complete,
)
RANGES = Section("expected_ranges", RANGE, _ranges, _apply_range, rule="runbook.write")
