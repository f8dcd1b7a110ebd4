"""What a holding of a role has to be like, and how a role's chain reads. Reads only."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from mlops_portal.engine.texts import plain_line
from systems.models import Feed, HandOver, Holding, Person, Role, System

LONGEST_NOTE = 300
LONGEST_AHEAD = timedelta(days=730)  # what is further off is no plan
SHORTEST_GAP = timedelta(days=1)  # what is emptied and filled within a day was not empty
OTHER_DEPUTY = "A deputy is somebody else than the holder."


@dataclass(frozen=True)
class Terms:
    """Who is to hold a role, and how: `until` is the known end, `from_at` None begins now or stays as it is."""

    person: Person
    deputy: Person | None = None
    until: datetime | None = None
    note: str = ""
    from_at: datetime | None = None


def wrong_in(terms: Terms, chain: list[Holding], *, at: datetime) -> dict[str, list[str]]:
    """Return what is wrong with the terms at the moment `at`, as sentences by field; empty when nothing is.

    `chain` are the two newest holdings of the role, the newest first.
    """
    found = {
        "person": wrong_with(terms.person, at),
        "deputy": _wrong_deputy(terms, at),
        "from": _wrong_beginning(terms, chain, at),
        "until": _wrong_end(terms, chain, at),
        "note": wrong_note(terms.note),
    }
    return {field: [sentence] for field, sentence in found.items() if sentence}


def wrong_in_plan(terms: Terms, present: Holding | None, *, at: datetime) -> dict[str, list[str]]:
    """Return what is wrong, at the moment `at`, with taking a role over at the later moment `terms.from_at`, by field.

    `present` is the holding that lasts until then.
    """
    begins = terms.from_at or at
    holds_it = present is not None and present.person == terms.person
    found = {
        "person": f"{terms.person} holds it already." if holds_it else wrong_with(terms.person, begins),
        "deputy": _wrong_deputy(terms, begins),
        "from": "Plan at most two years ahead." if begins - at > LONGEST_AHEAD else "",
        "until": "It would end before it begins." if terms.until and terms.until <= begins else "",
        "note": wrong_note(terms.note),
    }
    return {field: [sentence] for field, sentence in found.items() if sentence}


def wrong_with(person: Person, at: datetime) -> str:
    """Return why the person can answer for nothing at the moment, as a sentence, or an empty string."""
    if person.may_answer(at):
        return ""
    if person.service:
        return f"{person} is a program: name a person."
    if not person.is_active:
        return f"{person} may no longer sign in: name somebody else."
    return f"{person} leaves on {day(person.until)}: name somebody else."


def _wrong_deputy(terms: Terms, at: datetime) -> str:
    if terms.deputy is None:
        return ""
    if terms.deputy == terms.person:
        return OTHER_DEPUTY
    return wrong_with(terms.deputy, at)


def _wrong_beginning(terms: Terms, chain: list[Holding], at: datetime) -> str:
    if terms.from_at is None:
        return ""
    if terms.from_at > at:
        return "This moment is still to come: that is planned, not done."
    earlier = _comes_before(terms, chain)
    if earlier and earlier.to is None and terms.from_at < earlier.from_at:
        return f"{earlier.person} holds it since {moment(earlier.from_at)}: nobody can follow before that."
    if earlier and earlier.to and terms.from_at < earlier.to:
        return f"{earlier.person} held it until {moment(earlier.to)}: it cannot begin before that."
    return ""


def _comes_before(terms: Terms, chain: list[Holding]) -> Holding | None:
    """Return the holding that the terms' own would follow: for the present holder the one before theirs."""
    goes_on = chain and chain[0].to is None and chain[0].person == terms.person
    rest = chain[1:] if goes_on else chain
    return rest[0] if rest else None


def _wrong_end(terms: Terms, chain: list[Holding], at: datetime) -> str:
    if terms.until is None:
        return ""
    goes_on = chain and chain[0].to is None and chain[0].person == terms.person
    begins = terms.from_at or (chain[0].from_at if goes_on else at)
    if terms.until <= begins:
        return "It would end before it begins."
    return "This day has passed: give one that is still to come, or none." if terms.until <= at else ""


def wrong_note(note: str) -> str:
    """Return what is wrong with a note, as a sentence, or an empty string."""
    if len(note) > LONGEST_NOTE:
        return f"At most {LONGEST_NOTE} characters; this has {len(note)}."
    try:
        plain_line(note)
    except ValidationError as error:
        return error.message
    return ""


def version_of(system: System, role: str, present: Holding | None) -> int:
    """Return the version that whoever changes the role must have seen; 0 while nobody holds it nor is to.

    `present` is the holding that lasts.
    """
    if present:
        return present.version
    return HandOver.objects.filter(system=system, role=role).values_list("version", flat=True).first() or 0


