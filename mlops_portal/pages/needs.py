"""What needs a person: incidents, gaps that ask the role they hold, and notices that nobody has read yet."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Min
from django.urls import reverse
from django.utils import timezone

from incidents.models import Incident, IncidentSystem
from systems.access import Rights, may
from systems.checking import CHECKS
from systems.models import Group, Holding, Level, Notice, Outcome, Person, System
from systems.models.outcome import Found
from systems.models.system import PORTAL
from systems.ownership import asks_deputy
from systems.readiness import ToDo, to_answer, to_review
from systems.states import states_of

MOST = 20  # of each kind; who has more looks at the list behind it
MOST_GAPS = 2  # of one system; more are one thing to do
ASKED_BEFORE = timedelta(days=7)  # a role is confirmed before that is overdue
CONFIRMED = "ownership_confirmed"


@dataclass
class Need:
    """One thing to do: a sentence, what it is about, since when, and the button that leads to it."""

    url: str
    label: str
    sentence: str
    since: datetime
    about: str = ""
    incident: Incident | None = None
    level: str = Level.DEGRADED
    notices: list[int] = field(default_factory=list)
    posted: dict[str, int | str] | None = None  # what the button posts to `url`; None: it only leads there


@dataclass(frozen=True)
class Needs:
    """What needs a person, and how much of it the frame of a page counts: `unread` notices, decisions `to_review`."""

    needs: list[Need]
    counted: dict[str, int]


def needs_of(person: Person) -> Needs:
    """Return what needs `person`, incidents first; a notice of something that stands here already joins it."""
    now = timezone.now()
    ever = list(_held(person).with_confirm_by().select_related("system", "person").order_by("confirm_by"))
    held = [one for one in ever if one.system.retired_at is None]
    roles: dict[System, set[str]] = {}
    for one in sorted(held, key=lambda one: one.system.slug):
        roles.setdefault(one.system, set()).add(one.role)
    slugs = [system.slug for system in roles]  # by slug, PostgreSQL begins with these few and not with every system
    outcomes = list(Outcome.objects.filter(system__slug__in=slugs).as_rows())
    reviews, notices = to_review(person), _notices(person)
    asked = [*_asked(reviews), *_asked(to_answer(roles, states_of(roles, at=now, outcomes=outcomes)))]
    own = [*_to_confirm(person, held, now), *_standing_in(person, held, now)]
    needs = [
        *_incidents(person, {one.system_id for one in ever}),
        *asked,
        *own,
        *_without_anybody(person),
        *_gaps(person, roles, outcomes),
    ]
    by_url = {need.url: need for need in needs}
    for notice in notices[:MOST]:
        if notice.url not in by_url:
            by_url[notice.url] = _from(notice)
            needs.append(by_url[notice.url])
        by_url[notice.url].notices.append(notice.pk)
    in_all = {"unread": len(notices)} if len(notices) <= MOST else {}
    return Needs(needs, in_all | {"to_review": len(reviews)})


def _incidents(person: Person, systems: set[int]) -> list[Need]:
    """Return the unresolved incidents of `systems`, those of the person; for who is on call, all that one may see."""
    found = Incident.objects.unresolved().visible_to(person).with_names(person).open_first()
    if not person.is_in(Group.ON_CALL):
        found = found.filter(pk__in=IncidentSystem.objects.filter(system__in=systems).values("incident"))
    return [
        Need(
            url=incident.get_absolute_url(),
            label="Look at it" if incident.acknowledged_at else "Acknowledge",
            sentence=incident.title,
            since=incident.declared_at,
            about=", ".join(system.name for system in incident.shown_systems),
            incident=incident,
            level=incident.level,
        )
        for incident in found[:MOST]
    ]


def _asked(todos: list[ToDo]) -> list[Need]:
    return [
        Need(url=todo.url, label=todo.label, sentence=todo.sentence, since=todo.since, about=todo.system.name)
        for todo in todos[:MOST]
    ]


def _to_confirm(person: Person, held: list[Holding], now: datetime) -> list[Need]:
    """Return the roles whose confirmation is due soon as one thing to do: one is confirmed here, several on a page."""
    due = [one for one in held if one.person_id == person.pk and one.confirm_by <= now + ASKED_BEFORE]
    if not due:
        return []
    first, since = due[0], min(one.confirmed_at for one in due)
    if len(due) == 1:
        url = reverse("systems:confirm", args=[first.system.slug, first.role])
        sentence = f"You answer for it as its {first.role_words}. Is that still so?"
        posted: dict[str, int | str] = {"version": first.version, "home": 1}
        return [Need(url, "Still mine", sentence, since, first.system.name, posted=posted)]
    count = len({one.system_id for one in due})
    sentence = f"You answer for {len(due)} roles of {count} system{'s' if count > 1 else ''}. Is that still so?"
    return [Need(reverse("systems:mine"), f"Confirm {len(due)} roles", sentence, since)]


def _standing_in(person: Person, held: list[Holding], now: datetime) -> list[Need]:
    """Return the roles of which the person is the deputy, and whose holder is out or has not confirmed in time."""
    found = [one for one in held if one.deputy_id == person.pk and one.is_unanswered(now)][:MOST]
    return [
        Need(one.page, "Look at it", asks_deputy(one, now), _asked_since(one, now), one.system.name) for one in found
    ]


def _asked_since(holding: Holding, now: datetime) -> datetime:
    return holding.deputy_asked_at or min(now, holding.confirm_by, holding.ends_at or now)


def _without_anybody(person: Person) -> list[Need]:
    """Return the roles that nobody fills as one thing to do, for those who may name somebody."""
    if not may(person, "role.assign"):
        return []
    keys = [key for key in CHECKS if key.startswith("role_filled_")]
    seen = System.objects.visible_to(person).in_use().exclude(slug=PORTAL)
    empty = Outcome.objects.failing_now().filter(system__in=seen, check_key__in=keys)
    found = empty.order_by().aggregate(roles=Count("*"), systems=Count("system", distinct=True), since=Min("since"))
    if not found["roles"]:
        return []
    where = f"{found['systems']} systems" if found["systems"] > 1 else "one system"
    roles = f"{found['roles']} roles of {where} have" if found["roles"] > 1 else f"One role of {where} has"
    sentence = f"{roles} nobody who answers; the longest {_days(found['since'])}."
    return [Need(f"{reverse('report-gaps')}?topic=ownership", "Look at them", sentence, found["since"])]


def _days(since: datetime) -> str:
    count = (timezone.now() - since).days
    return "since today" if count < 1 else f"for {count} day{'s' if count > 1 else ''}"


def _held(person):
    return Holding.objects.current().of(person)


def _gaps(person: Person, roles: dict[System, set[str]], outcomes: list[Found]) -> list[Need]:
    by_key = {system.pk: system for system in roles}
    by_system = defaultdict(list)
    for row in sorted(outcomes, key=lambda row: row.since):
        system = by_key[row.system_id]
        if row.result_now == Outcome.Result.FAIL and _asks(row, roles[system]):
            by_system[system].append(row)
    rights = Rights(person, by_system)
    needs = [need for system, rows in by_system.items() for need in _gaps_of(system, rows, rights)]
    return sorted(needs, key=lambda need: need.since)[:MOST]


def _gaps_of(system: System, rows: list[Found], rights: Rights) -> list[Need]:
    """Return one thing to do for each gap; when there are many, one for all of them.

    Who may not mend it is led to the page of the system, which says what is missing.
    """
    if len(rows) > MOST_GAPS:
        sentence = f"{len(rows)} gaps ask you. {rows[0].why}"
        url = f"{reverse('report-gaps')}?system={system.slug}"
        return [Need(url=url, label="Look at them", sentence=sentence, since=rows[0].since, about=system.name)]
    at_home = system.get_absolute_url()
    return [
        Need(row.url, "Mend it", row.why, row.since, system.name)
        if rights.may_mend(row.url, system)
        else Need(f"{at_home}#{CHECKS[row.check_key].topic}", "Look at it", row.why, row.since, system.name)
        for row in rows
    ]


def _asks(row: Found, roles: set[str]) -> bool:
    if row.check_key == CONFIRMED:  # whoever holds a role is asked by _to_confirm()
        return False
    return row.check_key in CHECKS and CHECKS[row.check_key].for_role in roles


def _notices(person: Person) -> list[Notice]:
    """Return the newest unread notices, one more than are shown where there are more."""
    shown = Notice.objects.unread_by(person).select_related("system")
    return list(shown.only("subject", "text", "url", "at", "system__name")[: MOST + 1])


def _from(notice: Notice) -> Need:
    about = notice.system.name if notice.system else ""
    sentence = notice.subject.removeprefix(f"{about}: ")
    if notice.text and notice.text != sentence:
        sentence = f"{sentence}. {notice.text}"
    return Need(url=notice.url, label="Open", sentence=sentence, since=notice.at, about=about, level=Level.UNMONITORED)
