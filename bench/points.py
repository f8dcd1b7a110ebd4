"""Series and points for the measures of the store, and the other side of them: a raw COPY."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db import connection, transaction

from monitoring.connectors.connector import Reading
from monitoring.models import Metric, Series
from monitoring.store.batches import framed, micros, moment
from systems.models import System, Team

MINUTE_US = 60_000_000
COLUMNS = "series_id, at, value, samples, maturity, model_version, first_seen_at, seen_at"


def series_of(count: int) -> list[int]:
    """Make a system with `count` metrics of one series each; return the ids of the series."""
    team = Team.objects.create(slug="bench", name="Bench")
    system = System.objects.create(slug="bench", name="Bench", team=team)
    metrics = Metric.objects.bulk_create(Metric(system=system, key=f"metric_{n}") for n in range(count))
    made = Series.objects.bulk_create(Series(metric=metric) for metric in metrics)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE monitoring_series")
    return [one.pk for one in made]


def make_raw(begin: datetime, table: str = "bench_point") -> None:
    """Make a table of the very shape of that of points, with the months from `begin` on."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {table} (LIKE monitoring_point INCLUDING ALL) PARTITION BY RANGE (at)")
        month = begin.replace(day=1, hour=0)
        for number in range(4):
            after = (month + timedelta(days=32)).replace(day=1)
            cursor.execute(
                f"CREATE TABLE {table}_{number} PARTITION OF {table} FOR VALUES FROM ('{month}') TO ('{after}')"
            )
            month = after


def copy_raw(frame: bytes, table: str = "bench_point") -> None:
    """Write the rows of a frame in one transaction, with nothing else."""
    into = f"COPY {table} ({COLUMNS}) FROM STDIN BINARY"
    with transaction.atomic(), connection.cursor() as cursor, cursor.copy(into) as copy:
        copy.write(frame)


@dataclass(frozen=True)
class Rows:
    """Points by the minute, sorted by series and time: arrays of series, µs and values, `each` of each series."""

    series: np.ndarray
    at: np.ndarray
    value: np.ndarray
    each: int

    @classmethod
    def made(cls, series: list[int], begin: datetime, each: int) -> "Rows":
        minutes = micros(begin) + np.arange(each) * MINUTE_US
        values = np.random.default_rng(each).normal(0.9, 0.01, len(series) * each)
        return cls(np.repeat(np.array(series), each), np.tile(minutes, len(series)), values, each)

    @property
    def end(self) -> datetime:
        return moment(self.at.max())

    def frame(self) -> bytes:
        """Return the rows as a binary COPY into all columns of a table of points."""
        seen, one = np.int64(micros(self.end)), np.int16(1)
        columns = [self.series, self.at, self.value, np.int64(0), one, np.int64(0), seen, seen]
        return framed(*columns, rows=len(self.series))

    def readings(self) -> dict[int, list[Reading]]:
        times, values = [moment(at) for at in self.at.tolist()], self.value.tolist()
        pairs = list(map(Reading, times, values))
        series = self.series[:: self.each].tolist()
        return {pk: pairs[n * self.each : (n + 1) * self.each] for n, pk in enumerate(series)}
