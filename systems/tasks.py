"""Duties of the registry."""

from datetime import timedelta

from django.db.models.functions import Now
from django.utils import timezone

from mlops_portal.engine.claims import claim
from mlops_portal.engine.duties import duty
from systems.actions.hand_overs import ask_deputies, do_what_is_due
from systems.actions.verdict import fold_verdicts
from systems.checking import run_checks
from systems.models import System
from systems.models.system import CHECKS_EVERY

BATCH = 500
LEASE = timedelta(minutes=1)  # what was claimed and not judged is due again after it


@duty(queue="work", every_s=5)
def check() -> int:
    """Run all checks on the systems whose checks are due; return how many systems were judged."""
    due = System.objects.in_use().filter(checks_due_at__lte=Now()).order_by("checks_due_at")
    claimed = claim(due, limit=BATCH, checks_due_at=Now() + LEASE)
    if not claimed:
        return 0
    mine = System.objects.filter(pk__in=[system.pk for system in claimed])
    run_checks(mine)
    done = fold_verdicts(mine.values_list("pk", flat=True), timezone.now(), skip_locked=True)
    # what was changed meanwhile is due again, and says so by another time
    mine.filter(pk__in=done, checks_due_at=claimed[0].checks_due_at).update(checks_due_at=Now() + CHECKS_EVERY)
    return len(claimed)


@duty(queue="work", every_s=10)
def lapse() -> int:
    """Judge anew the systems on which time alone may move the verdict; return how many were judged."""
    due = System.objects.in_use().filter(verdict_due_at__lte=Now()).order_by("verdict_due_at")
    claimed = claim(due, limit=BATCH, verdict_due_at=Now() + LEASE)
    fold_verdicts([system.pk for system in claimed], timezone.now(), skip_locked=True)
    return len(claimed)


@duty(queue="work", every_s=60)
def hand_over() -> int:
    """Let planned hand-overs whose day has come take force, and ask deputies; return how many roles that touched."""
    now = timezone.now()
    return do_what_is_due(at=now) + ask_deputies(at=now)
