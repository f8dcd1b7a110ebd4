"""The values of a series between two times: as they came, or gathered into windows where there are too many."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import Avg, Count, DateTimeField, F, FloatField, Func, Max, Min, QuerySet, Sum, Value

from monitoring.models import Maturity, Point, Series

MOST = 1000  # rows of a chart, its table and its file
EPOCH = datetime(2001, 1, 1, tzinfo=UTC)  # a Monday: windows of a week begin on one
STEPS_S = (60, 300, 900, 3600, 3 * 3600, 6 * 3600, 86400, 7 * 86400)


@dataclass(frozen=True)
class Window:
    """The values of one stretch of time, which begins at `at`; `mean` weighs by samples where all are known."""

    at: datetime
    mean: float
    min: float
    max: float
    samples: int
    points: int
    is_provisional: bool


class DateBin(Func):
    """The start of the window of `step_s` seconds in which a time lies."""

    function = "date_bin"
    output_field = DateTimeField()

    def __init__(self, step_s: int, expression: str):
        super().__init__(Value(timedelta(seconds=step_s)), F(expression), Value(EPOCH))


def points_between(series: Series, from_at: datetime | None, to_at: datetime | None) -> QuerySet[Point]:
    """Return the points from `from_at` on and before `to_at`, oldest first."""
    points = Point.objects.filter(series=series)
    points = points.filter(at__gte=from_at) if from_at else points
    return points.filter(at__lt=to_at) if to_at else points


def gathered(points: QuerySet[Point], step_s: int) -> QuerySet:
    """Return one dict for each window of `step_s` seconds that has points, newest first: the fields of Window."""
    return (
        points.order_by()
        .values(window=DateBin(step_s, "at"))
        .annotate(
            plain=Avg("value"),
            least=Min("samples"),
            total=Sum("samples"),
            weighed=Sum(F("value") * F("samples"), output_field=FloatField()),
            low=Min("value"),
            high=Max("value"),
            count=Count("*"),
            maturity=Min("maturity"),
        )
        .order_by("-window")
    )


def as_window(row: dict) -> Window:
    """Return a row of `gathered` as a Window."""
    return Window(
        at=row["window"],
        mean=row["weighed"] / row["total"] if row["least"] else row["plain"],
        min=row["low"],
        max=row["high"],
        samples=row["total"],
        points=row["count"],
        is_provisional=row["maturity"] == Maturity.PROVISIONAL,
    )


def shown(series: Series, *, from_at: datetime, to_at: datetime) -> tuple[int | None, list[Window]]:
    """Return (seconds of a window, or None for single values; at most MOST of them, oldest first)."""
    points = points_between(series, from_at, to_at)
    rows = list(points.values_list("at", "value", "samples", "maturity")[: MOST + 1])
    if len(rows) <= MOST:
        return None, [Window(at, v, v, v, n, 1, maturity == Maturity.PROVISIONAL) for at, v, n, maturity in rows]
    span_s = (to_at - from_at).total_seconds()
    step_s = next((step for step in STEPS_S if span_s / step <= MOST - 1), 30 * 86400)
    return step_s, [as_window(row) for row in reversed(gathered(points, step_s))]


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
