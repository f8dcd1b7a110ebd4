"""Who a system is, in its file: name, purpose, team, tier."""

from datetime import datetime

from mlops_portal.engine.spec import Refused, Section, Step
from systems.access import require
from systems.actions.registry import edit_system
from systems.models import System, Team
from systems.spec.texts import text

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


SECTION = Section("system", SYSTEM, lambda system: {"": facts_of(system)}, _apply_facts, is_single=True)
