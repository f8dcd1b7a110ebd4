"""Who may do what, as one readable table; docs, pages and API all read it.

docs/security/who-may-what.md is made of it (`manage.py rules`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.urls import Resolver404, resolve

from systems.models import Group, Holding, Role

Asked = Callable[[Any, list], Callable[[Any], bool]]


@dataclass(frozen=True)
class Kind:
    """A kind of people: in words, and the function that knows them.

    (person, things or [None]) → function of one of the things: whether the person is one of them. It asks once for all.
    """

    words: str
    among: Asked


def _in(group: str) -> Asked:
    def among(person, things):
        is_in = person.is_in(group)
        return lambda thing: is_in

    return among


def _in_its_team(group: str) -> Asked:
    def among(person, systems):
        teams = {system.team_id for system in systems} if person.is_in(group) else ()
        own = set(person.teams.filter(pk__in=teams).values_list("pk", flat=True)) if teams else ()
        return lambda system: system.team_id in own

    return among


def _holds_a_role_of(*roles: str) -> Asked:
    asked = roles or Role.values

    def among(person, systems):
        held = Holding.objects.current().of(person).filter(system__in={one.pk for one in systems}, role__in=asked)
        own = set(held.values_list("system", flat=True))
        return lambda system: system.pk in own

    return among


def _holds_a_system_of(person, incidents):
    held = Holding.objects.current().of(person).filter(system__incidents__in={one.pk for one in incidents})
    own = set(held.values_list("system__incidents", flat=True))
    return lambda incident: incident.pk in own


EVERYBODY = Kind("everybody who is signed in", lambda person, things: lambda thing: True)
DATA_SCIENTIST = Kind("data scientists", _in(Group.DATA_SCIENTIST))
ON_CALL = Kind("on-call engineers", _in(Group.ON_CALL))
MANAGER = Kind("managers", _in(Group.MANAGER))
ADMINISTRATOR = Kind("administrators", _in(Group.ADMINISTRATOR))
ITS_DATA_SCIENTIST = Kind("data scientists of its team", _in_its_team(Group.DATA_SCIENTIST))
ITS_ADMINISTRATOR = Kind("administrators of its team", _in_its_team(Group.ADMINISTRATOR))
HOLDER = Kind("who holds a role of it", _holds_a_role_of())
HOLDER_OF_THE_ROLE = Kind(
    "who holds the role",
    lambda person, holdings: lambda holding: person.pk in (holding.person_id, holding.deputy_id),
)
HOLDER_OF_A_SYSTEM = Kind("who holds a role of a system that it touches", _holds_a_system_of)
PRODUCT_OWNER = Kind("its product owner", _holds_a_role_of(Role.PRODUCT_OWNER))
MODEL_OR_SERVICE_OWNER = Kind(
    "its model owner and service owner", _holds_a_role_of(Role.MODEL_OWNER, Role.SERVICE_OWNER)
)
ITS_OWNER = Kind("the owner of the feed", lambda person, feeds: lambda feed: feed.owner_id == person.pk)


@dataclass(frozen=True)
class Rule:
    """What is done, and the kinds of people who may.

    `about` names the kind of thing that must be handed in; empty for a rule that needs none.
    """

    what: str
    kinds: tuple[Kind, ...]
    about: str = ""

    @property
    def sentence(self) -> str:
        """Say who may: "Data scientists and managers."."""
        *others, last = [kind.words for kind in self.kinds]
        said = f"{', '.join(others)}{',' if len(others) > 1 else ''} and {last}" if others else last
        return f"{said[0].upper()}{said[1:]}."


WHO_EDITS = (ITS_DATA_SCIENTIST, ITS_ADMINISTRATOR, MANAGER)

RULES: dict[str, Rule] = {
    "read": Rule("read pages, lists and reports", (EVERYBODY,)),
    "view.own": Rule("keep views of the list of systems for themselves", (EVERYBODY,)),
    "system.register": Rule("register a system", (DATA_SCIENTIST, MANAGER)),
    "system.edit": Rule("edit a system, its sources, metrics and monitors; retire it", WHO_EDITS, about="system"),
    "answer.write": Rule(
        "answer its questions, ask for a waiver", (ITS_DATA_SCIENTIST, HOLDER, MANAGER), about="system"
    ),
    "review": Rule("review the answers of others, decide about the waivers of others", (MANAGER,)),
    "role.assign": Rule("name who holds a role, and the deputy", (MANAGER,)),
    "role.own": Rule("look through the roles that they hold", (EVERYBODY,)),
    "role.confirm": Rule("confirm a role", (HOLDER_OF_THE_ROLE,), about="holding"),
    "incident.declare": Rule("declare an incident of a system that they see", (EVERYBODY,)),
    "runbook.write": Rule("write its runbook and what is normal", (*WHO_EDITS, HOLDER), about="system"),
    "version.record": Rule(
        "record its versions, deployments and retraining", (*WHO_EDITS, MODEL_OR_SERVICE_OWNER), about="system"
    ),
    "feed.add": Rule("add a feed", (DATA_SCIENTIST, MANAGER)),
    "feed.edit": Rule("edit a feed and its contract", (ITS_OWNER, MANAGER), about="feed"),
    "contract.confirm": Rule(
        "say that it can live with the proposed contract of a feed", (HOLDER, MANAGER), about="system"
    ),
    "phase.decide": Rule("move it to another phase", (MANAGER, PRODUCT_OWNER), about="system"),
    "plan.write": Rule("plan its phases, and write down their money", (*WHO_EDITS, PRODUCT_OWNER), about="system"),
    "incident.act": Rule(
        "acknowledge, mitigate and resolve an incident; write on its timeline",
        (ON_CALL, MANAGER, HOLDER_OF_A_SYSTEM),
        about="incident",
    ),
    "alert.act": Rule(
        "snooze an alert, say whether it was real, or what a new version is expected to do",
        (ON_CALL, MANAGER, HOLDER),
        about="system",
    ),
    "maintenance.plan": Rule("plan its maintenance, end one", (ON_CALL, MANAGER, HOLDER), about="system"),
    "token.own": Rule("make and revoke tokens of their own", (EVERYBODY,)),
    "people.manage": Rule("let people in and out, groups and teams", (ADMINISTRATOR,)),
    "interval.set": Rule("set after how many days a promise is looked at again", (MANAGER, ADMINISTRATOR)),
    "audit.read": Rule("read the audit trail", (MANAGER, ADMINISTRATOR)),
    "components.read": Rule("look at the parts that pages are made of", (EVERYBODY,)),
}


class Rights:
    """What a person may do to some things of one kind; about each kind of people is asked once, for all of them."""

    def __init__(self, person, things: Iterable):
        self.person = person
        self.things = list(things)
        self._known: dict[Kind, Callable[[Any], bool]] = {}

    def may(self, rule: str, thing) -> bool:
        """Whether the person may do what `rule` names, to one of the things. Raises KeyError for an unknown rule."""
        kinds = RULES[rule].kinds
        known = (kind for kind in kinds if kind in self._known)
        return any(self._known[kind](thing) for kind in known) or any(self._is_one(kind, thing) for kind in kinds)

    def may_mend(self, url: str, system) -> bool:
        """Whether the page at `url`, about one of the systems, gives the person something to do.

        What counts is the rule by which it takes what is posted: who may only look is not sent there.
        """
        if not url:
            return False
        try:
            view = resolve(url.partition("#")[0].partition("?")[0]).func
        except Resolver404:
            return False
        rule = getattr(view, "rules", {}).get("POST", "read")
        return RULES[rule].about in ("", "system") and self.may(rule, system)

    def _is_one(self, kind: Kind, thing) -> bool:
        if kind not in self._known:
            self._known[kind] = kind.among(self.person, self.things)
        return self._known[kind](thing)


def may(person, rule: str, thing=None) -> bool:
    """Whether `person` may do what `rule` names, to `thing`. Raises KeyError for a rule that is not in the table."""
    return Rights(person, [thing]).may(rule, thing)


def require(person, rule: str, thing=None) -> None:
    """Raise PermissionDenied, with the rule's sentence, unless `person` may."""
    if not may(person, rule, thing):
        raise PermissionDenied(f"You may not do this. Who may: {RULES[rule].sentence}")
