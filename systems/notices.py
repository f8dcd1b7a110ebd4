"""Writing notices: each names the person whom something must reach, and is written once."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from mlops_portal.engine.duties import nudge
from systems.models import Holding, Membership, Notice, Person, Role, System

# Who is asked when a role is empty: the accountable product owner (DESIGN idea 4).
FALLBACK = Role.PRODUCT_OWNER


@dataclass(frozen=True)
class News:
    """Something of `system` that must reach somebody; `key` makes it be told once."""

    system: System
    key: str
    subject: str
    text: str
    url: str


def people_to_tell(systems: Iterable[System], role: str, *, then: tuple[str, ...] = ()) -> dict[int, list[Person]]:
    """Return for each system's id who is to be told for `role`.

    The holder who is here, else the deputy, else those of the roles `then`, else of the product owner's role; when
    nobody holds any, everybody of the system's team. Empty only where that team has no active member. Two queries,
    however many systems.
    """
    systems = list(systems)
    asked, now = list(dict.fromkeys([role, *then, FALLBACK])), timezone.now()
    held = Holding.objects.current().filter(system__in=systems, role__in=asked).select_related("person", "deputy")
    chosen: dict[int, Person] = {}
    for holding in sorted(held, key=lambda holding: asked.index(holding.role)):
        if person := holding.answers(now):
            chosen.setdefault(holding.system_id, person)
    of_team = _members({system.team_id for system in systems if system.pk not in chosen})
    return {
        system.pk: [chosen[system.pk]] if system.pk in chosen else of_team.get(system.team_id, []) for system in systems
    }


def people_by_role(system: System, held: Iterable[Holding], roles: Iterable[str]) -> dict[str, list[Person]]:
    """Return who is to be told for each of `roles`, as people_to_tell() has it; one query at most.

    `held` are the present holdings of the system, with their people.
    """
    now = timezone.now()
    here = {one.role: person for one in held if (person := one.answers(now))}
    chosen = {role: here.get(role) or here.get(FALLBACK) for role in roles}
    team = [] if all(chosen.values()) else _members({system.team_id}).get(system.team_id, [])
    return {role: [person] if person else team for role, person in chosen.items()}


def _members(teams: set[int]) -> dict[int, list[Person]]:
    of_team: dict[int, list[Person]] = {}
    for member in Membership.objects.filter(team__in=teams, person__is_active=True).select_related("person"):
        of_team.setdefault(member.team_id, []).append(member.person)
    return of_team


def tell(news: list[News], *, role: str, then: tuple[str, ...] = (), urgency: str = Notice.Urgency.DIGEST) -> int:
    """Write a notice of each piece of news for everybody who is to be told, and nudge delivery; return how many."""
    people = people_to_tell([one.system for one in news], role, then=then)
    notices = [_notice(one, person, urgency) for one in news for person in people[one.system.pk]]
    Notice.objects.bulk_create(notices, ignore_conflicts=True)
    if urgency == Notice.Urgency.NOW:
        nudge("deliver")
    return len(notices)


def tell_person(news: News, person: Person, *, urgency: str = Notice.Urgency.DIGEST) -> None:
    """Write a notice of the news for one person, whom it concerns by what they did, and nudge delivery."""
    Notice.objects.bulk_create([_notice(news, person, urgency)], ignore_conflicts=True)
    if urgency == Notice.Urgency.NOW:
        nudge("deliver")


def _notice(news: News, person: Person, urgency: str) -> Notice:
    return Notice(
        key=f"{news.key}:{person.username}",
        person=person,
        system=news.system,
        urgency=urgency,
        subject=" ".join(f"{news.system.name}: {news.subject}".split())[:200],
        text=news.text,
        url=news.url or news.system.get_absolute_url(),
    )
