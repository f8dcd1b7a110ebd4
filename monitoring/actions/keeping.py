"""Keeping the tables of monitoring: parts made ahead, hours closed, the old dropped, never much at once."""

import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db import OperationalError

from monitoring.models import PointRevision, Pull
from monitoring.store.partitions import ROLLUPS, drop_months, make_months
from monitoring.store.rolling import close, hour_of

AHEAD = timedelta(days=62)
PULLS_KEPT = timedelta(days=90)
ROLLUPS_KEPT = timedelta(days=5 * 366)  # sixty times fewer than points by the minute: the years stay to be compared
AT_ONCE = 5000  # rows of one statement, and of one round: deleting must not hold up storing
LATE = timedelta(minutes=10)  # an hour is closed this long after its end: what comes usually late is there by then
SERIES_AT_ONCE = 500
STRIDE = timedelta(hours=12)  # of one series at once: who stores its points waits meanwhile
CLOSES_FOR_S = 20.0


def make_ahead(*, at: datetime) -> int:
    """Make the parts of the tables for this month and the next two; return how many were new."""
    return make_months(at, at + AHEAD) + make_months(at, at + AHEAD, ROLLUPS)


def close_hours(*, at: datetime) -> int:
    """Roll up the hours that are over, of every series; return how many series went ahead. The rest waits its turn."""
    make_months(at - timedelta(days=settings.RETENTION_DAYS), at, ROLLUPS)
    until, ends, done, is_more = hour_of(at - LATE), time.monotonic() + CLOSES_FOR_S, 0, True
    while is_more and time.monotonic() < ends:
        went, is_more = close(until=until, limit=SERIES_AT_ONCE, stride=STRIDE)
        done += went
    return done


def drop_old(*, at: datetime) -> int:
    """Drop points and rollups behind their time, by whole parts, and some old pulls and revisions; return how much."""
    oldest = at - timedelta(days=settings.RETENTION_DAYS)
    try:
        months = drop_months(oldest) + drop_months(min(oldest, at - ROLLUPS_KEPT), ROLLUPS)
    except OperationalError:  # somebody reads or writes; the next round tries again
        months = 0
    pulls = Pull.objects.exclude(finished_at=None).filter(due_at__lt=max(oldest, at - PULLS_KEPT))
    return months + _drop_some(pulls) + _drop_some(PointRevision.objects.filter(at__lt=oldest))


def _drop_some(rows) -> int:
    some = rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]
    return rows.model.objects.filter(pk__in=list(some)).delete()[0]
