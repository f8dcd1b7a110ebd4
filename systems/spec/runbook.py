"""The runbook of a system in its file: its texts by situation, and its expected ranges."""

from datetime import datetime

from mlops_portal.engine.spec import REMOVE, Refused, Section, Step
from systems.actions.runbooks import remove_range, retire_runbook, set_range, write_runbook
from systems.models import RunbookVersion, Situation, System
from systems.runbooks import LONGEST
from systems.spec.texts import text

ORIGIN = "mlsystem.yaml"
RANGE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["reason"],
    "properties": {
        "low": {"type": ["number", "null"], "default": None},
        "high": {"type": ["number", "null"], "default": None},
        "reason": text(300, 1),
    },
}


def _texts(system: System) -> dict:
    texts = RunbookVersion.objects.newest().filter(runbook__system=system).order_by("runbook__situation")
    return {one.runbook.situation: one.body for one in texts}


def _apply_text(system: System, step: Step, by, at: datetime) -> None:
    if step.verb == REMOVE:
        retire_runbook(system=system, situation=step.key, by=by, at=at)
    else:
        write_runbook(system=system, situation=step.key, body=step.after, by=by, at=at, origin=ORIGIN)


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
    return text(LONGEST, 1, pattern="\\S")


TEXTS = Section("runbook", _situation_text(), _texts, _apply_text, rule="runbook.write", keys=tuple(Situation.values))
RANGES = Section("expected_ranges", RANGE, _ranges, _apply_range, rule="runbook.write")
