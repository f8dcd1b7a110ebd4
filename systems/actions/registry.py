"""Registering, editing and retiring systems."""

from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from mlops_portal.engine.audit import differences, record
from mlops_portal.engine.duties import nudge
from mlops_portal.engine.versions import locked
from systems.actions.verdict import FIELDS, fold_verdicts
from systems.checking import CHECKS, run_checks
from systems.models import OldSlug, Phase, System
from systems.models.system import PORTAL

EDITABLE = ("slug", "name", "purpose", "tier", "team", "restricted", "tags", "links")


def _facts(system: System) -> dict:
    return {field: getattr(system, field) for field in EDITABLE} | {"team": system.team.slug}


_waiting: ContextVar[dict | None] = ContextVar("waiting", default=None)


@contextmanager
def judged_once(*, at: datetime | None = None):
    """Let many actions be followed by one judgement of each system that they touched; none where they fail.

    It is as of the moment `at` (None: now). Within another it waits for that one's end, and is as of its moment.
    """
    if _waiting.get() is not None:
        yield
        return
    waiting: dict[tuple[int, str], System] = {}
    token = _waiting.set(waiting)
    try:
        yield
    finally:
        _waiting.reset(token)
    for one in {app for _, app in waiting}:
        _judge([system for (_, app), system in waiting.items() if app == one], app=one, at=at)


def recheck(system: System, *, app: str = "systems", at: datetime | None = None) -> None:
    """Judge the system by the checks of `app` at once, and leave it due for those of the other floors.

    Within judged_once() that waits until its end.
    """
    waiting = _waiting.get()
    if waiting is not None:
        waiting[system.pk, app] = system
        return
    _judge([system], app=app, at=at)


def _judge(systems: list[System], *, app: str, at: datetime | None) -> None:
    """Judge many systems in a fixed number of queries; those who hold the rows see their new verdicts."""
    own = [key for key, one in CHECKS.items() if one.judge.__module__.partition(".")[0] == app]
    found = System.objects.filter(pk__in=[system.pk for system in systems])
    run_checks(found, keys=own, at=at)
    with transaction.atomic(savepoint=False):  # it locks them in one order for all; an update of many alone has none
        fold_verdicts([system.pk for system in systems], at or timezone.now())
        found.update(checks_due_at=Now())
    now = found.in_bulk()
    for system in systems:
        for field in (*FIELDS, "verdict_since"):
            setattr(system, field, getattr(now[system.pk], field))
    nudge("check")


class SlugTaken(IntegrityError):
    """The name leads to another system, which had it before."""


def _refuse_taken(system: System) -> None:
    """Asked after the name is written: a rename at this very moment has let go of it by then, and left its trace."""
    if OldSlug.objects.filter(slug__iexact=system.slug).exclude(system=system).exists():
        raise SlugTaken(f"{system.slug} is the former name of another system.")


@transaction.atomic
def register_system(*, by, at: datetime, **facts) -> System:
    """Put a new system into the registry and return it. `facts` are fields of EDITABLE, and `phase`.

    Raises IntegrityError when the slug is another system's, or was once.
    """
    system = System.objects.create(registered_at=at, **facts)
    _refuse_taken(system)
    record(by=by, verb="registered", kind="system", object=system.slug, system=system, after=_facts(system))
    recheck(system)
    return system


@transaction.atomic
def edit_system(*, system: System, by, at: datetime, seen: int | None = None, **facts) -> System:
    """Change `facts` (fields of EDITABLE) and return the system; a slug that it had leads to it for ever.

    Raises Stale when `seen` is not its version, IntegrityError when a new slug is another system's, or was once,
    ValidationError for a new slug of the portal itself.
    """
    system = locked(system, seen)
    before = _facts(system)
    if system.is_portal and facts.get("slug", PORTAL) != PORTAL:
        raise ValidationError({"slug": ["The portal itself keeps its short name."]})
    for field, value in facts.items():
        setattr(system, field, value)
    old, new = differences(before, _facts(system))
    if not new:
        return system
    system.version += 1
    system.save(update_fields=[*facts, "version"])
    if "slug" in new:
        _keep_old_slug(system, old["slug"], at)
    record(by=by, verb="edited", kind="system", object=system.slug, system=system, before=old, after=new)
    recheck(system)
    return system


def _keep_old_slug(system: System, slug: str, at: datetime) -> None:
    _refuse_taken(system)
    system.old_slugs.filter(slug=system.slug).delete()  # it has its old name back
    system.old_slugs.create(slug=slug, until=at)


@transaction.atomic
def retire_system(*, system: System, by, at: datetime, seen: int | None = None) -> System:
    """Take the system out of use, keeping its history; moving it into a phase brings it back.

    Raises Stale when `seen` is not its version.
    """
    system = locked(system, seen)
    if system.retired_at is None:
        system.phase_moves.create(from_phase=system.phase, to_phase=Phase.RETIRED, by=by, at=at)
        system.retired_at, system.phase = at, Phase.RETIRED
        system.version += 1
        system.save(update_fields=["retired_at", "phase", "version"])
        record(by=by, verb="retired", kind="system", object=system.slug, system=system)
    return system
