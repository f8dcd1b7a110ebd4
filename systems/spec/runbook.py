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
    "description": "What is normal for the metric of this key.",
    "additionalProperties": False,
    "required": ["reason"],
    "properties": {
        "low": {"type": ["number", "null"], "default": None, "description": "It is normally not below this."},
        "high": {"type": ["number", "null"], "default": None, "description": "It is normally not above this."},
        "reason": text(300, 1, "On what that rests.", pattern=SEEN, examples=["Seen in the first half of the year."]),
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


def _bounded(items: dict[str, dict]) -> dict[str, dict]:
    """Return the ranges as they came. Raises Refused for those that bound nothing."""
    errors = {f"expected_ranges.{key}": [why] for key, one in items.items() if (why := _why_not(**one))}
    if errors:
        raise Refused(errors)
    return items


def _why_not(low: float | None, high: float | None, reason: str) -> str:
    if low is None and high is None:
        return "Give a lower or an upper bound."
    is_crossed = low is not None and high is not None and low > high
    return "The lower bound is above the upper one." if is_crossed else ""


def _apply_range(system: System, step: Step, by, at: datetime) -> None:
    if step.verb == REMOVE:
        return remove_range(system=system, metric_key=step.key, by=by, at=at)
    set_range(system=system, metric_key=step.key, by=by, at=at, **step.after)
    return None


def _situation_text() -> dict:
    """Return the schema of a text: bare, or with where it is kept, such as an address and a revision."""
    said = "What to do then, in Markdown; “- [ ]” begins a step to tick."
    body = text(LONGEST, 1, said, pattern=SEEN_AND_NOT_BLANK)
    origin = text(LONGEST_ORIGIN, 1, "Where the text is kept, and at which revision.", pattern=SEEN_AND_NOT_BLANK)
    members = {"text": body, "origin": origin}
    kept = {"type": "object", "additionalProperties": False, "required": ["text"], "properties": members}
    return {"description": said, "anyOf": [body, kept]}


TEXTS = Section(
    "runbook",
    _situation_text(),
    _texts,
    _apply_text,
    about="What to do, by situation.",
    rule="runbook.write",
    keys=tuple(Situation.values),
    complete=_complete,
    trail=("runbook",),
)
RANGES = Section(
    "expected_ranges",
    RANGE,
    _ranges,
    _apply_range,
    about="Between which values each metric is when all is well.",
    rule="runbook.write",
    complete=_bounded,
    trail=("expected range",),
)
