"""Naming who holds a role, and confirming it."""

from datetime import datetime

from django.db import transaction

from mlops_portal.engine.audit import record
from mlops_portal.engine.versions import locked
from systems.actions.readiness import lapse_reviews
from systems.actions.registry import recheck
from systems.models import Holding, Role, System, Topic


@transaction.atomic
def assign_role(
    *, system: System, role: str, person, deputy=None, note: str = "", by, at: datetime, seen: int | None = None
) -> Holding:
    """Make `person` the holder of `role` from `at` on, ending the present holding; return the new one.

    When it is so already, nothing changes. Raises Stale when `seen` is not the version of the present holding.
    """
    System.objects.select_for_update().get(pk=system.pk)
    before = Holding.objects.current().filter(system=system, role=role).select_related("person", "deputy").first()
    if before and seen is not None:
        locked(before, seen)
    if before and (before.person, before.deputy, before.note) == (person, deputy, note):
        return before
    Holding.objects.current().filter(system=system, role=role).update(to=at)
    holding = Holding.objects.create(
        system=system,
        role=role,
        person=person,
        deputy=deputy,
        note=note,
        from_at=at,
        confirmed_at=at,
        version=before.version + 1 if before else 1,  # the whole chain counts on: an old page is stale for ever
    )
    record(
        by=by, verb="assigned", kind="role", object=role, system=system, before=_facts(before), after=_facts(holding)
    )
    recheck(system)
    if before and before.person != person:
        because = f"the {Role(role).label.lower()} is {person} now, no longer {before.person}."
        lapse_reviews(system=system, topic=Topic.OWNERSHIP, because=because, at=at)
    return holding


@transaction.atomic
def vacate_role(*, system: System, role: str, by, at: datetime) -> None:
    """End the present holding of the role, so that nobody holds it."""
    System.objects.select_for_update().get(pk=system.pk)
    before = Holding.objects.current().filter(system=system, role=role).select_related("person", "deputy").first()
    if before is None:
        return
    Holding.objects.filter(pk=before.pk).update(to=at)
    record(by=by, verb="vacated", kind="role", object=role, system=system, before=_facts(before))
    recheck(system)
    because = f"nobody is the {Role(role).label.lower()} now; it was {before.person}."
    lapse_reviews(system=system, topic=Topic.OWNERSHIP, because=because, at=at)


@transaction.atomic
def confirm_role(*, holding: Holding, by, at: datetime, seen: int | None = None) -> Holding:
    """Record that the holder still answers for it. Raises Stale when `seen` is not the holding's version."""
    holding = locked(holding, seen)
    holding.confirmed_at = at
    holding.version += 1
    holding.save(update_fields=["confirmed_at", "version"])
    record(by=by, verb="confirmed", kind="role", object=holding.role, system=holding.system)
    return holding


def _facts(holding: Holding | None) -> dict | None:
    if holding is None:
        return None
    return {"person": holding.person.username, "deputy": getattr(holding.deputy, "username", None)}
