"""Many series at a glance: a small chart of each, on one scale for those of the same metric, the worst first."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from monitoring import charts
from monitoring.charts import SmallChart
from monitoring.models import Baseline, Metric, Series
from monitoring.store.windows import Gathered, Window, step_of
from systems.models import Level

MOST = 50
SPOTS = 120  # of one chart: days of ninety days


def draw_many(series: Sequence[Series], *, from_at: datetime, to_at: datetime) -> None:
    """Give each series its `picture`, and the values at its `edges`, of the windows between two times; two queries.

    `limits` of a series are drawn where it has them (drawing.limits_of).
    """
    step_s = step_of(from_at, to_at, most=SPOTS)
    windows = Gathered([one.pk for one in series], from_at, to_at, step_s).by_series()
    baselines = _baselines(series, to_at)
    edges = _edges(series, windows, baselines)
    for one in series:
        rows, one.edges = windows.get(one.pk, []), edges[one.metric_id]
        chart = SmallChart(
            label=f"{one}, from {from_at:%-d %b %Y} to {to_at:%-d %b %Y}",
            points=[(row.at, row.mean) for row in rows],
            times=(from_at - (to_at - from_at) / 60, to_at),  # the first window may begin before
            values=one.edges,
            gap_s=max(step_s, one.rhythm_s or 0) * 2.5,
            baseline=baselines.get(one.pk),
            limits=[limit.value for limit in getattr(one, "limits", [])],
        )
        one.picture = charts.draw_small(chart)


def worst_first(series: Iterable[Series]) -> list[Series]:
    """Return the series by their state now, then by metric: the whole, and segments from the worst value on."""
    order = {level: place for place, level in enumerate(Level.worst_first())}
    return sorted(series, key=lambda one: (order[one.level_now], one.metric.key, bool(one.segment), _goodness(one)))


def _goodness(series: Series) -> float:
    """Return a number that is the smaller the worse the last value is."""
    if series.last_value is None:
        return float("-inf")
    if series.metric.direction == Metric.Direction.TARGET:
        return -abs(series.last_value - (series.metric.target or 0.0))
    return series.last_value * (-1 if series.metric.direction == Metric.Direction.LOWER else 1)


def _baselines(series: Sequence[Series], to_at: datetime) -> dict[int, float]:
    """Return the value of the newest baseline by series id; a segment that has none has that of the whole."""
    rows = Baseline.objects.filter(series__metric__in={one.metric_id for one in series}, from_at__lte=to_at)
    own, wholes = {}, {}
    for row in rows.select_related("series").order_by("from_at", "pk"):
        own[row.series_id] = row.value
        if not row.series.segment and not row.series.estimated:
            wholes[row.series.metric_id] = row.value
    known = {one.pk: own.get(one.pk, wholes.get(one.metric_id)) for one in series}
    return {pk: value for pk, value in known.items() if value is not None}


def _edges(
    series: Sequence[Series], windows: dict[int, list[Window]], baselines: dict[int, float]
) -> dict[int, tuple[float, float]]:
    """Return the values at the lower and upper edge, by metric id: the same for all series of a metric."""
    values: dict[int, list[float]] = {}
    for one in series:
        found = values.setdefault(one.metric_id, [])
        found += [row.mean for row in windows.get(one.pk, [])]
        found += [baselines[one.pk]] if one.pk in baselines else []
        found += [limit.value for limit in getattr(one, "limits", [])]
    return {metric: charts.value_range(found) for metric, found in values.items()}
