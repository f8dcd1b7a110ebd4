"""All that somebody holds at once: confirmed, handed over, judged anew."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from mlops_portal.engine.versions import Stale
from systems.actions.feeds import edit_feed, judge_dependents
from systems.actions.ownership import assign_role, confirm_role, locked_people
from systems.actions.readiness import NotFromHere
from systems.actions.registry import judged_once, recheck
from systems.models import Feed, Holding, Person, System
from systems.ownership import feeds_of, wrong_note, wrong_with


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
    *,
    leaving: Person,
    successors: dict[int, Person | None],
    seen: dict[int, int],
    feeds: dict[int, Person | None] | None = None,
    feeds_seen: dict[int, int] | None = None,
    note: str = "",
    by,
    at: datetime,
) -> int:
    """Hand on all that `leaving` holds, as holder or as deputy, to `successors` by holding, and what they own to those
    of `feeds` by feed; return how many went on.

    None leaves one where it is. All or nothing. Raises Stale when what they hold is not what was `seen` (id →
    version), ValidationError with what is wrong by holding or feed: {"holding_7": ["…"], "feed_2": ["…"]}, or `note`.
    """
    said = wrong_note(note)
    if said:
        raise ValidationError({"note": [said]})
    feeds = feeds or {}
    held = _locked_holdings(leaving, {*successors.values(), *feeds.values()})
    owned = list(feeds_of(leaving).select_for_update(of=("self",)).order_by("pk"))
    if {one.pk: one.version for one in held} != seen or {one.pk: one.version for one in owned} != (feeds_seen or {}):
        raise Stale(leaving)
    wrong: dict[str, list[str]] = {}
    with judged_once(at=at):
        for holding in held:
            try:
                _hand_on_to(successors.get(holding.pk), holding, leaving, note, by, at)
            except ValidationError as error:
                wrong[f"holding_{holding.pk}"] = error.messages
        for feed in owned:
            wrong |= _give_to(feeds.get(feed.pk), feed, by, at)
        if wrong:
            raise ValidationError(wrong)
    went = [successors.get(one.pk) for one in held] + [feeds.get(one.pk) for one in owned]
    return sum(one is not None for one in went)


def _locked_holdings(person: Person, successors: Iterable[Person | None]) -> list[Holding]:
    """Return what the person holds in systems in use; people, then systems locked in everybody's order."""
    held = Holding.objects.current().in_use().of(person)
    named = [one for holding in held.select_related("person", "deputy") for one in (holding.person, holding.deputy)]
    locked_people(person, *successors, *named)
    list(System.objects.select_for_update().filter(pk__in=held.values("system")).order_by("pk"))
    return list(held.select_related("system", "person", "deputy").order_by("system", "role"))


def _give_to(successor: Person | None, feed: Feed, by, at: datetime) -> dict[str, list[str]]:
    """Make the successor, if there is one, the owner of the feed; return what is wrong with that."""
    if successor is None:
        return {}
    wrong = wrong_with(successor, at)
    if wrong:
        return {f"feed_{feed.pk}": [wrong]}
    edit_feed(feed=feed, owner=successor, by=by, at=at)
    return {}


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
    """Judge anew what the person answers for: systems in use, by a role or as a deputy, and those that live on a feed
    of theirs. Deputies are asked anew.
    """
    held = Holding.objects.current().of(person).values("system")
    Holding.objects.current().filter(person=person).update(deputy_asked_at=None)
    with judged_once(at=at):
        for system in System.objects.in_use().filter(pk__in=held).order_by("pk"):
            recheck(system)
    for feed in feeds_of(person):
        judge_dependents(feed)
