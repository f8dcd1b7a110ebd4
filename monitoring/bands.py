"""Between which values a series is normal, for its chart."""

from datetime import datetime, timedelta

from monitoring.detection import change
from monitoring.models import Monitor, Snapshot
from monitoring.replaying import chart_of

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


def _spots(from_at: datetime, to_at: datetime) -> list[datetime]:
    """Return moments at even distances, of whole days where the stretch is long, so that weekdays show."""
    days = (to_at - from_at).days
    if 2 <= days <= SPOTS:
        midnight = from_at.replace(hour=0, minute=0, second=0, microsecond=0)
        return [from_at, *(midnight + timedelta(days=n) for n in range(1, days + 1)), to_at]
    step = (to_at - from_at) / SPOTS
    return [from_at + step * n for n in range(SPOTS + 1)]
