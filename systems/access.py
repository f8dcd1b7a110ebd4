"""Who may do what, as one readable table; docs, pages and API all read it."""

from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.urls import Resolver404, resolve

from systems.models import Group, Holding, Role


def _everybody(person, thing) -> bool:
    return True


def _in(*groups: str) -> Callable:
    return lambda person, thing: person.is_in(*groups)


def _teammate_data_scientist(person, system) -> bool:
    return person.is_in(Group.DATA_SCIENTIST) and person.teams.filter(pk=system.team_id).exists()


def _administrator_of_portal(person, system) -> bool:
    return person.is_in(Group.ADMINISTRATOR) and person.teams.filter(pk=system.team_id).exists()


def _holds(person, holding: Holding) -> bool:
    return person.pk in (holding.person_id, holding.deputy_id)


def _holds_a_role_of(person, system) -> bool:
    return Holding.objects.current().of(person).filter(system=system).exists()


def _holds_one_of(*roles: str) -> Callable:
    return lambda person, system: Holding.objects.current().of(person).filter(system=system, role__in=roles).exists()


def _holds_a_system_of(person, incident) -> bool:
    held = Holding.objects.current().filter(system__incidents=incident)
    return held.filter(Q(person=person) | Q(deputy=person)).exists()


def _any(*rules: Callable) -> Callable:
    return lambda person, thing: any(rule(person, thing) for rule in rules)


@dataclass(frozen=True)
class Rule:
    """A sentence for people and the function that decides it: (person, thing it is about or None) → may.

    `about` names the kind of thing that the function must be handed; empty for a rule that needs none.
    """

    sentence: str
    allows: Callable
    about: str = ""


RULES: dict[str, Rule] = {
    "read": Rule("Everybody who is signed in.", _everybody),
    "system.register": Rule("Data scientists and managers.", _in(Group.DATA_SCIENTIST, Group.MANAGER)),
    "system.edit": Rule(
        "Data scientists of its team, administrators of its team, and managers.",
        _any(_teammate_data_scientist, _administrator_of_portal, _in(Group.MANAGER)),
        about="system",
    ),
    "answer.write": Rule(
        "Data scientists of its team, who holds a role of it, and managers.",
        _any(_teammate_data_scientist, _holds_a_role_of, _in(Group.MANAGER)),
        about="system",
    ),
    "review": Rule("Managers.", _in(Group.MANAGER)),
    "role.assign": Rule("Managers.", _in(Group.MANAGER)),
    "role.own": Rule("Everybody who is signed in, for the roles that they hold.", _everybody),
    "role.confirm": Rule("Who holds the role, and the deputy.", _holds, about="holding"),
    "incident.declare": Rule("Everybody who is signed in, for the systems that they see.", _everybody),
    "runbook.write": Rule(
        "Data scientists and administrators of its team, who holds a role of it, and managers.",
        _any(_teammate_data_scientist, _administrator_of_portal, _in(Group.MANAGER), _holds_a_role_of),
        about="system",
    ),
    "version.record": Rule(
        "Data scientists and administrators of its team, its service owner and model owner, and managers.",
        _any(
            _teammate_data_scientist,
            _administrator_of_portal,
            _in(Group.MANAGER),
            _holds_one_of(Role.SERVICE_OWNER, Role.MODEL_OWNER),
        ),
        about="system",
    ),
    "phase.decide": Rule(
        "Managers, and its product owner.", _any(_in(Group.MANAGER), _holds_one_of(Role.PRODUCT_OWNER)), about="system"
    ),
    "incident.act": Rule(
        "On-call engineers, managers, and who holds a role of a system that it touches.",
        _any(_in(Group.ON_CALL, Group.MANAGER), _holds_a_system_of),
        about="incident",
    ),
    "alert.act": Rule(
        "On-call engineers, managers, and who holds a role of its system.",
        _any(_in(Group.ON_CALL, Group.MANAGER), _holds_a_role_of),
        about="system",
    ),
    "token.own": Rule("Everybody who is signed in, for their own.", _everybody),
    "people.manage": Rule("Administrators.", _in(Group.ADMINISTRATOR)),
    "interval.set": Rule("Managers and administrators.", _in(Group.MANAGER, Group.ADMINISTRATOR)),
    "audit.read": Rule("Administrators and managers.", _in(Group.ADMINISTRATOR, Group.MANAGER)),
    "components.read": Rule("Everybody who is signed in.", _everybody),
}


def may(person, rule: str, thing=None) -> bool:
    """Whether `person` may do what `rule` names, to `thing`. Raises KeyError for a rule that is not in the table."""
    return RULES[rule].allows(person, thing)


def may_open(person, url: str, system) -> bool:
    """Whether the page at `url`, about `system`, is open to `person`: by the rule that its view declares."""
    try:
        view = resolve(url.partition("#")[0].partition("?")[0]).func
    except Resolver404:
        return False
    rule = getattr(view, "rules", {}).get("GET", "read")
    return may(person, rule, system if RULES[rule].about == "system" else None)


def require(person, rule: str, thing=None) -> None:
    """Raise PermissionDenied, with the rule's sentence, unless `person` may."""
    if not may(person, rule, thing):
        raise PermissionDenied(f"You may not do this. Who may: {RULES[rule].sentence}")
