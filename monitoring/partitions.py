"""The months of the points table: made before anything is written into them, dropped when their time is over."""

from datetime import UTC, datetime

from django.db import connection, transaction

LOCK = 7_465_002  # any number, the same in every process
_made: set[tuple[int, int]] = set()  # months that this process knows to stand


def make_months(from_at: datetime, to_at: datetime) -> int:
    """Make the partitions for every month that `from_at` … `to_at` touches; return how many were new."""
    missing = [month for month in _months(from_at, to_at) if month not in _made]
    if not missing:
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        new = [month for month in missing if not _stands(cursor, month)]
        for month in new:
            cursor.execute(_statement(month))
    if not connection.in_atomic_block:  # an outer transaction may still be rolled back
        _made.update(missing)
    return len(new)


def drop_months(before: datetime) -> int:
    """Drop the partitions of the months that ended before `before`; return how many.

    Gives up after 2 s where the table is in use: the next round tries again, and nobody waited behind it for longer.
    """
    oldest = table_of(_months(before, before)[0])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '2s'")
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'monitoring_point'::regclass"
        )
        old = sorted(name for (name,) in cursor.fetchall() if name < oldest)
        for name in old:
            cursor.execute(f"DROP TABLE {name}")
    _made.clear()
    return len(old)


def _months(from_at: datetime, to_at: datetime) -> list[tuple[int, int]]:
    first, last = from_at.astimezone(UTC), to_at.astimezone(UTC)
    span = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [(index // 12, index % 12 + 1) for index in span]


def table_of(month: tuple[int, int]) -> str:
    """Return the name of the month's table."""
    return f"monitoring_point_{month[0]:04d}_{month[1]:02d}"


def _stands(cursor, month: tuple[int, int]) -> bool:
    cursor.execute("SELECT to_regclass(%s)", [table_of(month)])
    return cursor.fetchone()[0] is not None


def _statement(month: tuple[int, int]) -> str:
    year, number = month
    after = (year + number // 12, number % 12 + 1)
    edges = [f"{y:04d}-{m:02d}-01 00:00:00+00" for y, m in (month, after)]
    return (
        f"CREATE TABLE {table_of(month)} PARTITION OF monitoring_point FOR VALUES FROM ('{edges[0]}') TO ('{edges[1]}')"
    )