def held_by(person: Person) -> list[Holding]:
    """Return what the person holds or is a deputy of in systems in use, the confirmation that is due first in front."""
    held = Holding.objects.current().in_use().of(person).with_confirm_by()
    return with_plans(held.select_related("system", "person", "deputy").order_by("confirm_by", "system", "role"))


def with_plans(held: Iterable[Holding]) -> list[Holding]:
    """Return the holdings, each with what is planned for its role as `plan`, or None; one query."""
    held = list(held)
    found = HandOver.objects.filter(system__in={one.system_id for one in held}).with_people()
    plans = {(one.system_id, one.role): one for one in found}
    for one in held:
        one.plan = plans.get((one.system_id, one.role))
    return held


def feeds_of(person: Person) -> QuerySet[Feed]:
    """Return the feeds that the person owns, and that go on to others when they leave."""
    return Feed.objects.in_use().filter(owner=person).order_by("slug")


def day(at: datetime) -> str:
    """Return the day in UTC, in words: "3 March 2026"."""
    return f"{at.day} {at:%B %Y}"


def asks_deputy(holding: Holding, at: datetime) -> str:
    """Return what is asked of the deputy of a holding that is Holding.unanswered() at the moment, as sentences."""
    person, role = holding.person, holding.role_words
    if holding.is_filled(at):
        due = f"{person} was to confirm being the {role} by {day(holding.confirm_by)} and has not."
        return f"{due} As the deputy, say whether it is still so."
    ended = holding.ends_at is not None and holding.ends_at <= at and person.is_active
    out = f"{person} was the {role} until {day(holding.ends_at)}." if ended else f"{person} may no longer sign in."
    return f"{out} As the deputy you answer as the {role} until somebody is named."


def last_moment(of_day: date) -> datetime:
    """Return the end of the day in UTC: until then who leaves on it is here."""
    return datetime.combine(of_day, time(23, 59, 59), UTC)


def moment(at: datetime) -> str:
    return f"{day(at)}, {at:%H:%M} UTC"


@dataclass(frozen=True)
class Link:
    """One holding of a chain, or with `holding` None a time in which nobody held the role; `to` None lasts."""

    holding: Holding | None
    from_at: datetime
    to: datetime | None


@dataclass(frozen=True)
class Chain:
    """Everybody who held a role, the newest first, with the times in which nobody did."""

    now: Holding | None
    links: list[Link]
    at: datetime

    @property
    def empty_since(self) -> datetime | None:
        """Since when the role has had nobody who is here; None while somebody is."""
        if self.now is None:
            return self.links[0].from_at
        return self.now.ends_at if self.has_ended else None

    @property
    def empty_days(self) -> int:
        """For how many whole days the role has had nobody who is here."""
        return (self.at - self.empty_since).days if self.empty_since else 0

    @property
    def has_ended(self) -> bool:
        """Whether the end that was known has come, and nobody was named after it."""
        return self.now is not None and self.now.ends_at is not None and self.now.ends_at <= self.at

    @property
    def is_overdue(self) -> bool:
        return self.now is not None and self.now.confirm_by <= self.at


def chain_of(system: System, role: str, *, at: datetime) -> Chain:
    """Return the chain of the role as it stands at the moment `at`."""
    held = list(Holding.objects.chain(system, role).with_confirm_by().select_related("replaced_by__person"))
    links: list[Link] = []
    end = None
    for holding in [*held, None]:
        emptied = holding.to if holding else system.registered_at
        if emptied and (end is None or end - emptied >= SHORTEST_GAP):
            links.append(Link(None, emptied, end))
        if holding:
            links.append(Link(holding, holding.from_at, holding.to))
            end = holding.from_at
    now = held[0] if held and held[0].to is None else None
    return Chain(now, links, at)


@dataclass(frozen=True)
class Ownership:
    """What the ownership section of a system's page shows: who holds a role, and one sentence."""

    held: list[Holding]
    sentence: str
    at: datetime
    planned: list[HandOver] = field(default_factory=list)


def ownership_of(roles: list[tuple[Role, Holding | None]], planned: list[HandOver], *, at: datetime) -> Ownership:
    """Return how the roles of a system, as System.roles() has them, stand at the moment `at`.

    `planned` are the hand-overs to come. Each holding says in `stands_in` which deputy answers instead of the holder.
    """
    held = [holding for _, holding in roles if holding]
    here = [one for one in held if one.is_filled(at)]
    late = sum(one.confirm_by <= at for one in here)
    if here:
        said = f"{late} of them not confirmed in time" if late else "each confirmed in time"
        oldest = min(one.confirmed_at for one in here)
        sentence = f"{len(here)} of {len(roles)} roles are held, {said}; the oldest confirmation is of {day(oldest)}."
    else:
        sentence = "Nobody answers for it in any of the five roles."
    for one in held:
        one.stands_in = None if one.is_filled(at) else one.answers(at)
    return Ownership(held, sentence, at, planned)
