"""What people do about an incident: each step once, by whoever was first."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from incidents.actions.condition import report
from incidents.actions.opening import append
from incidents.models import Entry, Incident
from mlops_portal.engine.versions import locked


class AlreadyDone(Exception):
    """Somebody was first, or the incident is past this step."""


def acknowledge(*, incident: Incident, by, at: datetime, seen: int | None = None) -> Incident:
    """Record that `by` is on it and return the incident. Raises AlreadyDone, or Stale when `seen` is old."""
    return _step(incident, "acknowledged", Entry.Kind.ACKNOWLEDGED, by, at, seen)


def mitigate(*, incident: Incident, by, at: datetime, text: str = "", seen: int | None = None) -> Incident:
    """Record that the harm has stopped and return the incident. Raises AlreadyDone, or Stale when `seen` is old."""
    return _step(incident, "mitigated", Entry.Kind.MITIGATED, by, at, seen, text)


def resolve(*, incident: Incident, by, at: datetime, text: str, seen: int | None = None) -> Incident:
    """Record that it is over, with what was done, and return the incident. Raises AlreadyDone, or Stale."""
    return _step(incident, "resolved", Entry.Kind.RESOLVED, by, at, seen, text)


@transaction.atomic
def _step(incident, step: str, kind: str, by, at: datetime, seen: int | None, text: str = "") -> Incident:
    incident = locked(incident, seen)
    open_for_it = Incident.objects.filter(pk=incident.pk, resolved_at=None, **{f"{step}_at": None})
    if not open_for_it.update(version=F("version") + 1, **{f"{step}_at": at, f"{step}_by": by}):
        raise AlreadyDone(f"Incident {incident.number} is already {incident.state}.")
    append(incident=incident, kind=kind, text=text, by=by, at=at)
    for system in incident.systems.all():
        report(system=system, at=at)
    incident.refresh_from_db()
    return incident


@transaction.atomic
def write_note(*, incident: Incident, text: str, by, at: datetime) -> Entry:
    """Append what `by` wrote to the timeline and return the entry."""
    return append(incident=incident, kind=Entry.Kind.NOTE, text=text, by=by, at=at)
