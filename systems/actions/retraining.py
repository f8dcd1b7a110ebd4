"""Planning when a model is trained again, and recording that it was."""

from datetime import datetime

from django.db import transaction

from mlops_portal.engine.audit import differences, record
from mlops_portal.engine.versions import Stale
from systems.actions.registry import recheck
from systems.actions.versions import AlreadyThere
from systems.models import ModelVersion, Retraining, RetrainingRun, System

PLAN = ("policy", "every_days", "triggers", "who")


@transaction.atomic
def set_retraining(
    *,
    system: System,
    policy: str,
    who: str,
    every_days: int | None = None,
    triggers: list[str] | None = None,
    by,
    at: datetime,
    seen: int | None = None,
) -> Retraining:
    """Make this the plan and return it. Raises Stale when `seen` (0: no plan yet) is not the version that stands."""
    System.objects.select_for_update().get(pk=system.pk)
    plan = Retraining.objects.filter(system=system).first() or Retraining(system=system, version=0)
    if seen is not None and plan.version != seen:
        raise Stale(plan)
    facts = {"policy": policy, "every_days": every_days, "triggers": triggers or [], "who": who}
    old, new = differences(_facts(plan), facts)
    if plan.version and not new:
        return plan
    for name, value in facts.items():
        setattr(plan, name, value)
    plan.set_at, plan.version = at, plan.version + 1
    plan.save()
    record(by=by, verb="planned", kind="retraining", object=system.slug, system=system, before=old, after=new)
    recheck(system)
    return plan


def _facts(plan: Retraining) -> dict:
    return {name: getattr(plan, name) for name in PLAN}


@transaction.atomic
def record_run(
    *,
    system: System,
    cause: str,
    by,
    at: datetime,
    before: float | None = None,
    after: float | None = None,
    version: ModelVersion | None = None,
    note: str = "",
) -> RetrainingRun:
    """Record that the model was trained again at the moment `at`. Raises AlreadyThere for a moment that has a run."""
    System.objects.select_for_update().get(pk=system.pk)
    there = RetrainingRun.objects.filter(system=system, at=at).first()
    if there:
        raise AlreadyThere(there)
    facts = {"cause": cause, "before": before, "after": after, "note": note}
    run = RetrainingRun.objects.create(system=system, at=at, model_version=version, by=by, **facts)
    said = facts | {"at": at.isoformat(), "version": version and version.name}
    record(by=by, verb="recorded", kind="retraining run", object=at.isoformat(), system=system, after=said)
    recheck(system)
    return run
