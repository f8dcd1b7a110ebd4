"""What pages and the API show of feeds, dependencies and drills, to those who may know of them."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q
from django.utils import timezone

from systems.models import (
    Confirmation,
    Contract,
    Dependency,
    Drill,
    Feed,
    Group,
    Holding,
    Person,
    Role,
    Situation,
    System,
)
from systems.models.drill import REQUIRED
from systems.notices import people_to_tell


def counted(feeds, person: Person) -> list[Feed]:
    """Return the feeds, each with `dependent_count`: how many systems depend on it that `person` may see."""
    feeds = list(feeds)
    links = Dependency.objects.filter(on_feed__in=feeds, system__in=System.objects.visible_to(person).in_use())
    counts = dict(links.order_by().values_list("on_feed").annotate(Count("pk")))
    for feed in feeds:
        feed.dependent_count = counts.get(feed.pk, 0)
    return feeds


def feeds_of(systems) -> dict[int, list[Feed]]:
    """Return by id of each of `systems` its feeds, with_contract() and with their owners; two queries."""
    links = list(Dependency.objects.filter(system__in=systems, on_feed__isnull=False).values_list("system", "on_feed"))
    feeds = Feed.objects.with_contract().select_related("owner").in_bulk({feed for _, feed in links})
    by_system: dict[int, list[Feed]] = defaultdict(list)
    for system, feed in links:
        by_system[system].append(feeds[feed])
    return by_system


@dataclass(frozen=True)
class Dependent:
    """A system that depends on a feed: who was asked about a proposed contract, who confirmed it."""

    system: System
    asked: list[Person]
    confirmation: Confirmation | None
    may_confirm: bool


def dependents_of(feed: Feed, newest: Contract | None, person: Person) -> list[Dependent]:
    """Return the systems that depend on the feed and that `person` may see; while one is proposed, who was asked."""
    systems = list(feed.dependents(person))
    if newest is None or not newest.is_proposed:
        return [Dependent(system, [], None, False) for system in systems]
    asked = people_to_tell(systems, Role.DATA_OWNER, then=(Role.MODEL_OWNER,))
    open_to = _may_confirm(systems, person)
    given = {one.system_id: one for one in newest.confirmations.select_related("by")}
    return [
        Dependent(
            system,
            asked[system.pk],
            given.get(system.pk),
            system.pk not in given and system.pk in open_to,
        )
        for system in systems
    ]


def _may_confirm(systems: list[System], person: Person) -> set[int]:
    """Return the ids of the systems for which `person` may confirm: the rule contract.confirm, of all at once."""
    if person.is_in(Group.MANAGER):
        return {system.pk for system in systems}
    return set(Holding.objects.current().of(person).filter(system__in=systems).values_list("system", flat=True))


def dependencies_of(system: System, person: Person) -> dict:
    """Return the feeds and systems that the system depends on, and those that depend on it, as `person` may know."""
    between = Q(system=system) | Q(on_system=system, system__retired_at=None)
    found = Dependency.objects.seen_by(person).filter(between).select_related("system", "on_system")
    of_ends = [f"{end}__{name}" for end in ("system", "on_system") for name in ("slug", "name")]
    links = list(found.only("on_feed", *of_ends))
    feeds = {one.on_feed_id for one in links if one.on_feed_id}
    return {
        "feeds": list(Feed.objects.for_list_page().filter(pk__in=feeds)) if feeds else [],
        "systems": [one.on_system for one in links if one.system_id == system.pk and one.on_system_id],
        "dependents": [one.system for one in links if one.on_system_id == system.pk],
    }


@dataclass(frozen=True)
class Tried:
    """A situation that a system may come into: whether its tier has to try it, and how that stands."""

    situation: Situation
    is_required: bool
    last: Drill | None
    is_late: bool

    @property
    def holds(self) -> bool:
        """Whether it was tried, held, and is not to be tried again yet."""
        return bool(self.last) and self.last.has_passed and not self.is_late

    @property
    def due_on(self) -> date | None:
        return self.last.due_on if self.last else None


def drills_of(system: System) -> list[Tried]:
    """Return how the situations stand that are tried: those that the tier asks for, and what else was tried."""
    newest = {one.situation: one for one in system.drills.newest().select_related("by")}
    today = timezone.now().date()
    return [
        Tried(one, system.tier in REQUIRED.get(one, ()), newest.get(one), one in newest and newest[one].due_on < today)
        for one in Situation
        if one in newest or one in REQUIRED
    ]
