"""How points become the rollups of their hours, in SQL."""

from datetime import UTC, datetime, timedelta

import numpy as np
from django.db import connection

from monitoring.store.batches import Batch

HOUR = timedelta(hours=1)
HOUR_US = HOUR // timedelta(microseconds=1)

# A sum of values near the end of what a float holds is an error in PostgreSQL: one such value must not stop an hour.
TAME = "least(greatest(value, -1e150), 1e150)"
SUMS = f"""
    count(*), coalesce(sum(samples::float8), 0), min(samples), sum({TAME}), sum({TAME} * samples),
    min(value), max(value), min(maturity) = 0, max(model_version)
"""
INTO = """
    INSERT INTO monitoring_rollup
        (series_id, at, points, samples, fewest, total, weighed, low, high, is_provisional, model_version)
"""
ANEW = """
    ON CONFLICT (series_id, at) DO UPDATE SET
        points = excluded.points, samples = excluded.samples, fewest = excluded.fewest, total = excluded.total,
        weighed = excluded.weighed, low = excluded.low, high = excluded.high,
        is_provisional = excluded.is_provisional, model_version = excluded.model_version
"""
AGAIN = f"""
    {INTO}
    SELECT touched.id, touched.hour, sums.*
    FROM (
        SELECT given.id, timestamptz '2000-01-01 00:00:00+00' + given.hour * interval '1 hour' AS hour
        FROM unnest(%s::bigint[], %s::bigint[]) AS given(id, hour)
    ) touched
    JOIN monitoring_series s ON s.id = touched.id AND touched.hour < s.rolled_until
    CROSS JOIN LATERAL (
        SELECT {SUMS} FROM monitoring_point
        WHERE series_id = touched.id AND at >= touched.hour AND at < touched.hour + interval '1 hour'
    ) sums
    {ANEW}
"""  # noqa: S608  only our own parts

# Series that are behind are taken under the lock of their row, like everything that writes them. What has lain open
# for long, such as a past that was read back, is closed in strides.
CLOSE = f"""
    WITH behind AS (
        SELECT id, last_at, coalesce(rolled_until, (
            SELECT date_bin('1 hour', at, '2000-01-01 00:00:00+00') FROM monitoring_point p
            WHERE p.series_id = s.id ORDER BY p.at LIMIT 1
        ), %(until)s) AS since
        FROM monitoring_series s
        WHERE last_at IS NOT NULL AND (rolled_until IS NULL OR rolled_until < %(until)s)
        ORDER BY id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
    ), steps AS (
        SELECT id, since, CASE WHEN last_at < since + %(stride)s THEN greatest(since, %(until)s)
            ELSE least(since + %(stride)s, greatest(since, %(until)s)) END AS until
        FROM behind
    ), rolled AS (
        {INTO}
        SELECT steps.id, sums.*
        FROM steps CROSS JOIN LATERAL (
            SELECT date_bin('1 hour', at, '2000-01-01 00:00:00+00') AS hour, {SUMS} FROM monitoring_point
            WHERE series_id = steps.id AND at >= steps.since AND at < steps.until GROUP BY hour
        ) sums
        {ANEW}
    ), closed AS (
        UPDATE monitoring_series s SET rolled_until = steps.until FROM steps WHERE s.id = steps.id
        RETURNING s.rolled_until < %(until)s AS is_behind
    )
    SELECT count(*), count(*) = %(limit)s OR coalesce(bool_or(is_behind), false) FROM closed
"""  # noqa: S608  only our own parts


def close(*, until: datetime, limit: int, stride: timedelta) -> tuple[int, bool]:
    """Close the hours before `until`, a full hour, of up to `limit` series; return how many series went ahead.

    And whether there may be more to close. Of each series at most `stride` is closed at once.
    """
    with connection.cursor() as cursor:
        cursor.execute(CLOSE, {"until": until, "limit": limit, "stride": stride})
        return cursor.fetchone()


def roll_again(batch: Batch) -> None:
    """Compute anew the rollups of the closed hours in which the points of the batch lie."""
    places = np.unique(np.stack([batch.series, batch.at // HOUR_US]), axis=1)
    with connection.cursor() as cursor:
        cursor.execute(AGAIN, [row.tolist() for row in places])


def hour_of(at: datetime) -> datetime:
    """Return the beginning of the hour in which `at` lies, in UTC."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
