"""Registering, editing and retiring systems."""

from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from mlops_portal.engine.audit import differences, record
from mlops_portal.engine.duties import nudge
from mlops_portal.engine.versions import locked
from systems.actions.verdict import fold_verdict
from systems.checking import CHECKS, run_checks
from systems.models import System

EDITABLE = ("slug", "name", "purpose", "tier", "team", "restricted", "tags", "links")


def _facts(system: System) -> dict:
    return {field: getattr(system, field) for field in EDITABLE} | {"team": system.team.slug}


_waiting: ContextVar[dict | None] = ContextVar("waiting", default=None)


@contextmanager
def judged_once(*, at: datetime | None = None):
    """Let many actions be followed by one judgement of each system that they touched; none where they fail.

    It is as of the moment `at` (None: now).
    """
    waiting: dict[tuple[int, str], System] = {}
    token = _waiting.set(waiting)
    try:
        yield
    finally:
        _waiting.reset(token)
    for (_, app), system in waiting.items():
        recheck(system, app=app, at=at)


def recheck(system: System, *, app: str = "systems", at: datetime | None = None) -> None:
    """Judge the system by the checks of `app` at once, and leave it due for those of the other floors.

    Within judged_once() that waits until its end.
    """
    waiting = _waiting.get()
    if waiting is not None:
        waiting[system.pk, app] = system
        return
    own = [key for key, one in CHECKS.items() if one.judge.__module__.partition(".")[0] == app]
    run_checks(System.objects.filter(pk=system.pk), keys=own, at=at)
    fold_verdict(system, at or timezone.now())
    System.objects.filter(pk=system.pk).update(checks_due_at=Now())
    nudge("check")


@transaction.atomic
def register_system(*, by, at: datetime, **facts) -> System:
    """Put a new system into the registry and return it. `facts` are fields of EDITABLE, and `phase`."""
    system = System.objects.create(registered_at=at, **facts)
    record(by=by, verb="registered", kind="system", object=system.slug, system=system, after=_facts(system))
    recheck(system)
    return system


@transaction.atomic
def edit_system(*, system: System, by, at: datetime, seen: int | None = None, **facts) -> System:
    """Change `facts` (fields of EDITABLE) and return the system. Raises Stale when `seen` is not its version."""
    system = locked(system, seen)
    before = _facts(system)
    for field, value in facts.items():
        setattr(system, field, value)
    old, new = differences(before, _facts(system))
    if not new:
        return system
    system.version += 1
    system.save(update_fields=[*facts, "version"])
    record(by=by, verb="edited", kind="system", object=system.slug, system=system, before=old, after=new)
    recheck(system)
    return system


@transaction.atomic
def retire_system(*, system: System, by, at: datetime, seen: int | None = None) -> System:
    """Take the system out of use, keeping its history. Raises Stale when `seen` is not its version."""
    system = locked(system, seen)
    if system.retired_at is None:
        system.retired_at, system.phase = at, "retired"
        system.version += 1
        system.save(update_fields=["retired_at", "phase", "version"])
        record(by=by, verb="retired", kind="system", object=system.slug, system=system)
    return system
