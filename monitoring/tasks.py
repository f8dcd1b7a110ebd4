"""Duties of monitoring: what the machines see."""

from datetime import timedelta

import structlog
from django.conf import settings
from django.utils import timezone

from mlops_portal.engine.duties import duty
from monitoring.conditions import judge_portal, judge_unmonitored
from monitoring.knocking import knock_at

log = structlog.get_logger(__name__)

BELIEVED_FOR = timedelta(minutes=5)


@duty(queue="pull", every_s=10)
def knock() -> int:
    """Ask the portal's own front door as a user would; a web process that stands still makes this duty late."""
    knock_at(f"{settings.KNOCK_URL}/healthz/live")
    return 1


@duty(queue="work", every_s=20)
def judge() -> int:
    """Say of each system what the machines see of it; return how many conditions were written."""
    now = timezone.now()
    return judge_portal(at=now, good_until=now + BELIEVED_FOR) + judge_unmonitored(at=now)
