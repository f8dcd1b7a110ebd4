"""Duties of the registry."""

from django.db.models.functions import Now

from mlops_portal.engine.claims import claim
from mlops_portal.engine.duties import duty
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
    return len(claimed)
