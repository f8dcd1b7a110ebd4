"""Recording that a situation was tried, or came by itself."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from mlops_portal.engine.audit import record
from systems.actions.registry import recheck
from systems.actions.versions import AlreadyThere
from systems.models import Drill, System


@transaction.atomic
def record_drill(
    *, system: System, situation: str, result: str, by, at: datetime, rate: float | None = None, evidence: str = ""
) -> Drill:
    """Record that the situation was tried at the moment `at`, and return that.

    Raises AlreadyThere for a moment at which it was.
    """
    System.objects.select_for_update().get(pk=system.pk)
    there = Drill.objects.filter(system=system, situation=situation, at=at).first()
    if there:
        raise AlreadyThere(there)
    facts = {"situation": situation, "result": result, "rate": rate, "evidence": evidence}
    drill = Drill.objects.create(system=system, at=at, by=by, **facts)
    record(by=by, verb="tried", kind="drill", object=situation, system=system, after=facts | {"at": at.isoformat()})
    recheck(system)
    return drill


@transaction.atomic
def count_incident(
    *, number: int, systems: Iterable[System], situation: str, result: str, by, at: datetime, evidence: str = ""
) -> None:
    """Let the incident of this number count as a drill of the situation, of each of `systems`, once.

    It is brought up to date where it counts already; `evidence` left out stays as it was. An empty situation, and a
    system that is not named any more, take the drill back.
    """
    systems = list(systems) if situation else []
    for drill in Drill.objects.filter(incident=number).exclude(system__in=systems).select_related("system"):
        _take_back(drill, by)
    for system in systems:
        _count(system, number, {"situation": situation, "result": result, "by": by, "at": at}, evidence)


def _take_back(drill: Drill, by) -> None:
    before = {"incident": drill.incident, "result": drill.result, "at": drill.at.isoformat()}
    drill.delete()
    record(by=by, verb="took back", kind="drill", object=drill.situation, system=drill.system, before=before)
    recheck(drill.system)


def _count(system: System, number: int, facts: dict, evidence: str) -> None:
    System.objects.select_for_update().get(pk=system.pk)
    drill = Drill.objects.filter(system=system, incident=number).first() or Drill(system=system, incident=number)
    wanted = facts | {"evidence": evidence or drill.evidence}
    if all(getattr(drill, name) == value for name, value in wanted.items()):
        return
    for name, value in wanted.items():
        setattr(drill, name, value)
    drill.save()
    after = {"incident": number, "result": drill.result, "at": drill.at.isoformat()}
    record(by=facts["by"], verb="counted", kind="drill", object=drill.situation, system=system, after=after)
    recheck(system)
