"""Points and their series' stamps in SQL, as storing needs them."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from django.db import connection

from monitoring.store.arrays import rows_of
from monitoring.store.batches import Batch, framed, micros

RHYTHM_FROM = 20  # newest points from whose distances the rhythm is taken
OTHER_RHYTHM = 0.2  # a distance that differs from the rhythm by this share asks for another

_COLUMNS = "series_id, at, value, samples, maturity, model_version"

# Behind its newest point nothing stands: a series whose points are all of later times is stamped at once, which also
# locks it, and its points need no comparing. A rhythm that may have changed is taken anew at once from what stands and
# the one point that came; where several came it becomes null, until they stand too. The ids are given twice, lest the
# whole table is read.
_AHEAD = """
    WITH given AS (
        SELECT * FROM unnest(%(id)b::bigint[], %(count)b::int[], %(first_at)b::timestamptz[],
            %(last_at)b::timestamptz[], %(last_value)b::float8[]) AS given(id, count, first_at, last_at, last_value)
    ), stamped AS (
        UPDATE monitoring_series s
        SET last_at = given.last_at, last_value = given.last_value,
            unjudged_from = least(s.unjudged_from, given.first_at),
            rhythm_s = CASE
                WHEN abs(1 - s.rhythm_s * greatest(given.count - 1, 1) / nullif(date_part('epoch',
                    given.last_at - CASE given.count WHEN 1 THEN s.last_at ELSE given.first_at END), 0)) <= OTHER_RHYTHM
                THEN s.rhythm_s
                WHEN given.count = 1 THEN (
                    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY date_part('epoch', at - before))
                    FROM (
                        SELECT at, lead(at) OVER (ORDER BY at DESC) AS before
                        FROM (
                            SELECT given.last_at AS at
                            UNION ALL (
                                SELECT at FROM monitoring_point
                                WHERE series_id = s.id ORDER BY at DESC LIMIT RHYTHM_FROM - 1
                            )
                        ) newest
                    ) distances
                ) END
        FROM given
        WHERE s.id = ANY(%(id)b::bigint[]) AND s.id = given.id AND (s.last_at IS NULL OR s.last_at < given.first_at)
        RETURNING s.id, given.count > 1 AND s.rhythm_s IS NULL AS is_untimed,
            given.first_at < s.rolled_until AS is_closed
    )
    SELECT coalesce(array_agg(id), '{}'), coalesce(array_agg(id) FILTER (WHERE is_untimed), '{}'),
        coalesce(array_agg(id) FILTER (WHERE is_closed), '{}')
    FROM stamped
""".replace("OTHER_RHYTHM", str(OTHER_RHYTHM)).replace("RHYTHM_FROM", str(RHYTHM_FROM))
_NEWEST = """
    UPDATE monitoring_series s
    SET last_at = newest.at[1], last_value = newest.value[1],
        unjudged_from = least(s.unjudged_from, newest.first),
        rhythm_s = coalesce((
            SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY date_part('epoch', newest.at[n] - newest.at[n + 1]))
            FROM generate_series(1, cardinality(newest.at) - 1) AS n
        ), s.rhythm_s)
    FROM (
        SELECT given.id, given.first, array_agg(p.at ORDER BY p.at DESC) AS at,
            array_agg(p.value ORDER BY p.at DESC) AS value
        FROM unnest(%(id)b::bigint[], %(first)b::timestamptz[]) AS given(id, first)
        CROSS JOIN LATERAL (
            SELECT at, value FROM monitoring_point WHERE series_id = given.id ORDER BY at DESC LIMIT RHYTHM_FROM
        ) p
        GROUP BY given.id, given.first
    ) newest
    WHERE s.id = ANY(%(id)b::bigint[]) AND s.id = newest.id
    RETURNING s.id, s.rolled_until
""".replace("RHYTHM_FROM", str(RHYTHM_FROM))
_GIVEN = """
    CREATE TEMPORARY TABLE given (
        n int, series_id bigint, at timestamptz, value float8, samples bigint, maturity smallint, model_version bigint
    ) ON COMMIT DROP
