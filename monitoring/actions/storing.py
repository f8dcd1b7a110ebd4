"""Writing points: the same ones twice change nothing, a provisional value gives way, a final one only to a correction.

New points go in by COPY, which is all there is to do for most pulls. Where one of them stands already (SQLSTATE 23505)
the batch is compared with what stands, and only what is new or changed is written.
"""

import math
import statistics
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from numbers import Real
from typing import NamedTuple

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from monitoring.connectors.connector import Reading
from monitoring.models import Maturity, Series
from monitoring.partitions import make_months
from systems.actions.versions import ids_of
from systems.models import System

FUTURE = timedelta(minutes=5)  # a clock may go wrong by this much
RHYTHM_FROM = 20  # newest points from whose distances the rhythm is taken
UNIQUE_VIOLATION = "23505"
LONGEST_SAMPLES = 2**63 - 1

_COLUMNS = "series_id, at, value, samples, maturity, model_version, first_seen_at, seen_at"
_HEAD = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_TAIL = struct.pack(">h", -1)
_ROW = struct.Struct(">h iq iq id iq ih iq iq iq")
_EPOCH = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
_MICROSECOND = timedelta(microseconds=1)


@dataclass
class Stored:
    """What became of a batch. `points` are new; `replaced` gave way to a newer value, `corrected` of them were final.

    The rest changed nothing.
    """

    points: int = 0
    duplicates: int = 0
    replaced: int = 0
    corrected: int = 0
    conflicts: int = 0
    rejected: int = 0
    first: dict[int, datetime] = field(default_factory=dict)  # by series: the earliest point that is new or changed


class Row(NamedTuple):
    """A point as it goes into the table; rows sort by series and time."""

    series_id: int
    at: datetime
    value: float
    samples: int
    maturity: int
    model_version: int
    correction: str = ""


def store(readings: Mapping[int, Sequence[Reading]], *, at: datetime) -> Stored:
    """Write readings by series id and return what became of them; series get their newest value, time and rhythm.

    Rejected are values that are no finite numbers, and times without a zone, behind retention or over 5 min ahead.
    Call `make_room` before, where this runs inside a longer transaction: making a month locks the table.
    """
    stored = Stored()
    usable = {series: _usable(given, at, stored) for series, given in readings.items()}
    make_room(usable, at=at)
    with transaction.atomic():
        rows = _folded(_rows(_locked(usable), usable), stored)
        if rows:
            _write(rows, at, stored)
        if stored.first:
            _stamp(stored)
    return stored


def make_room(readings: Mapping[int, Sequence[Reading]], *, at: datetime) -> None:
    """Make the months of the table that these readings need."""
    times = [one.at for given in readings.values() for one in given if _is_in_time(one.at, at)]
    if times:
        make_months(min(times), max(times))


def _usable(given: Sequence[Reading], at: datetime, stored: Stored) -> list[Reading]:
    good = [one for one in given if _is_number(one.value) and _is_count(one.samples) and _is_in_time(one.at, at)]
    stored.rejected += len(given) - len(good)
    return good


def _is_number(value: object) -> bool:
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond every float
        return False


def _is_count(samples: object) -> bool:
    return isinstance(samples, int) and 0 <= samples <= LONGEST_SAMPLES


def _is_in_time(moment: datetime, at: datetime) -> bool:
    return moment.tzinfo is not None and not untimely(moment, at)


def untimely(moment: datetime, at: datetime) -> str:
    """Return in a sentence why a point of this time is not kept; empty when it is."""
    if moment > at + FUTURE:
        return f"Its time lies ahead by more than {FUTURE // timedelta(minutes=1)} minutes."
    if moment < at - timedelta(days=settings.RETENTION_DAYS):
        return f"Its time lies more than {settings.RETENTION_DAYS} days back: so old values are not kept."
    return ""


