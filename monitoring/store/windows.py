"""The values of a series between two times: as they came, or gathered into windows where there are too many.

Windows of whole hours are gathered from the rollups of closed hours; what lies beside them is read from the points.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from monitoring.models import Maturity, Point, Series
from monitoring.store.rolling import HOUR, TAME, hour_of

MOST = 1000  # rows of a chart, its table and its file
EPOCH = datetime(2001, 1, 1, tzinfo=UTC)  # a Monday: windows of a week begin on one
STEPS_S = (60, 300, 900, 3600, 3 * 3600, 6 * 3600, 86400, 7 * 86400)
ALWAYS = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))


class Window(NamedTuple):
    """The values of one stretch of time, which begins at `at`; `mean` weighs by samples where all are known.

    `version` is the id of the model version, of several the one recorded last; 0: not known.
    """

    at: datetime
    mean: float
    min: float
    max: float
    samples: int
    points: int
    is_provisional: bool
    version: int = 0
    is_counted: bool = True  # the samples of all points are known


def points_between(series: Series, from_at: datetime | None, to_at: datetime | None) -> QuerySet[Point]:
    """Return the points from `from_at` on and before `to_at`, oldest first."""
    points = Point.objects.filter(series=series)
    points = points.filter(at__gte=from_at) if from_at else points
    return points.filter(at__lt=to_at) if to_at else points


# The points before the first full hour, the rollups of closed hours, and the points from there on.
_POINTS = f"""
    SELECT p.series_id, p.at, 1 AS points, p.samples::float8 AS samples, p.samples AS fewest, {TAME} AS total,
        {TAME} * p.samples AS weighed, p.value AS low, p.value AS high, p.maturity = 0 AS is_provisional,
        p.model_version
    FROM one JOIN monitoring_point p ON p.series_id = one.id
"""  # noqa: S608  only our own parts
_GATHERED = f"""
    WITH one AS MATERIALIZED (
        SELECT id, greatest(%(head)s, least(coalesce(CASE WHEN %(is_hours)s THEN rolled_until END, %(head)s), %(tail)s))
            AS open_from
        FROM monitoring_series WHERE id = ANY(%(ids)s)
    )
    SELECT series_id, extract(epoch FROM date_bin(%(step)s, at, %(epoch)s))::bigint, sum(points), sum(samples),
        min(fewest), sum(total), sum(weighed), min(low), max(high), bool_or(is_provisional), max(model_version)
    FROM (
        {_POINTS} WHERE p.at >= %(from)s AND p.at < %(head)s
        UNION ALL
        SELECT r.series_id, r.at, r.points, r.samples, r.fewest, r.total, r.weighed, r.low, r.high, r.is_provisional,
            r.model_version
        FROM one JOIN monitoring_rollup r ON r.series_id = one.id AND r.at >= %(head)s AND r.at < one.open_from
        UNION ALL
        {_POINTS} WHERE p.at >= one.open_from AND p.at >= %(head)s AND p.at < %(to)s
    ) parts
    GROUP BY series_id, date_bin(%(step)s, at, %(epoch)s) ORDER BY 1, 2 DESC LIMIT %(limit)s
"""  # noqa: S608  only our own parts


@dataclass(frozen=True)
class Gathered:
    """The windows of `step_s` seconds of series that have points between two times; read when it is gone through.

    By series, then the newest first; `gathered[:10]` reads ten.
    """

    series_ids: Sequence[int]
    from_at: datetime | None
    to_at: datetime | None
    step_s: int

    def __getitem__(self, part: slice) -> list[Window]:
        return [window for _, window in self._read(part.stop)]

    def __iter__(self) -> Iterator[Window]:
        return iter(self[:None])

    def by_series(self) -> dict[int, list[Window]]:
        """Return the windows of each series that has any, by its id, oldest first."""
        found: dict[int, list[Window]] = {}
        for pk, window in reversed(self._read(None)):
            found.setdefault(pk, []).append(window)
        return found

    def _read(self, limit: int | None) -> list[tuple[int, Window]]:
        begin, end = self.from_at or ALWAYS[0], self.to_at or ALWAYS[1]
        head, tail = min(hour_of(begin + HOUR - timedelta(microseconds=1)), end), hour_of(end)
        asked = {"from": begin, "to": end, "head": head, "tail": tail, "ids": list(self.series_ids), "limit": limit}
        asked |= {"step": timedelta(seconds=self.step_s), "epoch": EPOCH, "is_hours": self.step_s % 3600 == 0}
        with connection.cursor() as cursor:
            cursor.execute(_GATHERED, asked)
            return [_window(*row) for row in cursor.fetchall()]


def _window(pk, begins, points, samples, fewest, total, weighed, low, high, is_provisional, version):
    mean = weighed / samples if fewest else total / points
    at = datetime.fromtimestamp(begins, UTC)  # quicker than what Django reads a time with
    return pk, Window(at, mean, low, high, int(samples), points, is_provisional, version, fewest > 0)


def shown(series: Series, *, from_at: datetime, to_at: datetime) -> tuple[int | None, list[Window]]:
    """Return (seconds of a window, or None for single values; at most MOST of them, oldest first)."""
    points = points_between(series, from_at, to_at)
    is_kept = from_at >= timezone.now() - timedelta(days=settings.RETENTION_DAYS)  # before, only rollups are
    if is_kept and not points[MOST : MOST + 1].exists():
        rows = points.values_list("at", "value", "samples", "maturity", "model_version")
        return None, [Window(at, v, v, v, n, 1, kind == Maturity.PROVISIONAL, of, n > 0) for at, v, n, kind, of in rows]
    step_s = step_of(from_at, to_at, most=MOST - 1)
    step_s = step_s if is_kept else max(step_s, 3600)
    return step_s, list(reversed(Gathered([series.pk], from_at, to_at, step_s)[:None]))


def step_of(from_at: datetime, to_at: datetime, *, most: int) -> int:
    """Return the seconds of a window with which a stretch of time is at most about `most` windows long."""
    span_s = (to_at - from_at).total_seconds()
    return next((step for step in STEPS_S if span_s / step <= most), 30 * 86400)


LAST_OF_EACH = """
SELECT one.id, array_agg(last.value ORDER BY step.n)
FROM unnest(%s) AS one(id) CROSS JOIN generate_series(0, %s - 1) AS step(n)
LEFT JOIN LATERAL (
    SELECT value FROM monitoring_point
    WHERE series_id = one.id AND at >= %s + step.n * %s AND at < %s + (step.n + 1) * %s
    ORDER BY at DESC LIMIT 1
) AS last ON true
GROUP BY one.id
"""


def last_of_each(series_ids: Sequence[int], *, to_at: datetime, steps: int = 30, step: timedelta = timedelta(days=1)):
    """Return {series id: the last value of each of `steps` stretches up to `to_at`, None where there is none}.

    One look-up by key for each stretch, so that it costs the same however many points there are.
    """
    start = to_at - steps * step
    with connection.cursor() as cursor:
        cursor.execute(LAST_OF_EACH, [list(series_ids), steps, start, step, start, step])
        return dict(cursor.fetchall())
