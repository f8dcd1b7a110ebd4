"""The chart of a series by the minute over 90 days, beside a bare read of its rollups and beside Prometheus."""

import statistics
from collections.abc import Iterator
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from bench.figure import Figure, medians_ms, time_ms
from bench.points import Rows, copy_raw, series_of
from bench.prometheus import Missing, prometheus_with
from mlops_portal.engine.memory import collect_seldom
from monitoring.actions.keeping import close_hours
from monitoring.drawing.multiples import draw_many
from monitoring.drawing.series import draw_series
from monitoring.models import Series
from monitoring.store.partitions import make_months

DAYS, MANY, ROUNDS = 90, 50, 15
STEP_S = {1: 3 * 3600, MANY: 86400}  # windows of Prometheus' answer: as many as ours has
BARE = "SELECT at, total / points, low, high FROM monitoring_rollup WHERE series_id = %s AND at >= %s AND at < %s"


def figures() -> Iterator[Figure | str]:
    """Yield the time until a chart is drawn, first view and all that it asks; and of 50 small ones at once."""
    ids, to_at = series_of(MANY), timezone.now().replace(second=0, microsecond=0)
    from_at = to_at - timedelta(days=DAYS)
    make_months(from_at, to_at)
    for pk in ids:
        copy_raw(Rows.made([pk], from_at, DAYS * 1440).frame(), "monitoring_point")
    Series.objects.update(last_at=to_at - timedelta(minutes=1), rhythm_s=60.0)
    while close_hours(at=to_at):
        pass
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    series = list(Series.objects.select_related("metric__system").order_by("pk"))
    collect_seldom()  # as every web process does

    def one() -> None:
        draw_series(series[0], from_at=from_at, to_at=to_at)

    def many() -> None:
        draw_many(series, from_at=from_at, to_at=to_at)

    def bare() -> None:
        with connection.cursor() as cursor:
            cursor.execute(BARE, [ids[0], from_at, to_at])
            cursor.fetchall()

    yield Figure("chart, beside rollups read", *medians_ms(one, bare, ROUNDS), "ms", 2.0)
    try:
        with prometheus_with(ids, from_at, DAYS) as ask:
            for name, ours, count, goal in (("chart", one, 1, 1.0), ("50 charts", many, MANY, 0.5)):
                theirs = lambda count=count: ask(count, from_at, to_at, STEP_S[count])  # noqa: E731
                yield Figure(f"{name}, beside Prometheus", *medians_ms(ours, theirs, ROUNDS), "ms", goal)
    except Missing as missing:
        yield f"chart, beside Prometheus: skipped. {missing}"
        yield f"50 charts: {statistics.median(time_ms(many) for _ in range(ROUNDS)):.0f} ms"
