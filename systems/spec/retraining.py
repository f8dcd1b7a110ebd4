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
        "policy": text(2000, 1),
        "every_days": {"type": ["integer", "null"], "minimum": 1, "maximum": 3650, "default": None},
        "triggers": {"type": "array", "items": text(200, 1), "maxItems": 20, "default": []},
        "who": text(200, 1),
    },
}


def _retraining(system: System) -> dict:
    plan = Retraining.objects.filter(system=system).first()
    return {"": {name: getattr(plan, name) for name in RETRAINING["properties"]}} if plan else {}


def _apply_retraining(system: System, step: Step, by, at: datetime) -> None:
    if not step.after["every_days"] and not step.after["triggers"]:
        raise Refused({"retraining.every_days": ["Give an interval or a trigger: else it is never due."]})
    set_retraining(system=system, by=by, at=at, **step.after)


SECTION = Section(
    "retraining", RETRAINING, _retraining, _apply_retraining, rule="version.record", is_single=True, removes=False
)
