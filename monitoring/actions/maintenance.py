"""Maintenance: a time in which alerts of a system open no incident."""

from datetime import datetime, timedelta

from django.db import transaction

from mlops_portal.engine.audit import record
from mlops_portal.engine.duties import nudge
from monitoring.models import Maintenance
from systems.models import System

LONGEST = timedelta(days=31)


class BadMaintenance(ValueError):
    """Times that cannot be; `field` is the one that is wrong, the text one sentence for people."""

    def __init__(self, field: str, sentence: str):
        super().__init__(sentence)
        self.field = field


class Over(Exception):
    """It has ended already."""


@transaction.atomic
def plan_maintenance(*, system: System, from_at: datetime, to_at: datetime, why: str, by, at: datetime) -> Maintenance:
    """Let alerts of the system open no incident from `from_at` to `to_at`; return it. Raises BadMaintenance."""
    if to_at <= max(from_at, at):
        raise BadMaintenance("to", "It has to end after it begins, and after now.")
    if to_at - from_at > LONGEST:
        raise BadMaintenance("to", f"At most {LONGEST.days} days: what is silenced longer is forgotten.")
    planned = Maintenance.objects.create(system=system, from_at=from_at, to_at=to_at, why=why, by=by)
    after = {"from": from_at.isoformat(), "to": to_at.isoformat(), "why": why}
    record(by=by, verb="planned", kind="maintenance", object=why, system=system, after=after)
    return planned


@transaction.atomic
def end_maintenance(*, maintenance: Maintenance, by, at: datetime) -> Maintenance:
    """End it now, or call it off where it has not begun; return it. Raises Over."""
    maintenance = Maintenance.objects.select_for_update(of=("self",)).select_related("system").get(pk=maintenance.pk)
    if maintenance.to_at <= at:
        raise Over("It has ended already.")
    before = maintenance.to_at
    maintenance.to_at, maintenance.ended_by = max(at, maintenance.from_at), by
    maintenance.save(update_fields=["to_at", "ended_by"])
    record(
        by=by,
        verb="ended",
        kind="maintenance",
        object=maintenance.why,
        system=maintenance.system,
        before={"to": before.isoformat()},
        after={"to": maintenance.to_at.isoformat()},
    )
    nudge("respond")
    return maintenance