"""
_UNLIKE = """
    SELECT given.n, p.value, p.samples, p.maturity
    FROM given LEFT JOIN monitoring_point p
        ON p.series_id = given.series_id AND p.at = given.at AND p.at BETWEEN %s AND %s
    WHERE p.series_id IS NULL OR NOT (
        p.value = given.value AND (p.maturity = 1 OR (p.samples, p.maturity) = (given.samples, given.maturity))
    )
    ORDER BY given.n
"""
_REVISE = """
    INSERT INTO monitoring_pointrevision (series_id, at, value, samples, maturity, seen_at, replaced_at, reason)
    SELECT p.series_id, p.at, p.value, p.samples, p.maturity, p.seen_at, %s, chosen.reason
    FROM unnest(%s::int[], %s::text[]) AS chosen(n, reason)
    JOIN given USING (n) JOIN monitoring_point p USING (series_id, at)
    WHERE p.at BETWEEN %s AND %s
"""
_REPLACE = """
    UPDATE monitoring_point p
    SET value = given.value, samples = given.samples, maturity = given.maturity,
        model_version = given.model_version, seen_at = %s
    FROM given
    WHERE p.series_id = given.series_id AND p.at = given.at AND p.at BETWEEN %s AND %s AND given.n = ANY(%s)
"""


def stamp_ahead(batch: Batch) -> tuple[list[int], list[int], list[int]]:
    """Stamp the series all of whose points are newer than what stands, and return their ids.

    And of these the ids of those whose rhythm is to be taken anew, and of those with points in closed hours.
    """
    starts = batch.starts()
    ends = np.append(starts[1:], len(batch)) - 1
    (stamped,) = rows_of(
        _AHEAD,
        id=("bigint", batch.series[starts]),
        count=("int", (ends - starts + 1).astype(np.int32)),
        first_at=("timestamptz", batch.at[starts]),
        last_at=("timestamptz", batch.at[ends]),
        last_value=("float8", batch.value[ends]),
    )
    return stamped


def stamp_newest(series: Sequence[int], firsts: Sequence[int]) -> dict[int, datetime | None]:
    """Give series the newest value and the rhythm of the points that stand, to be judged from `firsts` (µs) on.

    Returns until when each is rolled up.
    """
    return dict(rows_of(_NEWEST, id=("bigint", np.array(series)), first=("timestamptz", np.array(firsts))))


def copy_points(batch: Batch, at: datetime) -> None:
    """Write points that are new, first seen at `at`."""
    if len(batch):
        columns = [batch.series, batch.at, batch.value, batch.samples, batch.maturity, batch.version]
        seen = np.int64(micros(at))
        into = f"COPY monitoring_point ({_COLUMNS}, first_seen_at, seen_at) FROM STDIN BINARY"
        _copy(into, framed(*columns, seen, seen, rows=len(batch)))


def unlike(batch: Batch) -> tuple[list[int], list[tuple[int, float, int, int]]]:
    """Return the numbers of the rows at whose place nothing stands, and (number, value, samples, maturity) of others.

    The others are those that differ, with what stands there. The batch stays at hand for `replace`, as a temporary
    table.
    """
    numbers = np.arange(len(batch), dtype=np.int32)
    columns = [numbers, batch.series, batch.at, batch.value, batch.samples, batch.maturity, batch.version]
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS given")
        cursor.execute(_GIVEN)
        _copy(f"COPY given (n, {_COLUMNS}) FROM STDIN BINARY", framed(*columns, rows=len(batch)))
        cursor.execute(_UNLIKE, batch.span())
        found = cursor.fetchall()
    return [row[0] for row in found if row[1] is None], [row for row in found if row[1] is not None]


def replace(numbers: Sequence[int], batch: Batch, at: datetime) -> None:
    """Put these rows of the batch in the place of what stands, which is kept as revisions, with their reasons."""
    chosen, span = list(numbers), batch.span()
    with connection.cursor() as cursor:
        cursor.execute(_REVISE, [at, chosen, batch.reason[chosen].tolist(), *span])
        cursor.execute(_REPLACE, [at, *span, chosen])


def _copy(into: str, frame: bytes) -> None:
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(into) as copy:
        copy.write(frame)
