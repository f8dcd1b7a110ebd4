"""Duties: what the portal does by itself. Declared beside their work, nudged by the tick, stamped when done.

The database is the truth and a message only a nudge: a task carries nothing, it claims. A lost message costs one
lease, a message too many costs nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import uuid4

import structlog
from celery import shared_task
from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F, Value
from django.db.models.functions import Extract, Least, Now
from django.utils import timezone

from mlops_portal.engine.audit import through
from mlops_portal.engine.broker import send
from mlops_portal.engine.claims import claim
from mlops_portal.engine.models import Change, Duty
from mlops_portal.engine.redaction import redact

log = structlog.get_logger(__name__)

SCHEDULER = "scheduler"  # the queue of the tick alone: it is run by the scheduler, not sent
LATE_BY_S = 20  # past its time by this much a duty is late: more than one lost nudge
NUDGE_LEASE_S = 15  # a nudge that came to nothing is repeated after this long


@dataclass(frozen=True)
class Declared:
    """A duty as the code declares it; `work` does one round and returns how many things it did."""

    name: str
    queue: str
    every_s: float
    late_after_s: float
    work: Callable[[], int]


DECLARED: dict[str, Declared] = {}


def duty(*, queue: str, every_s: float, late_after_s: float | None = None):
    """Declare the decorated function a duty, done about every `every_s` seconds by a worker that listens on `queue`.

    The function takes nothing and returns how many things it did. It may run twice at once and be killed anywhere.
    """

    def declare(work: Callable[[], int]) -> Callable[[], int]:
        name = work.__name__
        DECLARED[name] = Declared(name, queue, every_s, late_after_s or every_s + LATE_BY_S, work)
        shared_task(name=name, acks_late=False)(_task_of(name))
        return work

    return declare


def _task_of(name: str) -> Callable[[], None]:
    def task() -> None:
        do(name)

    return task


def enrol() -> None:
    """Give every declared duty its row, with its present interval; forget the rows of duties that are no more."""
    rows = [Duty(name=d.name, queue=d.queue, every_s=d.every_s, late_after_s=d.late_after_s) for d in DECLARED.values()]
    Duty.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["name"], update_fields=["queue", "every_s", "late_after_s"]
    )
    Duty.objects.exclude(name__in=DECLARED).delete()


def do(name: str) -> int:
    """Do one round of a duty and stamp its row; return how many things it did. Its error is stamped and raised."""
    with structlog.contextvars.bound_contextvars(duty=name, duty_id=uuid4().hex[:12]), through(Change.Door.DUTY):
        row = Duty.objects.filter(name=name)
        row.update(started_at=Now(), ahead_s=_ahead_of_the_database())
        try:
            did = DECLARED[name].work() or 0
        except Exception as error:
            row.update(error=_in_words(error)[:500], **_next_round())
            log.exception("duty failed")
            raise
        row.update(finished_at=Now(), did=did, error="", **_next_round())
        log.debug("duty done", did=did)
        return did


def _next_round() -> dict:
    return {"lease_until": None, "due_at": Now() + F("every_s") * timedelta(seconds=1)}


def _ahead_of_the_database():
    """Return, as an expression, the seconds by which this process' clock is before the database's."""
    return Extract(ExpressionWrapper(Value(timezone.now()) - Now(), DurationField()), "epoch")


def tick() -> list[str]:
    """Nudge every duty that is due; return their names. Harmless when several processes tick at once."""
    due = Duty.objects.due().exclude(queue=SCHEDULER)
    nudged = [row.name for row in claim(due, limit=100, lease_until=Now() + timedelta(seconds=NUDGE_LEASE_S))]
    for name in nudged:
        send(name, queue=DECLARED[name].queue, expires_s=NUDGE_LEASE_S)
    return nudged


def nudge(name: str) -> None:
    """Wake a duty as soon as the running transaction is committed; best effort, since the tick comes anyway."""
    transaction.on_commit(partial(_nudge_now, name), robust=True)


def _nudge_now(name: str) -> None:
    Duty.objects.filter(name=name).update(due_at=Least(F("due_at"), Now()))
    send(name, queue=DECLARED[name].queue, expires_s=NUDGE_LEASE_S)


def do_all_once() -> dict[str, int | str]:
    """Do every duty but the tick once in this process, without Celery; return what each did, or its error in words."""
    done: dict[str, int | str] = {}
    for name in (d.name for d in DECLARED.values() if d.queue != SCHEDULER):
        try:
            done[name] = do(name)
        except Exception as error:  # one broken duty must not keep the others from their turn
            done[name] = _in_words(error)
    return done


def _in_words(error: Exception) -> str:
    return redact(f"{type(error).__name__}: {error}")
