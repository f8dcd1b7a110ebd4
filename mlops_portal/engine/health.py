"""What the duty table says: how long ago each duty was done, and whether that is too long. One query, many readers."""

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, TimeoutError
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from mlops_portal.engine.models import Duty

READ_EVERY_S = 5
CLOCK_WRONG_BY_S = 5.0  # what is stored under the own clock is wrong by as much
_asking = ThreadPoolExecutor(max_workers=4, thread_name_prefix="database-question")


@dataclass(frozen=True)
class DutyState:
    """One duty as the table shows it: seconds since it was last done (None: never), and whether that is too long.

    `ahead_s` is by how many seconds the clock of whoever did it last goes before the database's.
    """

    name: str
    queue: str
    age_s: float | None
    late: bool
    finished_at: datetime | None
    error: str
    ahead_s: float

    @property
    def has_wrong_clock(self) -> bool:
        return abs(self.ahead_s) > CLOCK_WRONG_BY_S


def read_duties() -> list[DutyState]:
    """Return the state of every duty by the database's clock. Raises DatabaseError when there is no database."""
    return [_state(row) for row in Duty.objects.with_age().order_by("name")]


def _state(row: Duty) -> DutyState:
    age: timedelta | None = row.age  # type: ignore[attr-defined] # annotated by with_age()
    age_s = age.total_seconds() if age is not None else None
    late = age_s is None or age_s > row.late_after_s
    return DutyState(row.name, row.queue, age_s, late, row.finished_at, row.error, row.ahead_s)


def wrong_clocks(duties: Iterable[DutyState]) -> str:
    """Return the sentence about clocks that differ from the database's by more than 5 s; empty where none does."""
    wrong = [duty for duty in duties if duty.has_wrong_clock]
    if not wrong:
        return ""
    worst = max(wrong, key=lambda duty: abs(duty.ahead_s))
    side = "ahead of" if worst.ahead_s > 0 else "behind"
    names, off_s = ", ".join(duty.name for duty in wrong), f"{abs(worst.ahead_s):.0f} s"
    return f"The clock of who does {names} is up to {off_s} {side} the database's: set that host's by a time server."


def late_duties() -> list[DutyState]:
    """Return the duties that are late, the longest first."""
    late = [duty for duty in read_duties() if duty.late]
    return sorted(late, key=lambda duty: duty.age_s if duty.age_s is not None else float("inf"), reverse=True)


@dataclass(frozen=True)
class Lateness:
    """What the banner says: since when nothing was done, and which duties are late."""

    since: datetime | None
    names: tuple[str, ...]


_read: tuple[float, Lateness | None] | None = None


def lateness() -> Lateness | None:
    """Return what the banner has to say, or None when every duty is on time; each process looks at most every 5 s."""
    global _read
    if _read is None or time.monotonic() - _read[0] > READ_EVERY_S:
        _read = (time.monotonic(), _look())
    return _read[1]


def _look() -> Lateness | None:
    late = late_duties()
    if not late:
        return None
    return Lateness(min((d.finished_at for d in late if d.finished_at), default=None), tuple(d.name for d in late))


def database_answers(within_s: float = 3.0) -> bool:
    """Whether the database answers a question within `within_s` seconds, even when its server stands still."""
    try:
        return _asking.submit(_ask).result(timeout=within_s)
    except TimeoutError:
        return False


def _ask() -> bool:
    try:
        close_old_connections()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return True
    except (DatabaseError, InterfaceError):
        return False
    finally:
        connection.close()
