"""Who a system is, in its file: name, purpose, team, tier."""

from datetime import datetime

from mlops_portal.engine.spec import Asked, Refused, Section, Step
from systems.access import require
from systems.actions.registry import edit_system
from systems.models import System, Team
from systems.spec.texts import text

SYSTEM = {
    "type": "object",
    "additionalProperties": False,
    "required": ["slug", "name", "team"],
    "properties": {
        "slug": text(
            60, 1, "Its short name, as in addresses.", pattern="^(?!new$)[a-z0-9]+(-[a-z0-9]+)*$", examples=["churn"]
        ),
        "name": text(120, 1, "What people call it.", pattern="\\S"),
        "purpose": text(2000, 0, "What it does for whom, in a sentence without jargon.", default=""),
        "team": text(60, 1, "The short name of the team that has it.", examples=["growth"]),
        "tier": {
            "type": "integer",
            "minimum": 1,
            "maximum": 4,
            "default": 3,
            "description": "How critical it is, from 1 (most) to 4: how often promises are looked at, who is woken.",
        },
        "restricted": {
            "type": "boolean",
            "default": False,
            "description": "Whether only its team, its holders, managers and administrators see it.",
        },
        "tags": {
            "type": "array",
            "items": text(40, 1),
            "maxItems": 20,
            "default": [],
            "description": "Words to find it by.",
        },
        "links": {
            "type": "object",
            "description": "Addresses on the web by what is found there.",
            "additionalProperties": text(500, pattern="^https?://[^\\s]+$", examples=["https://git.example/churn"]),
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


def _missing(items: dict, asked: Asked) -> dict[str, list[str]]:
    try:
        team_of(items[""])
    except Refused as refused:
        return refused.errors
    return {}


def _apply_facts(system: System, step: Step, by, at: datetime) -> None:
    facts = {name: value for name, value in step.after.items() if step.before.get(name) != value}
    if "slug" in facts:
        raise Refused({"system.slug": ["The short name of a system stays."]})
    if "team" in facts:
        facts["team"] = team_of(facts)
        require(by, "system.edit", System(team=facts["team"]))  # nobody hands a system to a team of others
    edit_system(system=system, by=by, at=at, **facts)


SECTION = Section(
    "system",
    SYSTEM,
    lambda system: {"": facts_of(system)},
    _apply_facts,
    about="What it is and who has it.",
    is_single=True,
    missing=_missing,
    trail=("system",),
)
