"""What the registry brings to a system's file: its facts, owners, phases, runbook, ranges and retraining."""

from datetime import UTC, datetime

from django.core.exceptions import ValidationError as Wrong
from rest_framework.exceptions import ValidationError

from mlops_portal.engine.api.fields import Moment
from mlops_portal.engine.spec import REMOVE, Refused, Section, Step
from systems.access import require
from systems.actions.dependencies import Circular, set_dependencies
from systems.actions.ownership import assign_role, vacate_role
from systems.actions.registry import edit_system
from systems.actions.retraining import set_retraining
from systems.actions.runbooks import remove_range, retire_runbook, set_range, write_runbook
from systems.feed_spec import FEEDS
from systems.models import Holding, Person, Retraining, Role, RunbookVersion, Situation, System, Team
from systems.phases_spec import SECTION as PHASES
from systems.runbooks import LONGEST

ORIGIN = "mlsystem.yaml"
_MOMENT = Moment()


def text(most: int, least: int = 0, **more) -> dict:
    return {"type": "string", "minLength": least, "maxLength": most} | more


SYSTEM = {
    "type": "object",
    "additionalProperties": False,
    "required": ["slug", "name", "team"],
    "properties": {
        "slug": text(60, 1, pattern="^(?!new$)[a-z0-9]+(-[a-z0-9]+)*$"),
        "name": text(120, 1),
        "purpose": text(2000, default=""),
        "team": text(60, 1),
        "tier": {"type": "integer", "minimum": 1, "maximum": 4, "default": 3},
        "restricted": {"type": "boolean", "default": False},
        "tags": {"type": "array", "items": text(40, 1), "maxItems": 20, "default": []},
        "links": {
            "type": "object",
            "additionalProperties": text(500, pattern="^https?://[^\\s]+$"),
            "propertyNames": {"minLength": 1, "maxLength": 60},
            "maxProperties": 20,
            "default": {},
        },
    },
}
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


DEPENDENCIES = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"systems": {"type": "array", "items": text(60, 1), "maxItems": 200, "default": []}},
}


def facts_of(system: System) -> dict:
    """Return the facts of a system, as the file names them."""
    facts = {name: getattr(system, name) for name in SYSTEM["properties"]}
    return facts | {"team": system.team.slug, "tags": list(system.tags), "links": dict(system.links)}


def team_of(facts: dict) -> Team:
    team = Team.objects.filter(slug=facts["team"]).first()
    if team is None:
        raise Refused({"system.team": [f"There is no team {facts['team']}."]})
    return team


def _apply_facts(system: System, step: Step, by, at: datetime) -> None:
    facts = {name: value for name, value in step.after.items() if step.before.get(name) != value}
    if "slug" in facts:
        raise Refused({"system.slug": ["The short name of a system stays."]})
    if "team" in facts:
        facts["team"] = team_of(facts)
        require(by, "system.edit", System(team=facts["team"]))  # nobody hands a system to a team of others
    edit_system(system=system, by=by, at=at, **facts)


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


def _retraining(system: System) -> dict:
    plan = Retraining.objects.filter(system=system).first()
    return {"": {name: getattr(plan, name) for name in RETRAINING["properties"]}} if plan else {}


def _apply_retraining(system: System, step: Step, by, at: datetime) -> None:
    if not step.after["every_days"] and not step.after["triggers"]:
        raise Refused({"retraining.every_days": ["Give an interval or a trigger: else it is never due."]})
    set_retraining(system=system, by=by, at=at, **step.after)


def _dependencies(system: System) -> dict:
    """Return the systems that it depends on; a file has more readers than may know of a restricted one."""
    on = System.objects.filter(dependents__system=system, restricted=False)
    slugs = sorted(on.values_list("slug", flat=True))
    return {"": {"systems": slugs}} if slugs else {}


def _sorted_dependencies(items: dict) -> dict:
    return {key: {"systems": sorted(set(item["systems"]))} for key, item in items.items() if item["systems"]}


def _apply_dependencies(system: System, step: Step, by, at: datetime) -> None:
    wanted = step.after["systems"] if step.after else []
    found = {one.slug: one for one in System.objects.visible_to(by).filter(slug__in=wanted)}
    errors = list(filter(None, (_why_not(found.get(slug), slug) for slug in wanted)))
    if errors:
        raise Refused({"dependencies.systems": errors})
    kept = System.objects.filter(dependents__system=system, restricted=True)
    try:
        set_dependencies(system=system, systems=[*found.values(), *kept], by=by, at=at)
    except Circular as error:
        raise Refused({"dependencies.systems": [str(error)]}) from None


def _why_not(found: System | None, slug: str) -> str:
    if found is None:
        return f"There is no system {slug}."
    return f"{slug} is restricted: name it on the page, a file has more readers." if found.restricted else ""


def _situation_text() -> dict:
    return text(LONGEST, 1, pattern="\\S")


SECTIONS = [
    Section("system", SYSTEM, lambda system: {"": facts_of(system)}, _apply_facts, is_single=True),
    Section("owners", OWNER, _owners, _apply_owner, rule="role.assign", keys=tuple(Role.values), complete=_with_ends),
    PHASES,
    Section("runbook", _situation_text(), _texts, _apply_text, rule="runbook.write", keys=tuple(Situation.values)),
    Section("expected_ranges", RANGE, _ranges, _apply_range, rule="runbook.write"),
    Section(
        "retraining", RETRAINING, _retraining, _apply_retraining, rule="version.record", is_single=True, removes=False
    ),
    FEEDS,
    Section(
        "dependencies",
        DEPENDENCIES,
        _dependencies,
        _apply_dependencies,
        is_single=True,
        complete=_sorted_dependencies,
    ),
]
