"""Between which values a series is normal, for its chart and in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitoring.detection import change
from monitoring.judging.replaying import chart_of
from monitoring.models import Monitor, Snapshot

SPOTS = 200


def band_of(series, from_at: datetime, to_at: datetime) -> list[tuple[datetime, float, float]]:
    """Return (time, low, high) from `from_at` to `to_at`; empty while what is normal is not known. One query.

    It is that of the newest state and of the usual number of samples; an alert looks at each point's own.
    """
    newest = Snapshot.objects.filter(monitor__series=series, monitor__kind=Monitor.Kind.CHANGE)
    snapshot = newest.select_related("monitor").first()
    if snapshot is None or from_at >= to_at:
        return []
    chart = chart_of(snapshot.monitor, series.metric)
    spots = [(at, change.band_at(snapshot.state["rule"], chart, at.timestamp())) for at in _spots(from_at, to_at)]
    return [(at, *band) for at, band in spots if band]


def band_at(series, at: datetime) -> tuple[float, float] | None:
    """Return (low, high) between which a value at that time is normal; None while that is not known. One query."""
    band = band_of(series, at, at + timedelta(seconds=1))
    return band[0][1:] if band else None


@dataclass(frozen=True)
class Normal:
    """Between which values a point is normal, and for which kind of moment that holds; empty: for any."""

    low: float
    high: float
    when: str


def normal_of(series) -> Normal | None:
    """Return what is normal for the moment of the series' last point; None while that is not known. One query."""
    newest = Snapshot.objects.filter(monitor__series=series, monitor__kind=Monitor.Kind.CHANGE)
    snapshot = newest.select_related("monitor").first()
    if snapshot is None or series.last_at is None:
        return None
    rule, at = snapshot.state["rule"], series.last_at
    band = change.band_at(rule, chart_of(snapshot.monitor, series.metric), at.timestamp())
    if band is None:
        return None
    words = [f"for a {at:%A}"] if rule["healthy"]["weekdays"] else []
    words += [f"at {at:%H}:00 UTC"] if rule["healthy"]["hours"] else []
    return Normal(*band, " ".join(words))


def _spots(from_at: datetime, to_at: datetime) -> list[datetime]:
    """Return moments at even distances, of whole days where the stretch is long, so that weekdays show."""
    days = (to_at - from_at).days
    if 2 <= days <= SPOTS:
        midnight = from_at.replace(hour=0, minute=0, second=0, microsecond=0)
        return [from_at, *(midnight + timedelta(days=n) for n in range(1, days + 1)), to_at]
    step = (to_at - from_at) / SPOTS
    return [from_at + step * n for n in range(SPOTS + 1)]
