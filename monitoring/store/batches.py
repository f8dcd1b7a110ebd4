"""Points as columns, sorted by series and time: what storing works on, and the bytes that a binary COPY takes."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from operator import attrgetter

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


def batch_of(readings: Mapping[int, Sequence[Reading]], versions: Mapping[int, Mapping[str, int]]) -> Batch:
    """Return the readings by series id as a Batch; `versions` gives by series the ids of the versions they name.

    They must be usable: finite numbers, times with a zone (actions/storing.py sees to it).
    """
    series = np.repeat(np.fromiter(readings, np.int64, len(readings)), [len(given) for given in readings.values()])
    flat = [one for given in readings.values() for one in given]
    names = list(map(attrgetter("version"), flat))
    ids = [versions[pk].get(name, 0) for pk, name in zip(series.tolist(), names, strict=True)] if versions else 0
    final = np.fromiter(map(attrgetter("is_final"), flat), bool, len(flat))
    return Batch(
        series=series,
        at=micros_of([one.at for one in flat]),
        value=np.array([one.value for one in flat], np.float64),
        samples=np.array([one.samples for one in flat], np.int64),
        maturity=np.where(final, Maturity.FINAL, Maturity.PROVISIONAL).astype(np.int16),
        version=np.broadcast_to(np.array(ids, np.int64), len(flat)),
        reason=np.array([one.correction for one in flat], object),
    )


def micros_of(times: Sequence[datetime]) -> np.ndarray:
    """Return times in µs since EPOCH; exact for those of this century."""
    seconds = np.fromiter((at.timestamp() for at in times), np.float64, len(times))
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
