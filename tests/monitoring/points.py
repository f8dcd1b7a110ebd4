"""Values for tests, written the way storing leaves them."""

from datetime import timedelta

from monitoring.models import Point, Series
from monitoring.store.partitions import make_months


def write(series: Series, values, *, to_at, every=timedelta(hours=1), **facts) -> None:
    """Give `series` these values, oldest first, the last one at `to_at`."""
    times = [to_at - every * back for back in range(len(values) - 1, -1, -1)]
    make_months(times[0], times[-1])
    rows = [Point(series=series, at=at, value=value, **facts) for at, value in zip(times, values, strict=True)]
    Point.objects.bulk_create(rows)
    Series.objects.filter(pk=series.pk).update(last_at=to_at, last_value=values[-1], rhythm_s=every.total_seconds())
