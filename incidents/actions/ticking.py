"""Ticking the steps of a runbook during an incident. Each tick is an entry of the timeline, so is each untick."""

from datetime import datetime

from django.db import transaction

from incidents.actions.opening import append
from incidents.following import ticks_of
from incidents.models import Entry, Incident
from systems.models import RunbookVersion, System
from systems.runbooks import steps_of


class NoSuchStep(Exception):
    """The text has no step of this number, or it is not about a system of the incident."""


@transaction.atomic
def tick(
    *, incident: Incident, system: System, situation: str, version: int, step: int, done: bool = True, by, at: datetime
) -> Entry | None:
    """Write that a step was done, or with `done` False that it was not; return the entry.

    None when it stands so already: of two people who tick at once the first is written. Raises NoSuchStep.
    """
    incident = Incident.objects.select_for_update().get(pk=incident.pk)
    words = _words(incident, system, situation, version, step)
    before = ticks_of(incident).get((system.slug, situation, version, step))
    if done == bool(before and before.data["done"]):
        return None
    data = {"system": system.slug, "situation": situation, "version": version, "step": step, "done": done}
    text = words if done else f"Not done after all: {words}"
    return append(incident=incident, kind=Entry.Kind.STEP, text=text, data=data, by=by, at=at)


def _words(incident: Incident, system: System, situation: str, version: int, step: int) -> str:
    texts = RunbookVersion.objects.filter(runbook__system=system, runbook__situation=situation, n=version)
    text = texts.filter(runbook__system__in=incident.systems.all()).first()
    steps = steps_of(text.body) if text else []
    if not 0 <= step < len(steps):
        raise NoSuchStep
    return steps[step]
