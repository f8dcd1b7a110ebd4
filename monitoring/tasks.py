"""Duties of monitoring: what the machines see."""

from datetime import timedelta

import structlog
from django.conf import settings
from django.db.models.functions import Now
from django.utils import timezone

from mlops_portal.engine.claims import claim
from mlops_portal.engine.duties import duty, nudge
from monitoring.actions.backfilling import backfill_due
from monitoring.actions.explaining import explain_due
from monitoring.actions.judging import judge_due, wake_overdue
from monitoring.actions.keeping import close_hours, drop_old, make_ahead
from monitoring.actions.pulling import pull_due
from monitoring.actions.seeing import look
from monitoring.conditions import judge_changed, judge_portal
from monitoring.knocking import knock_at
from monitoring.promises.reality import gaps_of
from systems.actions.reality import report_reality_gaps
from systems.models import System

log = structlog.get_logger(__name__)

BELIEVED_FOR = timedelta(minutes=5)
SERIES_AT_ONCE = 1000
SYSTEMS_AT_ONCE = 200
COMPARE_EVERY = timedelta(hours=6)
PULL_ROUND_S = 60  # late only after this: a round waits for its slowest source, up to its deadline


@duty(queue="pull", every_s=2, late_after_s=PULL_ROUND_S)
def pull() -> int:
    """Ask the sources that are due; return how many pulls came to an end."""
    return pull_due("pull")


@duty(queue="pull", every_s=2, late_after_s=PULL_ROUND_S)
def read_logs() -> int:
    """Read the prediction logs that are due; return how many pulls came to an end."""
    return pull_due("read_logs", limit=8)


@duty(queue="pull", every_s=10, late_after_s=PULL_ROUND_S)
def backfill() -> int:
    """Read pieces of the past that people asked for; return how many."""
    count = backfill_due()
    if count:
        nudge("backfill")
    return count


@duty(queue="work", every_s=60)
def keep_points() -> int:
    """Make the parts ahead of the tables, roll up closed hours, drop what had its time; return how much was done."""
    now = timezone.now()
    return make_ahead(at=now) + close_hours(at=now) + drop_old(at=now)


@duty(queue="pull", every_s=10, late_after_s=PULL_ROUND_S)
def knock() -> int:
    """Ask the portal's own front door as a user would; a web process that stands still makes this duty late."""
    knock_at(f"{settings.KNOCK_URL}/healthz/live")
    return 1


@duty(queue="work", every_s=60)
def compare() -> int:
    """Hold what production keeps against what the experiment promised; return how many systems were compared."""
    due = System.objects.in_use().filter(reality_due_at__lte=Now()).order_by("reality_due_at")
    claimed = claim(due, limit=SYSTEMS_AT_ONCE, reality_due_at=Now() + COMPARE_EVERY)
    if len(claimed) == SYSTEMS_AT_ONCE:
        nudge("compare")
    return report_reality_gaps(gaps_of(claimed, at=timezone.now())) if claimed else 0


@duty(queue="work", every_s=5)
def judge() -> int:
    """Judge what came, and what did not come in time; return how many series and systems were judged."""
    now = timezone.now()
    look(at=now)
    wake_overdue(at=now)
    judged = judge_due(at=now, limit=SERIES_AT_ONCE)
    explain_due(at=now)
    if judged == SERIES_AT_ONCE:
        nudge("judge")
    return judged + judge_portal(at=now, good_until=now + BELIEVED_FOR) + judge_changed(at=now)
