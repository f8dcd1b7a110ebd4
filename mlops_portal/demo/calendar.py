"""The days of the demo world: when it began, and where its past lies."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

DAYS_OF_PAST = 182
LOOKED_AT = time(3, 10, tzinfo=UTC)  # each past day's files are read on the night after it


@dataclass(frozen=True)
class Calendar:
    """`origin` is the day on which the world began to live; its past are the `days` before."""

    origin: date
    days: int

    @property
    def first_day(self) -> date:
        return self.origin - timedelta(days=self.days)

    @property
    def begins_at(self) -> datetime:
        return datetime.combine(self.first_day, time(), UTC)

    def age(self, day: date) -> int:
        """Return how many days before the origin it was; negative afterwards."""
        return (self.origin - day).days

    def moments(self) -> list[datetime]:
        """Return the nights of the past on which the portal looked."""
        return [night_after(self.first_day + timedelta(days=n)) for n in range(self.days)]


def night_after(day: date) -> datetime:
    """Return when the portal looked at a day's files."""
    return datetime.combine(day + timedelta(days=1), LOOKED_AT)


def kept_calendar(path: Path, now: datetime, days: int) -> Calendar:
    """Return the calendar kept at `path`, so that a second start goes on where the first was; made when there is none.

    The world begins today, or yesterday while tonight's look is still to come.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        origin = now.date() if now.timetz() > LOOKED_AT else now.date() - timedelta(days=1)
        draft = path.with_suffix(".draft")
        draft.write_text(f"{origin} {days}\n")
        draft.replace(path)
    origin_text, days_text = path.read_text().split()
    return Calendar(date.fromisoformat(origin_text), int(days_text))
