"""The holders of a system's roles in its file, and who takes over on a day to come."""

from datetime import UTC, datetime

from django.core.exceptions import ValidationError as Wrong
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from mlops_portal.engine.api.fields import Moment
from mlops_portal.engine.spec import REMOVE, Asked, Refused, Section, Step, filled
from systems.actions.hand_overs import plan_hand_over, take_back
from systems.actions.ownership import assign_role, vacate_role
from systems.models import HandOver, Holding, Person, Role, System
from systems.spec.texts import text

_MOMENT = Moment()
PEOPLE = ("person", "deputy")
NOBODY = "There is no {} who may sign in."
_MOMENTS = ["2100-01-31T00:00:00Z"]
_WHO = {
    "deputy": {
        "type": ["string", "null"],
        "maxLength": 60,
        "default": None,
        "description": "The username of who stands in.",
    },
    "until": {
        "type": ["string", "null"],
        "maxLength": 40,
        "default": None,
        "description": "When it is known to end, with an offset.",
        "examples": _MOMENTS,
    },
}
NEXT = {
    "type": ["object", "null"],
    "default": None,
    "description": "Who takes over, and when; until then `person` stays. From that day on it is as if it stood above.",
    "additionalProperties": False,
    "required": ["person", "from"],
    "properties": {
        "person": text(60, 1, "The username of who takes over."),
        "from": text(40, 1, "From when on, with an offset.", examples=_MOMENTS),
        **_WHO,
    },
}
OWNER = {
    "type": "object",
    "description": "Who answers for it in this role.",
    "additionalProperties": False,
    "required": ["person"],
    "properties": {
        "person": {
            "type": ["string", "null"],
            "minLength": 1,
            "maxLength": 60,
            "description": "The username of who holds the role; null where somebody is only to come.",
        },
        **_WHO,
        "next": NEXT,
    },
}


def _owners(system: System) -> dict:
    items = {one.role: _terms(one) | {"next": None} for one in _held(system)}
    for plan in HandOver.objects.filter(system=system).with_people():
        nobody = {"person": None, "deputy": None, "until": None}
        items.setdefault(plan.role, nobody)["next"] = _terms(plan) | {"from": _written(plan.from_at)}
    return items


def _held(system: System):
    return Holding.objects.current().filter(system=system).select_related("person", "deputy").order_by("role")


def _terms(one: Holding | HandOver) -> dict:
    return {
        "person": one.person.username,
        "deputy": one.deputy.username if one.deputy else None,
        "until": _written(one.until),
    }


def _written(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def _understood(items: dict[str, dict]) -> dict[str, dict]:
    """Return the owners with their times as they are exported, and who was next by now as the holder.

    Raises Refused for what is no moment, and for a role with nobody in it.
    """
    errors: dict[str, list[str]] = {}
    for role, item in items.items():
        path = f"owners.{role}"
        _moment(item, "until", path, errors)
        if item["next"]:
            item["next"] = filled(NEXT, item["next"])
            for name in ("from", "until"):
                _moment(item["next"], name, f"{path}.next", errors)
        elif item["person"] is None:
            errors[f"{path}.person"] = ["Name somebody, or leave the role out."]
    if errors:
        raise Refused(errors)
    return {role: _as_of_now(item) for role, item in items.items()}


def _moment(item: dict, name: str, path: str, errors: dict) -> None:
    try:
        item[name] = _written(item[name] and _MOMENT.run_validation(item[name]))
    except ValidationError as error:
        errors[f"{path}.{name}"] = [str(text) for text in error.detail]


def _as_of_now(item: dict) -> dict:
    """Return the owner as the item says it at this moment: a file stays true on the day of a hand-over."""
    following = item["next"]
    if following is None or _MOMENT.run_validation(following["from"]) > timezone.now():
        return item
    return {name: following[name] for name in ("person", "deputy", "until")} | {"next": None}


def _unknown(items: dict[str, dict], asked: Asked) -> dict[str, list[str]]:
    places = [(f"owners.{role}", item) for role, item in items.items()]
    places += [(f"owners.{role}.next", item["next"]) for role, item in items.items() if item["next"]]
    named = [(f"{path}.{part}", item[part]) for path, item in places for part in PEOPLE if item[part]]
    there = set(Person.objects.filter(username__in={name for _, name in named}).values_list("username", flat=True))
    return {path: [NOBODY.format(name)] for path, name in named if name not in there}


def _apply_owner(system: System, step: Step, by, at: datetime) -> None:
    who = {"system": system, "role": step.key, "by": by, "at": at}
    if step.verb == REMOVE or step.after["person"] is None:
        vacate_role(**who)
    if step.verb == REMOVE:
        return
    if step.after["person"]:
        _do(
            assign_role,
            step.path,
            who | _said(step.after, step.path) | {"note": _note_of(_held(system), step.after, step)},
        )
    following, planned = step.after["next"], HandOver.objects.filter(system=system)
    if following:
        facts = _said(following, f"{step.path}.next") | {"from_at": _MOMENT.run_validation(following["from"])}
        _do(plan_hand_over, f"{step.path}.next", who | facts | {"note": _note_of(planned, following, step)})
    elif planned.filter(role=step.key).exists():
        take_back(**who)


def _do(act, path: str, facts: dict) -> None:
    try:
        act(**facts)
    except Wrong as error:
        raise Refused({f"{path}.{field}": texts for field, texts in error.message_dict.items()}) from None


def _said(item: dict, path: str) -> dict:
    return {
        "person": _person(item["person"], f"{path}.person"),
        "deputy": item["deputy"] and _person(item["deputy"], f"{path}.deputy"),
        "until": item["until"] and _MOMENT.run_validation(item["until"]),
    }


def _note_of(rows, item: dict, step: Step) -> str:
    """Return the note of the row of the role, where that stays of the same person: a file knows nothing of notes."""
    same = rows.filter(role=step.key, person__username=item["person"])
    return same.values_list("note", flat=True).first() or ""


def _person(username: str, path: str) -> Person:
    person = Person.objects.filter(username=username).first()
    if person is None:
        raise Refused({path: [NOBODY.format(username)]})
    return person


SECTION = Section(
    "owners",
    OWNER,
    _owners,
    _apply_owner,
    about="Who holds which role: a named person, at the best with a deputy.",
    rule="role.assign",
    keys=tuple(Role.values),
    complete=_understood,
    missing=_unknown,
    trail=("role",),
)
