"""Which columns of a source are missed, by what it delivered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Missed:
    """Columns that were there and are gone, those that came when the last one went, and when that was."""

    gone: list[str]
    new: list[str]
    since: datetime | None


def missed(seen: Sequence[tuple[datetime, Sequence[str]]], accepted_at: datetime | None = None) -> Missed:
    """Return what is missed at the end of `seen`, (time, columns) in order of time.

    What a person accepted at `accepted_at` is the format from there on. New columns alone are no loss.
    """
    gone: list[str] = []
    new: list[str] = []
    since = None
    before: Sequence[str] | None = None
    for at, columns in seen:
        if accepted_at is not None and at < accepted_at:
            continue
        left = [name for name in before or [] if name not in columns]
        if left:
            since, new = at, [name for name in columns if name not in (before or [])]
        gone = [name for name in [*gone, *left] if name not in columns]
        before = columns
    return Missed(gone, [name for name in new if before and name in before], since) if gone else Missed([], [], None)
