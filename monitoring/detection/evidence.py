"""The evidence for a change, in nats: how much more likely what was seen is with one than without.

A **scan** asks whether the mean has moved, from any start: for each it compares the mean since then with what was
learned, and keeps the starts at which the cumulative sum turns, since no other can be the best (the lower convex hull:
Romano, Eckley, Fearnhead and Rigaill 2023, "FOCuS"). A **sum** adds up the log likelihood ratio of each point and never
falls below nought (Page 1954).
"""

import math
from typing import NamedTuple

LONGER_IS_RARER = 0.5  # there are fewer long stretches than short ones that could mislead: this × ln(length) more
BURST_SHARE, BURST_SIZE, BURST_MOST = 0.25, 3.5, 2.7
BURSTS_FROM = BURST_SIZE / 2  # a residual below speaks against bursts
WIDER = 2.0
WIDER_FIT, LOG_WIDER = 0.5 * (1 - 1 / WIDER**2), math.log(WIDER)


class Evidence(NamedTuple):
    """How much speaks for a change, and since when."""

    nats: float
    since: float


def scanned(scan: list | None, at: float, score: float, weight: float, oldest: float) -> list:
    """Return the scan after a point of `score` (in its standard deviations) and `weight`; starts before `oldest` go.

    A scan is [information, total, starts], each start [at, information, total] as they were before its point.
    """
    information, total, starts = scan or [0.0, 0.0, []]
    gone = 0
    while gone < len(starts) and starts[gone][0] < oldest:
        gone += 1
    starts = starts[gone:]
    while starts:
        _, info_b, total_b = starts[-1]
        if total_b < total:
            if len(starts) < 2:
                break
            _, info_a, total_a = starts[-2]
            if (total_b - total_a) * (information - info_b) < (total - total_b) * (info_b - info_a):
                break  # it lies below the line from the start before it to this one
        starts.pop()
    starts.append([at, information, total])
    return [information + weight * weight, total + weight * score, starts]


def best(scan: list, widening: float, unsure: float) -> Evidence:
    """Return the strongest evidence over all starts that the mean is above nought: half the square of its z.

    `widening` is by what neighbours that resemble each other widen the variance of a long mean, `unsure` the variance
    of the level that was learned, in those of a point.
    """
    information, total, starts = scan
    found, since = 0.0, starts[-1][0]
    for at, before, sum_before in starts:
        gain, size = total - sum_before, information - before
        if gain <= 0.0 or size <= 0.0:
            continue
        longer = size if size > 1.0 else 1.0
        variance = size * (widening - (widening - 1.0) / longer + size * unsure)
        nats = 0.5 * gain * gain / variance
        if longer > 1.0:
            nats += LONGER_IS_RARER * math.log(longer)
        if nats > found:
            found, since = nats, at
    return Evidence(found, since)


def added(before: list | None, at: float, gain: float, highest: float) -> list:
    """Return [height, since] of a sum after one more log likelihood ratio; it rises no higher than `highest`."""
    height, since = before or (0.0, at)
    if height <= 0.0:
        since = at
    height += gain
    return [0.0 if height < 0.0 else height if height < highest else highest, since]


def of_bursts(residual: float) -> float:
    """Return the log likelihood ratio of one point: a quarter of all being 3.5 spreads worse, against none."""
    far = BURST_SIZE * (residual - BURST_SIZE / 2)
    gain = math.log(1 - BURST_SHARE + BURST_SHARE * math.exp(far))
    return gain if gain < BURST_MOST else BURST_MOST


def of_spread(step: float) -> float:
    """Return the log likelihood ratio of a step between neighbours, in its standard deviations: twice as wide."""
    return WIDER_FIT * step * step - LOG_WIDER
