"""Naming who holds a role, handing it over, and confirming it: a dated chain."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from mlops_portal.engine.audit import differences, record
from mlops_portal.engine.versions import Stale, locked
from systems.actions.readiness import in_use, lapse_reviews
from systems.actions.registry import recheck
from systems.models import HandOver, Holding, Person, Role, System, Topic
from systems.ownership import Terms, version_of, wrong_in, wrong_note


def locked_people(*people: Person | None) -> dict[int, Person]:
    """Return the people as they stand, locked: nobody is named while being let out. Always before their systems."""
    ids = {person.pk for person in people if person}
    return {one.pk: one for one in Person.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")}


@transaction.atomic
def assign_role(
    *,
    system: System,
    role: str,
    person: Person,
    deputy: Person | None = None,
    until: datetime | None = None,
    note: str = "",
    from_at: datetime | None = None,
    by,
    at: datetime,
    seen: int | None = None,
) -> Holding:
    """Make it so that `person` holds `role`, with this deputy, known end and note; return the holding.

    Somebody else than the present holder takes it over: the present holding ends at `from_at` (None: now), and the new
    one replaces it; what was planned for a day to come is called off. For the present holder the holding itself is
    brought up to date, and a plan stands. When it is so already, nothing changes. Raises ValidationError by field,
    NotFromHere when the system is retired, Stale when `seen` is not version_of() the role.
    """
    people = locked_people(person, deputy)
    system = in_use(system)
    chain = list(Holding.objects.chain(system, role)[:2])
    before = present(chain, system, role, seen)
    terms = Terms(people[person.pk], people[deputy.pk] if deputy else None, until, note, from_at)
    wrong = wrong_in(terms, chain, at=at)
    if wrong:
        raise ValidationError(wrong)
    if before and before.person_id == person.pk:
        return _bring_up_to_date(before, terms, by, at)
    return hand_on(system, role, chain, terms, by, at, over=call_off(system, role, by))


def present(chain: list[Holding], system: System, role: str, seen: int | None) -> Holding | None:
    """Return the holding that lasts, or None. Raises Stale when the role is not as it was seen."""
    before = chain[0] if chain and chain[0].to is None else None
    if seen is not None and seen != version_of(system, role, before):
        raise Stale(before or (chain[0] if chain else Holding(system=system, role=role, version=0)))
    return before


def _bring_up_to_date(holding: Holding, terms: Terms, by, at: datetime) -> Holding:
    facts = facts_of(holding)
    holding.deputy, holding.until, holding.note = terms.deputy, terms.until, terms.note
    holding.from_at = terms.from_at or holding.from_at
    old, new = differences(facts, facts_of(holding))
    if new:
        holding.version += 1
        holding.deputy_asked_at = None
        holding.save()
        record_role(holding, "edited", by, old, new)
        recheck(holding.system, at=at)
    return holding


def call_off(system: System, role: str, by) -> int:
    """Take back what was planned for the role, if anything was; return the version of it, or 0."""
    plan = HandOver.objects.filter(system=system, role=role).with_people().first()
    if plan is None:
        return 0
    record_role(plan, "called_off_handing_over", by, facts_of(plan), None)
    plan.delete()
    return plan.version


def hand_on(
    system: System, role: str, chain: list[Holding], terms: Terms, by, at: datetime, *, over: int = 0
) -> Holding:
    """Let the role, as the `chain` of its newest holdings has it, go on by `terms`; return the new holding.

    `over` is the version of a plan that is done or called off with it.
    """
    before = chain[0] if chain and chain[0].to is None else None
    begins = terms.from_at or at
    if before:
        begins = max(begins, before.from_at)
        Holding.objects.filter(pk=before.pk).update(to=begins)
    holding = Holding.objects.create(
        system=system,
        role=role,
        person=terms.person,
        deputy=terms.deputy,
        until=terms.until,
        note=terms.note,
        from_at=begins,
        confirmed_at=max(at, begins),
        # the whole chain counts on: an old page is stale for ever
        version=max(chain[0].version if chain else 0, over) + 1,
    )
    if before:
        Holding.objects.filter(pk=before.pk).update(replaced_by=holding)
    record_role(
        holding, "handed_over" if before else "assigned", by, facts_of(before) if before else None, facts_of(holding)
    )
    recheck(system, at=at)
    if before:
        because = f"the {holding.role_words} is {terms.person} now, no longer {before.person}."
        lapse_reviews(system=system, topic=Topic.OWNERSHIP, because=because, at=at)
    return holding


@transaction.atomic
def vacate_role(*, system: System, role: str, note: str = "", by, at: datetime, seen: int | None = None) -> None:
    """End the present holding of the role, so that nobody holds it, and call off what was planned.

    `note` says why. Raises ValidationError for the note, NotFromHere when the system is retired, Stale when `seen` is
    not version_of() the role.
    """
    system = in_use(system)
    before = present(list(Holding.objects.chain(system, role)[:1]), system, role, seen)
    said = wrong_note(note)
    if said:
        raise ValidationError({"note": [said]})
    call_off(system, role, by)
    if before is None:
        recheck(system, at=at)
        return
    Holding.objects.filter(pk=before.pk).update(to=max(at, before.from_at))
    record_role(before, "vacated", by, facts_of(before), {"note": note} if note else None)
    recheck(system, at=at)
    because = f"nobody is the {Role(role).label.lower()} now; it was {before.person}."
    lapse_reviews(system=system, topic=Topic.OWNERSHIP, because=because, at=at)


@transaction.atomic
def confirm_role(*, holding: Holding, by, at: datetime, seen: int | None = None) -> Holding:
    """Record that the holder still answers for it. Raises Stale when `seen` is not the holding's version, or it ended.

    Raises NotFromHere when the system is retired.
    """
    system = in_use(holding.system)
    holding = locked(holding, seen)
    if holding.to is not None:
        raise Stale(holding)
    holding.confirmed_at, holding.deputy_asked_at = at, None
    holding.version += 1
    holding.save(update_fields=["confirmed_at", "deputy_asked_at", "version"])
    record_role(holding, "confirmed", by, None, None)
    recheck(system, at=at)
    return holding


def _moment(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None


def facts_of(holding: Holding | HandOver) -> dict:
    """Return who holds a role, or is to hold it, and how, as the audit trail keeps it."""
    return {
        "person": holding.person.username,
        "deputy": getattr(holding.deputy, "username", None),
        "from": _moment(holding.from_at),
        "until": _moment(holding.until),
        "note": holding.note,
    }


def record_role(holding: Holding | HandOver, verb: str, by, before: dict | None, after: dict | None) -> None:
    """Write a row of the trail about the role."""
    record(by=by, verb=verb, kind="role", object=holding.role, system=holding.system, before=before, after=after)
