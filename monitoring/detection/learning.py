"""Learning what is normal while points come: first from a quiet stretch, then more while all stays quiet.

Rows are (epoch seconds, place on the axis, samples). The newest are not learned from, nor those since the best start of
a change that is only suspected; and the level slides hardly towards worse, so that a slow change is not learned.
"""

import math

from monitoring.detection.healthy import DAY, Healthy, learn

ENOUGH_POINTS, ENOUGH_DAYS = 14, 13.0
ENOUGH_MANY, ENOUGH_SPAN = 72, 1.0  # or so many points over so many days
KEPT_POINTS, SETTLED_DAYS = 400, 200.0  # by then all is learned that will be
GROWN = 1.1  # by which there must be more to learn from than the last time
LAG_DAYS, HOURLY_LAG_DAYS = 7.0, 5.0
SUSPECT = 0.4  # of the evidence for an alarm
SLIDE = 1.5  # standard errors of the first stretch by which the level may move towards worse


def is_enough(rows: list[list[float]]) -> bool:
    """Whether what is normal can be said by these rows."""
    days = (rows[-1][0] - rows[0][0]) / DAY if rows else 0.0
    many = len(rows) >= ENOUGH_MANY and days >= ENOUGH_SPAN
    return many or (len(rows) >= ENOUGH_POINTS and days >= ENOUGH_DAYS)


def is_settled(rows: list[list[float]]) -> bool:
    """Whether nothing more is to be learned."""
    return len(rows) >= KEPT_POINTS or rows[-1][0] - rows[0][0] >= SETTLED_DAYS * DAY


def usable(rows: list[list[float]], known: dict, at: float, doubt: list | None) -> list[list[float]]:
    """Return the rows to learn from anew at `at`, none while they are hardly more than those `known` (a Healthy, as a
    dict) came from.

    `doubt` is (share of an alarm's evidence, since when) of the change that is nearest to being one.
    """
    needed = math.ceil(GROWN * known["count"]) or ENOUGH_POINTS
    until = at - (LAG_DAYS if known["per_day"] < 2 else HOURLY_LAG_DAYS) * DAY
    if doubt and doubt[0] > SUSPECT:
        until = min(until, doubt[1])
    if len(rows) < needed or rows[needed - 1][0] >= until:
        return []
    before = [row for row in rows if row[0] < until]
    return before if known["count"] or is_enough(before) else []


def learned_more(rows: list[list[float]], first: Healthy, scale: str, sides: tuple[int, ...]) -> Healthy:
    """Return what is normal by `rows`, its level not far to the worse `sides` of what was learned `first`.

    Where that was given, its level stays, and its spread unless these show a wider one.
    """
    found = learn(rows, scale)
    if not first.count:
        return found._replace(level=first.level, spread=max(found.spread, first.spread))
    slack = SLIDE * first.noise(0, scale) * math.sqrt(first.widening / first.count)
    low = first.level - slack if -1 in sides else -math.inf
    high = first.level + slack if 1 in sides else math.inf
    return found._replace(level=min(max(found.level, low), high))
