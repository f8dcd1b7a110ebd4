"""Since when a level has moved, as a stretch: plain arithmetic over the values around the beginning."""

import math
from collections.abc import Sequence

SURE = 2.0  # nats below the best beginning at which another one is not out of the question
CUT = 3.0


def beginnings(residuals: Sequence[float], shift: float) -> tuple[int, int] | None:
    """Return (first, last) place at which the move may have begun; None where nothing speaks for one.

    `residuals` are values less what was expected of them, in their own standard deviations, oldest first; `shift` is
    how far the level has moved, likewise. A beginning is as likely as the sum, from there on, of each value's log
    likelihood ratio of the moved level against the old one; those within `SURE` of the best may be it.
    """
    total, sums = 0.0, []
    for one in reversed(residuals):
        held = min(max(one, -CUT), CUT + abs(shift)) if shift > 0 else max(min(one, CUT), -CUT - abs(shift))
        total += shift * held - 0.5 * shift * shift
        sums.append(total)
    best = max(sums, default=-math.inf)
    if best <= 0.0:
        return None
    likely = [len(sums) - 1 - n for n, one in enumerate(sums) if one >= best - SURE]
    return min(likely), max(likely)
