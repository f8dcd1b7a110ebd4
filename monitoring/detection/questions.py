"""Four questions of each point: has the level moved, or at weekends only; are bad points frequent; is it unsteady?

Each has evidence of its own and a threshold of its own; the finding is the one that comes nearest to its threshold.
"""

import math
from functools import lru_cache
from typing import NamedTuple

from monitoring.detection import evidence
from monitoring.detection.healthy import DAY, Healthy, is_weekend

THRESHOLDS = {"level": 6.5, "weekend": 6.5, "bursts": 6.5, "spread": 8.0}  # nats, where one point comes a day
WINDOW_DAYS, HOURLY_WINDOW_DAYS = 56.0, 10.0  # a change that began earlier is looked for from there on
HIGHEST = 1.5  # of its threshold: a sum goes no higher, so that it comes down again
FARTHEST_STEP = 3.0
UNSURE = 1.0  # of the variance of the level that was learned, how much is allowed for
GIVEN_COUNT = 50  # a given level is taken to be as sure as that of so many points
WEEK_BY_WEEKEND = 3.5  # a weekend's level was learned from so many times fewer points


class Finding(NamedTuple):
    """A question's evidence as a share of its threshold, since when, on which side, and which question it was."""

    share: float
    since: float
    side: int
    kind: str


NOTHING = Finding(0.0, 0.0, 0, "spread")


class Scored(NamedTuple):
    """A point held against what is normal: `residual` in its standard deviations, `weight` by its samples.

    `step` is the distance to the residual before, None where there is none.
    """

    at: float
    residual: float
    weight: float
    step: float | None


def ask(memory: dict, point: Scored, healthy: Healthy, sides: tuple[int, ...]) -> tuple[dict, Finding]:
    """Return (what the questions remember after the point, the Finding). `memory` is left as it was; {} at first.

    Points that come more often than daily, and two sides, have to tell as many times more: the rate of errors is that
    of days, whatever is watched.
    """
    more = _more(healthy, sides)
    after = memory.copy()
    found = _spread(after, point, healthy, sides[0], more)
    asked = (_level, _weekend, _bursts) if is_weekend(point.at) else (_level, _bursts)
    for side in sides:
        for question in asked:
            other = question(after, point, healthy, side, more)
            if other.share > found.share:
                found = other
    return after, found


def remaining(memory: dict, kind: str, side: int, healthy: Healthy, sides: tuple[int, ...]) -> float:
    """Return how much of its threshold the sum of a question on `side` still has; 0.0 for what is scanned."""
    if kind not in ("bursts", "spread"):
        return 0.0
    height, _ = memory["spread" if kind == "spread" else f"bursts:{side}"]
    return height / (THRESHOLDS[kind] + _more(healthy, sides))


def _more(healthy: Healthy, sides: tuple[int, ...]) -> float:
    return math.log(healthy.per_day * len(sides))


def _level(after: dict, point: Scored, healthy: Healthy, side: int, more: float) -> Finding:
    """Has the level moved, since any start?"""
    key = f"level:{side}"
    after[key] = scan = _scanned(after.get(key), point, healthy, side)
    widening = healthy.widening
    nats, since = evidence.best(scan, widening, _unsure(healthy, widening))
    return Finding(nats / (THRESHOLDS["level"] + more), since, side, "level")


def _weekend(after: dict, point: Scored, healthy: Healthy, side: int, more: float) -> Finding:
    """The same, asked of Saturdays and Sundays alone: only the two of one weekend are neighbours."""
    key = f"weekend:{side}"
    after[key] = scan = _scanned(after.get(key), point, healthy, side)
    nats, since = evidence.best(scan, 1 + healthy.memory, WEEK_BY_WEEKEND * _unsure(healthy, healthy.widening))
    return Finding(nats / (THRESHOLDS["weekend"] + more), since, side, "weekend")


def _bursts(after: dict, point: Scored, healthy: Healthy, side: int, more: float) -> Finding:
    """Are bad points more frequent?"""
    key, residual = f"bursts:{side}", side * point.residual
    before = after.get(key)
    if residual <= evidence.BURSTS_FROM and (before is None or not before[0]):
        after[key] = [0.0, point.at]
        return NOTHING
    threshold = THRESHOLDS["bursts"] + more
    gain = evidence.of_bursts(residual)
    after[key] = height, since = evidence.added(before, point.at, gain, HIGHEST * threshold)
    return Finding(height / threshold, since, side, "bursts")


def _spread(after: dict, point: Scored, healthy: Healthy, side: int, more: float) -> Finding:
    """Do neighbours lie farther apart? They do not where only the level moved; of a given spread it is not asked."""
    if point.step is None or not healthy.count:
        return NOTHING
    threshold = THRESHOLDS["spread"] + more
    step = abs(point.step) / _usual_step(healthy.memory, healthy.count)
    gain = evidence.of_spread(step if step < FARTHEST_STEP else FARTHEST_STEP)
    after["spread"] = height, since = evidence.added(after.get("spread"), point.at, gain, HIGHEST * threshold)
    return Finding(height / threshold, since, side, "spread")


@lru_cache(maxsize=64)
def _usual_step(memory: float, count: int) -> float:
    """Return the standard deviation of the distance between neighbours, in that of a point."""
    return math.sqrt(2 * (1 - memory)) * (1 + count**-0.5)


def _scanned(scan: list | None, point: Scored, healthy: Healthy, side: int) -> list:
    window = WINDOW_DAYS if healthy.per_day < 2 else HOURLY_WINDOW_DAYS
    return evidence.scanned(scan, point.at, side * point.residual, point.weight, point.at - window * DAY)


def _unsure(healthy: Healthy, widening: float) -> float:
    return UNSURE * widening / (healthy.count or GIVEN_COUNT)
