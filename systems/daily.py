"""Status by the day: what a strip of days shows. Plain dates and spans; no query, no clock."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from systems.models import Level, StatusSpan


@dataclass(frozen=True)
class Day:
    """One UTC day: the worst status it saw (None: nothing is known of it) and the sentence that went with it."""

    on: date
    level: Level | None
    sentence: str


def days_until(today: date, spans: Iterable[StatusSpan], *, count: int = 90) -> list[Day]:
    """Return the `count` days that end with `today`, oldest first."""
    spans = list(spans)
    return [_day(today - timedelta(days=back), spans) for back in reversed(range(count))]


def counted(days: Iterable[Day]) -> str:
    """Return how many of the days saw what, worst first, in words: "3 failing, 86 healthy, 1 not known"."""
    counts = Counter(day.level for day in days)
    words = [(level, level.label.lower()) for level in Level.worst_first()] + [(None, "not known")]
    return ", ".join(f"{counts[level]} {word}" for level, word in words if counts[level])


def _day(on: date, spans: list[StatusSpan]) -> Day:
    begins = datetime.combine(on, time.min, UTC)
    ends = begins + timedelta(days=1)
    touching = [span for span in spans if span.from_at < ends and (span.to_at is None or span.to_at > begins)]
    if not touching:
        return Day(on, None, "Not known.")
    order = Level.worst_first()
    worst = min(touching, key=lambda span: order.index(span.status))
    return Day(on, Level(worst.status), worst.sentence)
