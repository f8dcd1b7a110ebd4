"""The stretch of time that a page shows, as its address says it: `?range=7d`, or `?from=…&to=…`."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

RANGES = {
    "24h": (timedelta(hours=24), "24 hours"),
    "7d": (timedelta(days=7), "7 days"),
    "30d": (timedelta(days=30), "30 days"),
    "90d": (timedelta(days=90), "90 days"),
    "1y": (timedelta(days=365), "1 year"),
}
USUAL = "30d"
FIRST, LAST = 1970, 2200


@dataclass(frozen=True)
class Stretch:
    """From when to when; `name` is a key of RANGES, empty for an own one; `wrong` says why the asked one is not it."""

    from_at: datetime
    to_at: datetime
    name: str = ""
    wrong: str = ""


def stretch_of(query, *, now: datetime) -> Stretch:
    """Return the stretch that a query string asks for; the usual one, with a sentence, where it makes no sense."""
    if query.get("from") or query.get("to"):
        return _own(query, now)
    name = query.get("range") or USUAL
    if name not in RANGES:
        return _usual(now, f"There is no range {name[:20]}.")
    return Stretch(now - RANGES[name][0], now, name)


def _usual(now: datetime, wrong: str = "") -> Stretch:
    return Stretch(now - RANGES[USUAL][0], now, USUAL, wrong)


def _own(query, now: datetime) -> Stretch:
    try:
        begin = _moment(query.get("from")) or now - RANGES[USUAL][0]
        end = _moment(query.get("to")) or now
    except (ValueError, OverflowError):
        return _usual(now, "Write times such as 2026-03-01T09:30; they are taken as UTC.")
    if not FIRST <= begin.year <= LAST or not FIRST <= end.year <= LAST:
        return _usual(now, f"Years from {FIRST} to {LAST} can be shown.")
    if begin >= end:
        return _usual(now, "The range must begin before it ends.")
    return Stretch(begin, end)


def _moment(text: str | None) -> datetime | None:
    """Return the time that `text` says, in UTC where it names no offset. Raises ValueError."""
    if not text:
        return None
    moment = datetime.fromisoformat(text.strip())
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