def _locked(readings: Mapping[int, object]) -> list[int]:
    """Return the series that there are, locked for this transaction: who writes points of a series writes alone."""
    series = Series.objects.filter(pk__in=readings).order_by("pk").select_for_update(no_key=True)
    return list(series.values_list("pk", flat=True))


def _rows(series: Iterable[int], readings: Mapping[int, Sequence[Reading]]) -> list[Row]:
    named = {pk: {one.version for one in readings[pk] if one.version} for pk in series}
    versions = _versions({pk: names for pk, names in named.items() if names})
    return [_row(pk, reading, versions.get(pk, {})) for pk in named for reading in readings[pk]]


def _versions(named: Mapping[int, set[str]]) -> dict[int, Mapping[str, int]]:
    """Return by series the ids of the model versions that its readings name."""
    systems = {
        one.pk: one.metric.system for one in Series.objects.filter(pk__in=named).select_related("metric__system")
    }
    names: dict[System, set[str]] = {}
    for pk, system in systems.items():
        names.setdefault(system, set()).update(named[pk])
    ids = {system: ids_of(system, found) for system, found in names.items()}
    return {pk: ids[system] for pk, system in systems.items()}


def _row(series_id: int, reading: Reading, versions: Mapping[str, int]) -> Row:
    maturity = Maturity.FINAL if reading.is_final else Maturity.PROVISIONAL
    version = versions.get(reading.version, 0)
    return Row(series_id, reading.at, float(reading.value), reading.samples, int(maturity), version, reading.correction)


def _folded(rows: list[Row], stored: Stored) -> list[Row]:
    """Return the rows sorted, each (series, time) once: within a batch the same rule holds as against the table."""
    kept: dict[tuple[int, datetime], Row] = {}
    for row in rows:
        key = (row.series_id, row.at)
        if key not in kept or _verdict(kept[key], row, stored) == "replace":
            kept[key] = row
    return sorted(kept.values())


def _verdict(standing: Row, row: Row, stored: Stored) -> str:
    """Return "replace" or "leave" for a row that meets a standing one, and count it."""
    if standing[2:5] == row[2:5] or (standing.maturity == Maturity.FINAL and standing.value == row.value):
        stored.duplicates += 1
        return "leave"
    if standing.maturity == Maturity.FINAL and not row.correction:
        stored.conflicts += 1
        return "leave"
    stored.replaced += 1
    stored.corrected += standing.maturity == Maturity.FINAL
    return "replace"


def _write(rows: list[Row], at: datetime, stored: Stored) -> None:
    try:
        with transaction.atomic():
            _copy(rows, at)
        new = changed = rows
    except IntegrityError as error:
        if getattr(error.__cause__, "sqlstate", None) != UNIQUE_VIOLATION:
            raise
        new, changed = _write_what_differs(rows, at, stored)
    stored.points += len(new)
    for row in changed:
        stored.first[row.series_id] = min(row.at, stored.first.get(row.series_id, row.at))


def _write_what_differs(rows: list[Row], at: datetime, stored: Stored) -> tuple[list[Row], list[Row]]:
    """Write the rows that are new or that something provisional gives way to; return the new ones, and both."""
    standing = _standing(rows)
    new = [row for row in rows if row[:2] not in standing]
    met = [row for row in rows if row[:2] in standing]
    replacing = [row for row in met if _verdict(standing[row[:2]], row, stored) == "replace"]
    _copy(new, at)
    _replace(replacing, at)
    return new, sorted([*new, *replacing])


def _copy(rows: list[Row], at: datetime) -> None:
    if not rows:
        return
    seen = _micros(at)
    into = f"COPY monitoring_point ({_COLUMNS}) FROM STDIN BINARY"
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(into) as copy:
        copy.write(_HEAD + b"".join(_packed(row, seen) for row in rows) + _TAIL)


