"""Recording that a situation was tried."""

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
