"""The parts of the tables that grow for ever: made before anything is written into them, later dropped.

Points lie by month, rollups, which are few, by year.
"""

from datetime import UTC, datetime

from django.db import connection, transaction

LOCK = 7_465_002  # any number, the same in every process
POINTS, ROLLUPS = "monitoring_point", "monitoring_rollup"
MONTHS_OF = {POINTS: 1, ROLLUPS: 12}  # how long a part is
_made: set[tuple[str, int]] = set()  # parts that this process knows to stand: table and first month since year 0


def make_months(from_at: datetime, to_at: datetime, table: str = POINTS) -> int:
    """Make the parts of the table for every month that `from_at` … `to_at` touches; return how many were new."""
    missing = [part for part in _parts(table, from_at, to_at) if part not in _made]
    if not missing:
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        new = [part for part in missing if not _stands(cursor, part)]
        for part in new:
            cursor.execute(_statement(part))
    if not connection.in_atomic_block:  # an outer transaction may still be rolled back
        _made.update(missing)
    return len(new)


def drop_months(before: datetime, table: str = POINTS) -> int:
    """Drop the parts of the table that ended before `before`; return how many.

    Gives up after 2 s where the table is in use: the next round tries again, and nobody waited behind it for longer.
    """
    oldest = _name(_parts(table, before, before)[0])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '2s'")
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [table])
        old = sorted(name for (name,) in cursor.fetchall() if name < oldest)
        for name in old:
            cursor.execute(f"DROP TABLE {name}")
    _made.clear()
    return len(old)


def _parts(table: str, from_at: datetime, to_at: datetime) -> list[tuple[str, int]]:
    first, last = from_at.astimezone(UTC), to_at.astimezone(UTC)
    long = MONTHS_OF[table]
    begin = first.year * 12 + first.month - 1
    return [(table, month) for month in range(begin - begin % long, last.year * 12 + last.month, long)]


def _name(part: tuple[str, int]) -> str:
    table, month = part
    year, number = divmod(month, 12)
    return f"{table}_{year:04d}" + (f"_{number + 1:02d}" if MONTHS_OF[table] == 1 else "")


def _stands(cursor, part: tuple[str, int]) -> bool:
    cursor.execute("SELECT to_regclass(%s)", [_name(part)])
    return cursor.fetchone()[0] is not None


def _statement(part: tuple[str, int]) -> str:
    table, month = part
    edges = [divmod(edge, 12) for edge in (month, month + MONTHS_OF[table])]
    begin, end = [f"{year:04d}-{number + 1:02d}-01 00:00:00+00" for year, number in edges]
    return f"CREATE TABLE {_name(part)} PARTITION OF {table} FOR VALUES FROM ('{begin}') TO ('{end}')"


def forget() -> None:
    """Know of no part any more: for a process that asks another database from now on."""
    _made.clear()
