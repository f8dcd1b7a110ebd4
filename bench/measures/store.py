"""Storing points beside a raw binary COPY of the same rows, sorted, into a table of the same shape."""

import statistics
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from bench.figure import Figure, time_ms
from bench.points import Rows, copy_raw, make_raw, series_of
from mlops_portal.engine.memory import collect_seldom
from monitoring.actions.keeping import close_hours
from monitoring.actions.storing import store
from monitoring.connectors.connector import Reading
from monitoring.models import Point

MINUTE = timedelta(minutes=1)
ROUNDS = 15
ROWS = 10_000


def figures() -> Iterator[Figure | str]:
    """Yield the time of a batch of 10,000 rows: new ones, the same again, and one point each of 10,000 series.

    Ours counts all that storing does: stamps of the series, comparing, and the closing of the hours that were filled.
    """
    series = series_of(ROWS)
    collect_seldom()  # as every process that stores does; the models of the filling are no part of what is measured
    begin = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=60)
    make_raw(begin)
    yield from _of_few(series[:200], begin)
    yield from _of_many(series, begin + timedelta(days=1))
    yield f"bytes a point, with its index: {_bytes_of_a_row('monitoring_point'):.0f}"


def _of_few(series: list[int], begin: datetime) -> Iterator[Figure]:
    new, again, raw = [], [], []
    for turn in range(ROUNDS + 2):
        rows = Rows.made(series, begin + turn * 50 * MINUTE, 50)
        readings, frame, at = rows.readings(), rows.frame(), rows.end + 11 * MINUTE  # the hours before it are closed
        raw.append(time_ms(lambda frame=frame: copy_raw(frame)))
        new.append(time_ms(lambda readings=readings, at=at: _store(readings, at)))
        again.append(time_ms(lambda readings=readings, at=at: _store(readings, at)))
    yield Figure("store, 200 series x 50 new", *_medians(new, raw), "ms", 1 / 0.5)
    yield Figure("store, the same again", *_medians(again, raw), "ms", 1 / 0.3)


def _of_many(series: list[int], begin: datetime) -> Iterator[Figure]:
    new, raw = [], []
    for turn in range(60 + ROUNDS):
        rows = Rows.made(series, begin + turn * MINUTE, 1)
        readings, frame, at = rows.readings(), rows.frame(), rows.end
        raw.append(time_ms(lambda frame=frame: copy_raw(frame)))
        new.append(time_ms(lambda readings=readings, at=at: store(readings, at=at)))
    closing = time_ms(lambda: close_hours(at=begin + timedelta(minutes=75))) / 60  # an hour's share of a minute
    ours, other = _medians(new, raw)
    yield Figure("store, 10,000 series x 1 new", ours + closing, other, "ms", 1 / 0.6)


def _bytes_of_a_row(table: str) -> float:
    parts = "SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = %s::regclass"
    with connection.cursor() as cursor:
        cursor.execute(parts, [table])
        (size,) = cursor.fetchone()
    return float(size) / Point.objects.count()


def _store(readings: dict[int, list[Reading]], at: datetime) -> None:
    store(readings, at=at)
    close_hours(at=at)


def _medians(ours: list[float], other: list[float]) -> tuple[float, float]:
    return statistics.median(ours[-ROUNDS:]), statistics.median(other[-ROUNDS:])
