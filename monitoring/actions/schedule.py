"""When a source is asked: on a grid of its own, so that not all come at the full minute (RELIABILITY F11)."""

import zlib
from datetime import UTC, datetime, timedelta

from monitoring.models import Source

LONGEST_BACK_OFF_S = 3600
_START = datetime(1970, 1, 1, tzinfo=UTC)


def next_due(source: Source, moment: datetime) -> datetime:
    """Return the source's first time after `moment`."""
    interval = timedelta(seconds=source.interval_s)
    offset = timedelta(seconds=_hash(source) % source.interval_s)
    past = (moment - _START - offset) // interval
    return _START + offset + (past + 1) * interval


def due_time(source: Source, moment: datetime) -> datetime:
    """Return for which due time the source is asked at `moment`: after an absence only for the newest one."""
    newest = next_due(source, moment) - timedelta(seconds=source.interval_s)
    return max(source.next_due_at, newest)


def back_off(source: Source, failures: int) -> timedelta:
    """Return how long to wait after so many failures in a row: doubled each time up to an hour, never all at once."""
    wait_s = min(source.interval_s * 2.0 ** min(failures, 16), LONGEST_BACK_OFF_S)
    return timedelta(seconds=max(wait_s, source.interval_s) * jitter(source, failures))


def jitter(source: Source, salt: int = 0) -> float:
    """Return a factor from 0.8 to 1.2, always the same for a source and a salt."""
    return 0.8 + 0.4 * (_hash(source, salt) % 1000) / 1000


def _hash(source: Source, salt: int = 0) -> int:
    return zlib.crc32(f"{source.pk}:{salt}".encode())
