"""How a system is retrained, in its file."""

from datetime import datetime

from mlops_portal.engine.spec import Refused, Section, Step
from systems.actions.retraining import set_retraining
from systems.models import Retraining, System
from systems.spec.texts import text

RETRAINING = {
    "type": "object",
    "additionalProperties": False,
    "required": ["policy", "who"],
    "properties": {
        "policy": text(2000, 1, "On which data, how the new one is compared, who decides."),
        "every_days": {
            "type": ["integer", "null"],
            "minimum": 1,
            "maximum": 3650,
            "default": None,
            "description": "It is due so many days after the last training; null: only upon a trigger.",
        },
        "triggers": {
            "type": "array",
            "items": text(200, 1),
            "maxItems": 20,
            "default": [],
            "description": "The signs that make it due.",
        },
        "who": text(200, 1, "Who does it, by name or role."),
    },
}


def _retraining(system: System) -> dict:
    plan = Retraining.objects.filter(system=system).first()
    return {"": {name: getattr(plan, name) for name in RETRAINING["properties"]}} if plan else {}


def _due_some_day(items: dict) -> dict:
    """Return the plan as it came. Raises Refused for one that is never due."""
    if not items[""]["every_days"] and not items[""]["triggers"]:
        raise Refused({"retraining.every_days": ["Give an interval or a trigger: else it is never due."]})
    return items


def _apply_retraining(system: System, step: Step, by, at: datetime) -> None:
    set_retraining(system=system, by=by, at=at, **step.after)


SECTION = Section(
    "retraining",
    RETRAINING,
    _retraining,
    _apply_retraining,
    about="When and how the model is trained again.",
    rule="version.record",
    is_single=True,
    removes=False,
    complete=_due_some_day,
    trail=("retraining",),
)
