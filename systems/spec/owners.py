"""The holders of a system's roles in its file."""

from datetime import UTC, datetime

from django.core.exceptions import ValidationError as Wrong
from rest_framework.exceptions import ValidationError

from mlops_portal.engine.api.fields import Moment
from mlops_portal.engine.spec import REMOVE, Refused, Section, Step
from systems.actions.ownership import assign_role, vacate_role
from systems.models import Holding, Person, Role, System
from systems.spec.texts import text

_MOMENT = Moment()
OWNER = {
    "type": "object",
    "additionalProperties": False,
    "required": ["person"],
    "properties": {
        "person": text(60, 1),
        "deputy": {"type": ["string", "null"], "maxLength": 60, "default": None},
        "until": {"type": ["string", "null"], "maxLength": 40, "default": None},
    },
}


def _owners(system: System) -> dict:
    held = Holding.objects.current().filter(system=system).select_related("person", "deputy").order_by("role")
    return {
        one.role: {
            "person": one.person.username,
            "deputy": one.deputy.username if one.deputy else None,
            "until": _written(one.until),
        }
        for one in held
    }


def _written(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def _with_ends(items: dict[str, dict]) -> dict[str, dict]:
    """Return the owners with `until` as it is exported. Raises Refused for what is no moment."""
    errors = {}
    for role, item in items.items():
        try:
            item["until"] = _written(item["until"] and _MOMENT.run_validation(item["until"]))
        except ValidationError as error:
            errors[f"owners.{role}.until"] = [str(text) for text in error.detail]
    if errors:
        raise Refused(errors)
    return items


def _apply_owner(system: System, step: Step, by, at: datetime) -> None:
    if step.verb == REMOVE:
        return vacate_role(system=system, role=step.key, by=by, at=at)
    terms = {
        "person": _person(step.after["person"], f"{step.path}.person"),
        "deputy": step.after["deputy"] and _person(step.after["deputy"], f"{step.path}.deputy"),
        "until": step.after["until"] and _MOMENT.run_validation(step.after["until"]),
        "note": _note_of(system, step),
    }
    try:
        assign_role(system=system, role=step.key, by=by, at=at, **terms)
    except Wrong as error:
        raise Refused({f"{step.path}.{field}": texts for field, texts in error.message_dict.items()}) from None
    return None


def _note_of(system: System, step: Step) -> str:
    """Return the note of the present holder, where that stays the same: a file knows nothing of notes."""
    now = Holding.objects.current().filter(system=system, role=step.key, person__username=step.after["person"])
    return now.values_list("note", flat=True).first() or ""


def _person(username: str, path: str) -> Person:
    person = Person.objects.filter(username=username).first()
    if person is None:
        raise Refused({path: [f"There is no {username} who may sign in."]})
    return person


SECTION = Section(
    "owners", OWNER, _owners, _apply_owner, rule="role.assign", keys=tuple(Role.values), complete=_with_ends
)
