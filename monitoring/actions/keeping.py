"""Keeping the tables of monitoring: months made ahead, what has had its time dropped, never much at once."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import OperationalError

from monitoring.models import PointRevision, Pull
from monitoring.partitions import drop_months, make_months

AHEAD = timedelta(days=62)
PULLS_KEPT = timedelta(days=90)
AT_ONCE = 5000  # rows of one statement, and of one round: deleting must not hold up storing


def make_ahead(*, at: datetime) -> int:
    """Make this month's part of the table of points and those of the next two; return how many were new."""
    return make_months(at, at + AHEAD)


def drop_old(*, at: datetime) -> int:
    """Drop points behind retention, by whole months, and some of the old pulls and revisions; return how much."""
    oldest = at - timedelta(days=settings.RETENTION_DAYS)
    try:
        months = drop_months(oldest)
    except OperationalError:  # somebody reads or writes; the next round tries again
        months = 0
    pulls = Pull.objects.exclude(finished_at=None).filter(due_at__lt=max(oldest, at - PULLS_KEPT))
    return months + _drop_some(pulls) + _drop_some(PointRevision.objects.filter(at__lt=oldest))


def _drop_some(rows) -> int:
    some = rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]
    return rows.model.objects.filter(pk__in=list(some)).delete()[0]
