"""What people do about an incident: each step once, by whoever was first, and never back."""

from datetime import datetime

from django.db import transaction

from incidents.actions.condition import report
from incidents.actions.counting import count_as_drill
from incidents.actions.opening import append
from incidents.models import Entry, Incident
from mlops_portal.engine.versions import locked
from monitoring.actions.alerts import settle
from monitoring.models import Alert
from systems.actions.registry import recheck

State = Incident.State


class AlreadyDone(Exception):
    """The incident is at this step or past it; `now` is the incident as it stands."""

    def __init__(self, now: Incident):
        super().__init__(now.last_step_sentence())
        self.now = now


def acknowledge(*, incident: Incident, by, at: datetime, seen: int | None = None) -> Incident:
    """Record that `by` is on it and return the incident. Raises AlreadyDone, or Stale when `seen` is old."""
    return _step(incident, State.ACKNOWLEDGED, by, at, seen)


def mitigate(*, incident: Incident, by, at: datetime, text: str = "", seen: int | None = None) -> Incident:
    """Record that the harm has stopped and return the incident. Raises AlreadyDone, or Stale when `seen` is old."""
    return _step(incident, State.MITIGATED, by, at, seen, text)


def resolve(*, incident: Incident, by, at: datetime, text: str, seen: int | None = None) -> Incident:
    """Record that it is over, with what was done, and return the incident. Raises AlreadyDone, or Stale."""
    return _step(incident, State.RESOLVED, by, at, seen, text)


@transaction.atomic
def _step(incident: Incident, step: State, by, at: datetime, seen: int | None, text: str = "") -> Incident:
    incident = locked(incident, seen)
    if not incident.is_before(step):
        raise AlreadyDone(incident)
    if not incident.acknowledged_at:  # whoever takes a later step is on it as well
        incident.acknowledged_at, incident.acknowledged_by = at, by
    setattr(incident, f"{step.value}_at", at)
    setattr(incident, f"{step.value}_by", by)
    incident.version += 1
    incident.save()
    if step == State.RESOLVED:
        settle(Alert.objects.filter(membership__incident=incident), at=at)
    still_open = incident.memberships.still_open().count() if step == State.RESOLVED else 0
    data = {"alerts_open": still_open} if still_open else None
    append(incident=incident, kind=Entry.Kind(step.value), text=text, data=data, by=by, at=at)
    if step == State.RESOLVED and incident.situation:
        count_as_drill(incident, by=by, text=text)
    for system in incident.systems.all():  # in the order of their names, so that two steps never wait for each other
        report(system=system, at=at)
        recheck(system, app="incidents")
    return incident


@transaction.atomic
def write_note(*, incident: Incident, text: str, by, at: datetime) -> Entry:
    """Append what `by` wrote to the timeline and return the entry."""
    return append(incident=incident, kind=Entry.Kind.NOTE, text=text, by=by, at=at)
