"""Duties of the registry."""

from datetime import timedelta

from django.db.models.functions import Now
from django.utils import timezone

from mlops_portal.engine.claims import claim
from mlops_portal.engine.duties import duty
from systems.actions.verdict import fold_verdicts
from systems.checking import run_checks
from systems.models import System
from systems.models.system import CHECKS_EVERY

BATCH = 500


@duty(queue="work", every_s=5)
def check() -> int:
    """Run all checks on the systems whose checks are due; return how many systems were judged."""
    due = System.objects.in_use().filter(checks_due_at__lte=Now()).order_by("checks_due_at")
    claimed = claim(due, limit=BATCH, checks_due_at=Now() + CHECKS_EVERY)
    run_checks(System.objects.filter(pk__in=[system.pk for system in claimed]))
    fold_verdicts([system.pk for system in claimed], timezone.now())
    return len(claimed)


@duty(queue="work", every_s=10)
def lapse() -> int:
    """Judge anew the systems on which time alone may move the verdict; return how many were judged."""
    due = System.objects.in_use().filter(verdict_due_at__lte=Now()).order_by("verdict_due_at")
    claimed = claim(due, limit=BATCH, verdict_due_at=Now() + timedelta(minutes=1))
    fold_verdicts([system.pk for system in claimed], timezone.now())
    return len(claimed)
