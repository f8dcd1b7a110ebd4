"""Bounds: bad when so many of the last points are out of them, over when several in a row are back inside."""

from dataclasses import dataclass

BACK_POINTS = 3  # in a row, and never fewer than it takes to be bad


@dataclass(frozen=True)
class Limit:
    """Bad when `bad` of the last `of` points are below `below` or above `above`."""

    below: float | None = None
    above: float | None = None
    bad: int = 1
    of: int = 1

    def is_out(self, value: float) -> bool:
        too_low = self.below is not None and value < self.below
        return too_low or (self.above is not None and value > self.above)


@dataclass(frozen=True)
class LimitReading:
    """`onset_at` is the first point outside that belongs to this alarm; `out` of the last `of` are outside."""

    is_bad: bool
    level: float
    onset_at: float | None = None
    out: int = 0


def fresh() -> dict:
    """Return the state before the first point, JSON-able."""
    return {"seen": 0, "last": [], "inside": 0, "since": None}


def step(state: dict, limit: Limit, at: float, value: float) -> tuple[dict, LimitReading]:
    """Return (the state after the point, its reading). `state` is left as it was; `at` is in epoch seconds."""
    is_out = limit.is_out(value)
    last = [*state["last"], [at, int(is_out)]][-max(limit.of, 1) :]
    inside = 0 if is_out else state["inside"] + 1
    since, outside = state["since"], [t for t, out in last if out]
    if since is None and len(outside) >= limit.bad:
        since = outside[0]
    elif since is not None and inside >= max(BACK_POINTS, limit.bad):
        since = None
    state = {"seen": state["seen"] + 1, "last": last, "inside": inside, "since": since}
    return state, LimitReading(is_bad=since is not None, level=value, onset_at=since, out=len(outside))
