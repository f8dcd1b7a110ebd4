"""Finding out, after an alert about quiet change has opened, what moved and changed with it."""

import time
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F, Q

from monitoring.explaining.alerts import explain
from monitoring.models import Alert, Monitor

log = structlog.get_logger(__name__)

AGAIN_AFTER = timedelta(days=1)
AT_ONCE = 20
ROUND_S = 10.0


def explain_due(*, at: datetime, limit: int = AT_ONCE) -> int:
    """Explain open alerts about quiet change: new ones, and those of which a day's values have come since.

    Return how many were looked at; what there was no time for waits for the next round. One that cannot be explained is
    said in the log, and tried again a day later.
    """
    until = time.monotonic() + ROUND_S
    stale = Q(explained_until=None) | Q(explained_until__lte=F("monitor__series__last_at") - AGAIN_AFTER)
    due = Alert.objects.open().filter(stale, monitor__kind=Monitor.Kind.CHANGE, onset_at__isnull=False)
    ids = list(due.order_by("-opened_at").values_list("pk", flat=True)[:limit])
    done = 0
    for pk in ids:
        if time.monotonic() > until:
            break
        _explain_one(pk, at)
        done += 1
    return done


def _explain_one(pk: int, at: datetime) -> None:
    alert = Alert.objects.with_origin().filter(pk=pk).first()
    if alert is None:
        return
    try:
        with transaction.atomic():
            found = explain(alert, at=at)
    except Exception:
        log.exception("alert not explained", alert=pk)
        found = alert.explanation
    Alert.objects.filter(pk=pk).update(explanation=found, explained_until=alert.monitor.series.last_at)