def _packed(row: Row, seen: int) -> bytes:
    at = _micros(row.at)
    point = (8, row.series_id, 8, at, 8, row.value, 8, row.samples, 2, row.maturity, 8, row.model_version)
    return _ROW.pack(8, *point, 8, seen, 8, seen)


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _standing(rows: list[Row]) -> dict[tuple[int, datetime], Row]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT p.series_id, p.at, p.value, p.samples, p.maturity, p.model_version
            FROM unnest(%s::bigint[], %s::timestamptz[]) AS given(series_id, at)
            JOIN monitoring_point p USING (series_id, at)
            WHERE p.at BETWEEN %s AND %s
            """,
            [[row.series_id for row in rows], [row.at for row in rows], *_span(rows)],
        )
        return {found[:2]: Row(*found) for found in cursor.fetchall()}


def _replace(rows: list[Row], at: datetime) -> None:
    """Put these values in the place of others, which are kept as revisions, with the reason of a correction."""
    if not rows:
        return
    *given, reasons = [list(column) for column in zip(*rows, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO monitoring_pointrevision (series_id, at, value, samples, maturity, seen_at, replaced_at, reason)
            SELECT p.series_id, p.at, p.value, p.samples, p.maturity, p.seen_at, %s, given.reason
            FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[]) AS given(series_id, at, reason)
            JOIN monitoring_point p USING (series_id, at)
            WHERE p.at BETWEEN %s AND %s
            """,
            [at, given[0], given[1], reasons, *_span(rows)],
        )
        cursor.execute(
            """
            UPDATE monitoring_point p
            SET value = given.value, samples = given.samples, maturity = given.maturity,
                model_version = given.model_version, seen_at = %s
            FROM unnest(%s::bigint[], %s::timestamptz[], %s::float8[], %s::bigint[], %s::smallint[], %s::bigint[])
                AS given(series_id, at, value, samples, maturity, model_version)
            WHERE p.series_id = given.series_id AND p.at = given.at AND p.at BETWEEN %s AND %s
            """,
            [at, *given, *_span(rows)],
        )


def _span(rows: list[Row]) -> tuple[datetime, datetime]:
    """Return the first and the last time, by which the database leaves out months that hold nothing of these."""
    return min(row.at for row in rows), max(row.at for row in rows)


def _stamp(stored: Stored) -> None:
    """Give each series that changed its newest value and rhythm, and say from where it is to be judged again."""
    newest = _newest(list(stored.first))
    given = [(pk, *points[0], _rhythm_s(points), stored.first[pk]) for pk, points in newest.items()]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE monitoring_series s
            SET last_at = given.last_at, last_value = given.last_value,
                rhythm_s = coalesce(given.rhythm_s, s.rhythm_s), unjudged_from = least(s.unjudged_from, given.from_at)
            FROM unnest(%s::bigint[], %s::timestamptz[], %s::float8[], %s::float8[], %s::timestamptz[])
                AS given(id, last_at, last_value, rhythm_s, from_at)
            WHERE s.id = given.id
            """,
            [list(column) for column in zip(*given, strict=True)],
        )


def _rhythm_s(points: list[tuple[datetime, float]]) -> float | None:
    gaps = [(later[0] - earlier[0]).total_seconds() for later, earlier in pairwise(points)]
    return statistics.median(gaps) if gaps else None


def _newest(series: list[int]) -> dict[int, list[tuple[datetime, float]]]:
    """Return the newest points (time, value) of each series, the newest one first."""
    found: dict[int, list[tuple[datetime, float]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT touched.id, newest.at, newest.value
            FROM unnest(%s::bigint[]) AS touched(id)
            CROSS JOIN LATERAL (
                SELECT at, value FROM monitoring_point WHERE series_id = touched.id ORDER BY at DESC LIMIT %s
            ) newest
            ORDER BY touched.id, newest.at DESC
            """,
            [series, RHYTHM_FROM],
        )
        for pk, moment, value in cursor.fetchall():
            found.setdefault(pk, []).append((moment, value))
    return found
