"""On which axis noise is about the same everywhere: logarithm, arcsine of the root, or the values themselves."""

import math

SMALLEST = 1e-12  # stands for a positive value that is nought
LARGEST = 1e100  # so that squares are numbers still


def to_axis(value: float, scale: str) -> float:
    """Return where `value` stands on the axis of its scale; values outside the scale stand at its edge."""
    if scale == "positive":
        return math.log(max(value, SMALLEST))
    if scale == "rate":
        return math.asin(math.sqrt(min(max(value, 0.0), 1.0)))
    return min(max(value, -LARGEST), LARGEST)


def from_axis(place: float, scale: str) -> float:
    """Return the value that stands at `place`: the inverse of to_axis."""
    if scale == "positive":
        return math.exp(min(place, 700.0))
    if scale == "rate":
        return math.sin(min(max(place, 0.0), math.pi / 2)) ** 2
    return place


def spread_on_axis(value: float, spread: float, scale: str) -> float:
    """Return the standard deviation on the axis of one of `spread` around `value` (half the width of ± one)."""
    return abs(to_axis(value + spread, scale) - to_axis(value - spread, scale)) / 2


def sampling_spread(samples: float, scale: str) -> float:
    """Return the standard deviation on the axis that counting `samples` alone explains; 0.0 where that is not known.

    The arcsine of the root of a binomial share has the variance 1 / (4 n), whatever the share (Anscombe 1948).
    """
    return 0.5 / math.sqrt(samples) if scale == "rate" and samples > 0 else 0.0
