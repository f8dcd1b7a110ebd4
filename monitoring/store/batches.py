"""Points as columns, sorted by series and time: what storing works on, and the bytes that a binary COPY takes."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain

import numpy as np

from monitoring.connectors.connector import Reading
from monitoring.models import Maturity

EPOCH = datetime.fromisoformat("2000-01-01T00:00:00+00:00")  # PostgreSQL's own
UNIX = EPOCH.timestamp()
MICROSECOND = timedelta(microseconds=1)

_HEAD = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_TAIL = struct.pack(">h", -1)


@dataclass(frozen=True)
class Batch:
    """One row a point: arrays of the same length. `at` is in µs since EPOCH, `reason` is empty but for corrections."""

    series: np.ndarray
    at: np.ndarray
    value: np.ndarray
    samples: np.ndarray
    maturity: np.ndarray
    version: np.ndarray
    reason: np.ndarray

    def __len__(self):
        return len(self.series)

    def taken(self, which: np.ndarray) -> "Batch":
        """Return the rows that `which` names, as numpy's index or mask."""
        return Batch(*(getattr(self, one.name)[which] for one in fields(self)))

    def sorted(self) -> "Batch":
        """Return the rows by series and time; rows of the same place stay in the order in which they came."""
        apart = np.diff(self.series)
        if np.all((apart > 0) | ((apart == 0) & (np.diff(self.at) >= 0))):
            return self
        return self.taken(np.lexsort((self.at, self.series)))

    def repeats(self) -> np.ndarray:
        """Return the numbers of the rows that have the place of the row before them."""
        return np.flatnonzero((np.diff(self.series) == 0) & (np.diff(self.at) == 0)) + 1

    def starts(self) -> np.ndarray:
        """Return the number of the first row of each series."""
        return np.flatnonzero(np.diff(self.series, prepend=-1))

    def span(self) -> tuple[datetime, datetime]:
        """Return the first and the last time."""
        return moment(self.at.min()), moment(self.at.max())


@dataclass(frozen=True)
class Given:
    """Readings as they were given, a tuple for each of their fields; `series` says by row whose it is."""

    series: np.ndarray
    at: tuple[datetime, ...] = ()
    value: tuple[float, ...] = ()
    samples: tuple[int, ...] = ()
    is_final: tuple[bool, ...] = ()
    version: tuple[str, ...] = ()
    correction: tuple[str, ...] = ()

    @cached_property
    def micros(self) -> np.ndarray:
        """The times in µs since EPOCH; all must name a zone."""
        return micros_of(self.at)

    def span(self) -> tuple[datetime, datetime]:
        """Return the first and the last time."""
        return moment(self.micros.min()), moment(self.micros.max())


def given_of(readings: Mapping[int, Sequence[Reading]]) -> Given:
    """Return readings by series id as columns."""
    counts = list(map(len, readings.values()))
    series = np.repeat(np.fromiter(readings, np.int64, len(counts)), counts)
    return Given(series, *zip(*chain.from_iterable(readings.values()), strict=True))


def batch_of(given: Given, versions: Mapping[int, Mapping[str, int]]) -> Batch:
    """Return what was given as a Batch; `versions` gives by series the ids of the versions it names.

    It must be usable: finite numbers, times with a zone (actions/storing.py sees to it).
    """
    size = len(given.series)
    named = zip(given.series.tolist(), given.version, strict=True) if versions else ()
    ids = (
        np.array([versions[pk].get(name, 0) for pk, name in named], np.int64) if versions else np.zeros(size, np.int64)
    )
    return Batch(
        series=given.series,
        at=given.micros,
        value=np.array(given.value, np.float64),
        samples=np.array(given.samples, np.int64),
        maturity=np.where(np.array(given.is_final, bool), Maturity.FINAL, Maturity.PROVISIONAL).astype(np.int16),
        version=ids,
        reason=np.array(given.correction, object),
    )


def micros_of(times: Sequence[datetime]) -> np.ndarray:
    """Return times in µs since EPOCH; exact for those of this century."""
    seconds = np.fromiter(map(datetime.timestamp, times), np.float64, len(times))
    return np.rint((seconds - UNIX) * 1e6).astype(np.int64)


def micros(at: datetime) -> int:
    """Return the time in µs since EPOCH."""
    return (at - EPOCH) // MICROSECOND


def moment(since: int) -> datetime:
    """Return the time that is `since` µs after EPOCH."""
    return EPOCH + int(since) * MICROSECOND


def framed(*columns: np.ndarray | int, rows: int) -> bytes:
    """Return `rows` rows of these columns as a whole binary COPY; a whole number stands in every row."""
    arrays = [np.asarray(column) for column in columns]
    layout: list[tuple[str, str | np.dtype]] = [("count", ">i2")]
    for n, array in enumerate(arrays):
        layout += [(f"length{n}", ">i4"), (f"data{n}", array.dtype.newbyteorder(">"))]
    frame = np.empty(rows, layout)
    frame["count"] = len(arrays)
    for n, array in enumerate(arrays):
        frame[f"length{n}"], frame[f"data{n}"] = array.dtype.itemsize, array
    return _HEAD + frame.tobytes() + _TAIL
