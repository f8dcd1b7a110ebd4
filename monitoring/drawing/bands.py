"""Between which values a series is normal: for its chart, for programs, and in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitoring import wording
from monitoring.detection import change
from monitoring.judging.backtesting import tried
from monitoring.judging.replaying import chart_of
from monitoring.models import Monitor, Series, Snapshot

SPOTS = 200


@dataclass(frozen=True)
class Band:
    """What is normal of a series by its newest state."""

    series: Series
    healthy: dict

    def at(self, moment: datetime, samples: float = 0.0) -> tuple[float, float] | None:
        """Return (low, high) between which a value at that time is normal, of so many samples (0: as many as usual)."""
        chart = chart_of(tried(self.series, "normal"), self.series.metric)
        return change.band_at({"healthy": self.healthy}, chart, moment.timestamp(), samples)


def bands_of(series: Iterable[Series]) -> dict[int, Band]:
    """Return by id what is normal of each series of which that is known; one query. Their `metric` is asked for."""
    by_id = {one.pk: one for one in series}
    newest = Snapshot.objects.filter(monitor__series__in=by_id, monitor__kind=Monitor.Kind.CHANGE)
    newest = newest.order_by("monitor_id", "-at").distinct("monitor_id")
    rows = newest.values_list("monitor__series", "state__rule__healthy")
    return {pk: Band(by_id[pk], healthy) for pk, healthy in rows if healthy}


def band_of(series: Series, from_at: datetime, to_at: datetime) -> list[tuple[datetime, float, float]]:
    """Return (time, low, high) from `from_at` to `to_at`; empty while what is normal is not known. One query.

    It is that of the newest state and of the usual number of samples; an alert looks at each point's own.
    """
    band = bands_of([series]).get(series.pk)
    if band is None or from_at >= to_at:
        return []
    spots = [(at, band.at(at)) for at in _spots(from_at, to_at)]
    return [(at, *edges) for at, edges in spots if edges]


def band_at(series: Series, at: datetime) -> tuple[float, float] | None:
    """Return (low, high) between which a value at that time is normal; None while that is not known. One query."""
    band = bands_of([series]).get(series.pk)
    return band.at(at) if band else None


@dataclass(frozen=True)
class Normal:
    """Between which values, in the metric's unit, a point at the time of the series' last one is normal.

    `when` says for which kind of moment that holds, such as "for a Monday at 09:00 UTC"; empty: for any.
    """

    low: float
    high: float
    when: str
    unit: str

    @property
    def words(self) -> str:
        """Such as "0.900–0.940 for a Monday at 09:00 UTC"."""
        return f"{wording.edges(self.low, self.high, self.unit)} {self.when}".rstrip()

    @property
    def sentence(self) -> str:
        """Such as "Normal for a Monday at 09:00 UTC: 0.900–0.940."."""
        return f"{f'Normal {self.when}'.rstrip()}: {wording.edges(self.low, self.high, self.unit)}."


def normals_of(series: Iterable[Series]) -> dict[int, Normal]:
    """Return by id what is normal of each series at its last point, of those of which it is known; one query."""
    return {pk: normal for pk, band in bands_of(series).items() if (normal := _normal(band))}


def _normal(band: Band) -> Normal | None:
    at, healthy = band.series.last_at, band.healthy
    edges = band.at(at) if at else None
    if edges is None:
        return None
    words = [f"for a {at:%A}"] if healthy["weekdays"] else []
    words += [f"at {at:%H}:00 UTC"] if healthy["hours"] else []
    return Normal(*edges, " ".join(words), band.series.metric.unit)


def _spots(from_at: datetime, to_at: datetime) -> list[datetime]:
    """Return moments at even distances, of whole days where the stretch is long, so that weekdays show."""
    days = (to_at - from_at).days
    if 2 <= days <= SPOTS:
        midnight = from_at.replace(hour=0, minute=0, second=0, microsecond=0)
        return [from_at, *(midnight + timedelta(days=n) for n in range(1, days + 1)), to_at]
    step = (to_at - from_at) / SPOTS
    return [from_at + step * n for n in range(SPOTS + 1)]
