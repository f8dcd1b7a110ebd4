"""What needs a person: incidents, gaps that ask the role they hold, and notices that nobody has read yet."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from django.urls import reverse

from incidents.models import Incident
from systems.access import may_open
from systems.checking import CHECKS
from systems.models import Group, Holding, Level, Notice, Outcome, Person, System
from systems.readiness import ToDo, to_answer, to_review

MOST = 20  # of each kind; who has more looks at the list behind it
MOST_GAPS = 2  # of one system; more are one thing to do


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


def needs_of(person: Person) -> list[Need]:
    """Return what needs `person`, incidents first; a notice of something that stands here already joins it."""
    needs = [*_incidents(person), *_asked(to_review(person)), *_asked(to_answer(person)), *_gaps(person)]
    by_url = {need.url: need for need in needs}
    for notice in _notices(person):
        if notice.url not in by_url:
            by_url[notice.url] = _from(notice)
            needs.append(by_url[notice.url])
        by_url[notice.url].notices.append(notice.pk)
    return needs


def _incidents(person) -> list[Need]:
    found = Incident.objects.unresolved().visible_to(person).for_list_page(person).open_first()
    if not person.is_in(Group.ON_CALL):
        found = found.filter(pk__in=Incident.objects.filter(systems__holdings__in=_held(person)).values("pk"))
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


def _held(person):
    return Holding.objects.current().of(person)


def _gaps(person) -> list[Need]:
    asked = defaultdict(set)
    for system, role in _held(person).values_list("system", "role"):
        asked[system].add(role)
    failing = Outcome.objects.with_result().filter(
        system__in=System.objects.in_use().filter(pk__in=asked), result_now=Outcome.Result.FAIL
    )
    by_system = defaultdict(list)
    for row in failing.select_related("system"):
        if _asks(row, asked[row.system_id]):
            by_system[row.system].append(row)
    needs = [need for system, rows in by_system.items() for need in _gaps_of(person, system, rows)]
    return sorted(needs, key=lambda need: need.since)[:MOST]


def _gaps_of(person, system: System, rows: list[Outcome]) -> list[Need]:
    """Return one thing to do for each gap; when there are many, one for all of them."""
    if len(rows) <= MOST_GAPS:
        return [
            Need(url=_where(person, row), label="Mend it", sentence=row.why, since=row.since, about=system.name)
            for row in rows
        ]
    sentence = f"{len(rows)} gaps ask you. {rows[0].why}"
    url = f"{reverse('report-gaps')}?system={system.slug}"
    return [Need(url=url, label="Look at them", sentence=sentence, since=rows[0].since, about=system.name)]


def _where(person: Person, row: Outcome) -> str:
    """Return the page where the gap is mended; for who may not, the system's page, which says what is missing."""
    at_home = f"{row.system.get_absolute_url()}#{CHECKS[row.check_key].topic}"
    return row.url if may_open(person, row.url, row.system) else at_home


def _asks(row: Outcome, roles: set[str]) -> bool:
    return row.check_key in CHECKS and CHECKS[row.check_key].for_role in roles


def _notices(person):
    return Notice.objects.unread_by(person).select_related("system")[:MOST]


def _from(notice: Notice) -> Need:
    about = notice.system.name if notice.system else ""
    sentence = notice.subject.removeprefix(f"{about}: ")
    if notice.text and notice.text != sentence:
        sentence = f"{sentence}. {notice.text}"
    return Need(url=notice.url, label="Open", sentence=sentence, since=notice.at, about=about, level=Level.UNMONITORED)
