"""What the business counts and pushes each day: how many of the subscribers that were called have stayed."""

import zlib
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from mlops_portal.demo.services import SHIFT_BEGAN, SHIFT_LASTS
from monitoring.actions.metrics import Watch, add_metric
from monitoring.actions.storing import store
from monitoring.connectors.connector import Reading
from monitoring.models import Series
from systems.models import System

SLUG, KEY = "churn-forecast", "subscribers_kept"
USUALLY, LOST, SCATTER = 64.0, 30.0, 1.5  # of those who were called that day
FELT_AFTER = 5  # days on which worse predictions still do no harm
WATCHED = Watch(
    KEY,
    name="Subscribers kept",
    unit="a day",
    kind="business",
    scale="positive",
    means="How many of the subscribers that the service desk called have stayed.",
)


def push(first: date, last: date, origin: date, *, by, at: datetime) -> None:
    """Push what was counted on the days from `first` to `last`; what came before is only a duplicate."""
    system = System.objects.known_as(SLUG).first()
    if system is None:
        return
    series = Series.objects.filter(metric__system=system, metric__key=KEY).first()
    series = series or add_metric(system=system, watch=WATCHED, by=by, at=at)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    store({series.pk: [Reading(datetime.combine(day, time(), UTC), counted(day, origin)) for day in days]}, at=at)


def counted(day: date, origin: date) -> float:
    """Return how many stayed: fewer, a few days after the predictions have become worse."""
    gone = (SHIFT_BEGAN - FELT_AFTER - (origin - day).days) / SHIFT_LASTS
    rng = np.random.default_rng([zlib.crc32(KEY.encode()), day.toordinal()])
    return round(USUALLY - LOST * min(1.0, max(0.0, gone)) ** 2 + float(rng.normal(0, SCATTER)))
