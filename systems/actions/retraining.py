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


@transaction.atomic
def ask_for_run(*, system: System, by, at: datetime, before: float | None = None, note: str = "") -> RetrainingRun:
    """Enter that changed requirements ask for another training, and return the run; it is open until answered."""
    System.objects.select_for_update().get(pk=system.pk)
    facts = {"cause": RetrainingRun.Cause.REQUIREMENTS.value, "before": before, "note": note}
    run = RetrainingRun.objects.create(system=system, asked_at=at, by=by, **facts)
    record(by=by, verb="asked for", kind="retraining run", object=at.isoformat(), system=system, after=facts)
    recheck(system)
    return run


@transaction.atomic
def answer_run(
    *, run: RetrainingRun, version: ModelVersion, by, at: datetime, before=None, after=None, note: str = ""
) -> RetrainingRun:
    """Record that `version`, trained at the moment `at`, answers the open run, and return the run.

    `before` and `note` left out stay as they were. Raises AlreadyThere when it is answered, or the moment has a run.
    """
    System.objects.select_for_update().get(pk=run.system_id)
    run = RetrainingRun.objects.select_related("system").get(pk=run.pk)
    there = RetrainingRun.objects.filter(system=run.system, at=at).first()
    if not run.is_open or there:
        raise AlreadyThere(there or run)
    run.at, run.model_version, run.after = at, version, after
    run.before = run.before if before is None else before
    run.note = note or run.note
    run.save()
    said = {"version": version.name, "at": at.isoformat(), "before": run.before, "after": after, "note": run.note}
    record(by=by, verb="answered", kind="retraining run", object=at.isoformat(), system=run.system, after=said)
    recheck(run.system)
    return run
