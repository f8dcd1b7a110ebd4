"""What a holding of a role has to be like, and how a role's chain reads. Reads only."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.core.exceptions import ValidationError

from mlops_portal.engine.texts import plain_line
from systems.models import Holding, Person, Role, System

LONGEST_NOTE = 300
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
        "person": _wrong_with(terms.person, at),
        "deputy": _wrong_deputy(terms, at),
        "from": _wrong_beginning(terms, chain, at),
        "until": _wrong_end(terms, chain, at),
        "note": _wrong_note(terms.note),
    }
    return {field: [sentence] for field, sentence in found.items() if sentence}


def _wrong_with(person: Person, at: datetime) -> str:
    if person.may_answer(at):
        return ""
    if person.service:
        return f"{person} is a program: name a person."
    if not person.is_active:
        return f"{person} may no longer sign in: name somebody else."
    return f"{person} left on {day(person.until)}: name somebody else."


def _wrong_deputy(terms: Terms, at: datetime) -> str:
    if terms.deputy is None:
        return ""
    if terms.deputy == terms.person:
        return OTHER_DEPUTY
    return _wrong_with(terms.deputy, at)


def _wrong_beginning(terms: Terms, chain: list[Holding], at: datetime) -> str:
    if terms.from_at is None:
        return ""
    if terms.from_at > at:
        return "This moment is still to come: hand it over then, and give the present holder a known end until then."
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


def _wrong_note(note: str) -> str:
    if len(note) > LONGEST_NOTE:
        return f"At most {LONGEST_NOTE} characters; this has {len(note)}."
    try:
        plain_line(note)
    except ValidationError as error:
        return error.message
    return ""


def day(at: datetime) -> str:
    """Return the day in UTC, in words: "3 March 2026"."""
    return f"{at.day} {at:%B %Y}"


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


def ownership_of(roles: list[tuple[Role, Holding | None]], *, at: datetime) -> Ownership:
    """Return how the roles of a system, as System.roles() has them, stand at the moment `at`."""
    held = [holding for _, holding in roles if holding]
    here = [one for one in held if one.person.is_active and (one.ends_at is None or one.ends_at > at)]
    if not here:
        return Ownership(held, "Nobody answers for it in any of the five roles.", at)
    late = sum(one.confirm_by <= at for one in here)
    oldest = min(one.confirmed_at for one in here)
    said = f"{late} of them not confirmed in time" if late else "each confirmed in time"
    sentence = f"{len(here)} of {len(roles)} roles are held, {said}; the oldest confirmation is of {day(oldest)}."
    return Ownership(held, sentence, at)
