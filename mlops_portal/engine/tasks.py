"""The engine's own duties: the tick, and keeping the house."""

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.db.models.functions import Now

from mlops_portal.engine import duties, hearing  # noqa: F401  a worker that loads its duties listens to itself
from mlops_portal.engine.models import IdempotencyKey

IDEMPOTENCY_KEPT = timedelta(hours=24)


@duties.duty(queue=duties.SCHEDULER, every_s=1, late_after_s=5)
def tick() -> int:
    """Nudge what is due. Run by the scheduler in its own process (mlops_portal.celery.InProcessScheduler)."""
    return len(duties.tick())


@duties.duty(queue="work", every_s=60)
def keep() -> int:
    """Drop what has had its time: sessions, answers kept for repeated requests."""
    sessions, _ = Session.objects.filter(expire_date__lt=Now()).delete()
    keys, _ = IdempotencyKey.objects.filter(at__lt=Now() - IDEMPOTENCY_KEPT).delete()
    return sessions + keys
