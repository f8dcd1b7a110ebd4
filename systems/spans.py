"""Stretches of time as people write them: "15 minutes", "26 hours", "1 day"."""

import re

UNITS = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
_SHORT = {"d": "day", "h": "hour", "min": "minute", "m": "minute", "sec": "second", "s": "second"}
_SPAN = re.compile(r"\s*([0-9]{1,9})\s*([a-z]+)\s*\Z")


def spelled(seconds: int) -> str:
    """Return the stretch exactly, in the largest unit that fits."""
    unit, size = next((unit, size) for unit, size in UNITS.items() if seconds % size == 0)
    count = seconds // size
    return f"{count} {unit}{'' if count == 1 else 's'}"


def seconds_of(text: str) -> int:
    """Return how many seconds the text says. Raises ValueError for one that says no stretch of time."""
    match = _SPAN.match(text.lower())
    unit = match and (_SHORT.get(match[2]) or match[2].removesuffix("s"))
    if not match or unit not in UNITS:
        raise ValueError(text)
    return int(match[1]) * UNITS[unit]
