"""Windows of time, in UTC: hours, days, and weeks that begin on Monday. Times are microseconds since 1970."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LENGTHS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}
FIRST_MONDAY = timedelta(days=4) // MICROSECOND  # 5 January 1970


def to_microseconds(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


def to_time(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=int(microseconds))


def starts_of(times: NDArray[np.int64], window: str) -> NDArray[np.int64]:
    """Return for each time the start of the window in which it lies."""
    length = LENGTHS[window] // MICROSECOND
    first = FIRST_MONDAY if window == "week" else 0
    return (times - first) // length * length + first


def start_of(at: datetime, window: str) -> datetime:
    """Return the start of the window in which `at` lies."""
    return to_time(starts_of(np.array([to_microseconds(at)]), window)[0])


def parted(starts: NDArray[np.int64]) -> Iterator[tuple[datetime, NDArray[np.int64]]]:
    """Yield each window's start with the places of its rows, oldest window first."""
    if not len(starts):
        return
    order = np.argsort(starts, kind="stable")
    values, first = np.unique(starts[order], return_index=True)
    for value, places in zip(values, np.split(order, first[1:]), strict=True):
        yield to_time(value), places


def still_open(since: datetime | None, window: str, delay: timedelta) -> datetime | None:
    """Return the start of the oldest window that was not final at `since`; None: all of them."""
    length = LENGTHS[window]
    return None if since is None else start_of(since - delay - length, window) + length


def is_over(start: datetime, window: str, delay: timedelta, at: datetime) -> bool:
    """Whether `at` is past the window's end by `delay` or more: its labels have had their time."""
    return at >= start + LENGTHS[window] + delay
