"""Naming who holds a role, handing it over, and confirming it: a dated chain."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from mlops_portal.engine.audit import differences, record
from mlops_portal.engine.versions import Stale, locked
from systems.actions.readiness import NotFromHere, in_use, lapse_reviews
from systems.actions.registry import judged_once, recheck
from systems.models import Holding, Person, Role, System, Topic
from systems.ownership import Terms, wrong_in


def _locked_people(*people: Person | None) -> dict[int, Person]:
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
    one replaces it. For the present holder the holding itself is brought up to date. When it is so already, nothing
    changes. Raises ValidationError by field, NotFromHere when the system is retired, Stale when `seen` is not the
    version of the present holding (0: there is none).
    """
    people = _locked_people(person, deputy)
    system = in_use(system)
    chain = list(Holding.objects.chain(system, role)[:2])
    before = _present(chain, system, role, seen)
    terms = Terms(people[person.pk], people[deputy.pk] if deputy else None, until, note, from_at)
    wrong = wrong_in(terms, chain, at=at)
    if wrong:
        raise ValidationError(wrong)
    if before and before.person_id == person.pk:
        return _bring_up_to_date(before, terms, by, at)
    return _hand_on(system, role, chain, terms, by, at)


def _present(chain: list[Holding], system: System, role: str, seen: int | None) -> Holding | None:
    """Return the holding that lasts, or None. Raises Stale when it is not the one that was seen."""
    before = chain[0] if chain and chain[0].to is None else None
    if seen is not None and seen != (before.version if before else 0):
        raise Stale(before or (chain[0] if chain else Holding(system=system, role=role, version=0)))
    return before


def _bring_up_to_date(holding: Holding, terms: Terms, by, at: datetime) -> Holding:
    facts = _facts(holding)
    holding.deputy, holding.until, holding.note = terms.deputy, terms.until, terms.note
    holding.from_at = terms.from_at or holding.from_at
    old, new = differences(facts, _facts(holding))
    if new:
        holding.version += 1
        holding.save()
        _record(holding, "edited", by, old, new)
        recheck(holding.system, at=at)
    return holding


def _hand_on(system: System, role: str, chain: list[Holding], terms: Terms, by, at: datetime) -> Holding:
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
        version=chain[0].version + 1 if chain else 1,  # the whole chain counts on: an old page is stale for ever
    )
    if before:
        Holding.objects.filter(pk=before.pk).update(replaced_by=holding)
    _record(holding, "handed_over" if before else "assigned", by, _facts(before) if before else None, _facts(holding))
    recheck(system, at=at)
    if before:
        because = f"the {holding.role_words} is {terms.person} now, no longer {before.person}."
        lapse_reviews(system=system, topic=Topic.OWNERSHIP, because=because, at=at)
    return holding


@transaction.atomic
def vacate_role(*, system: System, role: str, by, at: datetime) -> None:
    """End the present holding of the role, so that nobody holds it. Raises NotFromHere when the system is retired."""
    system = in_use(system)
    before = Holding.objects.current().filter(system=system, role=role).select_related("person", "deputy").first()
    if before is None:
        return
    Holding.objects.filter(pk=before.pk).update(to=max(at, before.from_at))
    _record(before, "vacated", by, _facts(before), None)
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
    holding.confirmed_at = at
    holding.version += 1
    holding.save(update_fields=["confirmed_at", "version"])
    _record(holding, "confirmed", by, None, None)
    recheck(system, at=at)
    return holding


@transaction.atomic
def confirm_roles(*, seen: dict[int, int], by: Person, at: datetime) -> tuple[list[Holding], int]:
    """Confirm what `by` holds of the holdings in `seen` (id → version as it was shown).

    Returns those confirmed, and how many were left because they changed or ended in the meantime.
    """
    mine = Holding.objects.current().in_use().filter(person=by, pk__in=seen).select_related("system")
    confirmed = []
    with judged_once(at=at):
        for holding in mine.order_by("system_id", "pk"):
            with suppress(Stale, NotFromHere):
                confirmed.append(confirm_role(holding=holding, by=by, at=at, seen=seen[holding.pk]))
    return confirmed, len(seen) - len(confirmed)


@transaction.atomic
def hand_over_all(
    *, leaving: Person, successors: dict[int, Person | None], seen: dict[int, int], note: str = "", by, at: datetime
) -> int:
    """Hand on all that `leaving` holds, as holder or as deputy, to `successors` by holding; return how many went on.

    None leaves one where it is. All or nothing. Raises Stale when what they hold is not what was `seen` (id →
    version), ValidationError with what is wrong by holding: {"holding_7": ["…"]}.
    """
    held = _locked_holdings(leaving, successors)
    if {holding.pk: holding.version for holding in held} != seen:
        raise Stale(leaving)
    wrong: dict[str, list[str]] = {}
    with judged_once(at=at):
        for holding in held:
            successor = successors.get(holding.pk)
            try:
                _hand_on_to(successor, holding, leaving, note, by, at)
            except ValidationError as error:
                wrong[f"holding_{holding.pk}"] = error.messages
        if wrong:
            raise ValidationError(wrong)
    return sum(successors.get(holding.pk) is not None for holding in held)


def _locked_holdings(person: Person, successors: dict[int, Person | None]) -> list[Holding]:
    """Return what the person holds in systems in use; people, then systems locked in everybody's order."""
    held = Holding.objects.current().in_use().of(person)
    named = [one for holding in held.select_related("person", "deputy") for one in (holding.person, holding.deputy)]
    _locked_people(person, *successors.values(), *named)
    list(System.objects.select_for_update().filter(pk__in=held.values("system")).order_by("pk"))
    return list(held.select_related("system", "person", "deputy").order_by("system", "role"))


def _hand_on_to(successor: Person | None, holding: Holding, leaving: Person, note: str, by, at: datetime) -> None:
    if successor is None:
        return
    where: dict[str, Any] = {"system": holding.system, "role": holding.role, "by": by, "at": at}
    if holding.person_id != leaving.pk:
        assign_role(person=holding.person, deputy=successor, until=holding.until, note=holding.note, **where)
        return
    deputy = holding.deputy
    if deputy and (deputy == successor or not deputy.may_answer(at)):
        deputy = None
    assign_role(person=successor, deputy=deputy, note=note, **where)


def recheck_held_by(person: Person, *, at: datetime) -> None:
    """Judge anew the systems in use in which the person holds a role or is a deputy."""
    held = Holding.objects.current().of(person).values("system")
    with judged_once(at=at):
        for system in System.objects.in_use().filter(pk__in=held).order_by("pk"):
            recheck(system)


def _moment(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None


def _facts(holding: Holding) -> dict:
    return {
        "person": holding.person.username,
        "deputy": getattr(holding.deputy, "username", None),
        "from": _moment(holding.from_at),
        "until": _moment(holding.until),
        "note": holding.note,
    }


def _record(holding: Holding, verb: str, by, before: dict | None, after: dict | None) -> None:
    record(by=by, verb=verb, kind="role", object=holding.role, system=holding.system, before=before, after=after)
