"""Times as documents write them."""

import re
from datetime import UTC, datetime
from typing import Any

MILLISECONDS_FROM = 10**11  # as seconds that is in the year 5138
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)")


def moment_of(said: Any) -> datetime | None:
    """Return the time that is said: RFC 3339 with its offset, or seconds or milliseconds since 1970; else None."""
    try:
        if isinstance(said, str) and _TIME.fullmatch(said):
            return datetime.fromisoformat(said.upper()).astimezone(UTC)
        if isinstance(said, int | float) and not isinstance(said, bool):
            return datetime.fromtimestamp(said / 1000 if said >= MILLISECONDS_FROM else said, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None
