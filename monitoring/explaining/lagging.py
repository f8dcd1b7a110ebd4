"""How one daily figure follows another: by how many days, how surely, and how much of it. Plain numpy."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LONGEST_LAG = 28  # days
ENOUGH_DAYS = 40  # on which both have a value, at every lag that is looked at
SURE = 3.0  # standard errors: 29 lags are looked at, so two would often be chance
CLOSE = 1.0  # standard error within which another lag may be as right as the best


@dataclass(frozen=True)
class Following:
    """`days`: on how many both had a value. `lag` (days, from `lag_low` to `lag_high`), `correlation` and `slope` (of
    the second per one of the first, ± `slope_error`) are None where there are too few days, or nothing is sure.
    """

    days: int
    is_enough: bool
    lag: int | None = None
    lag_low: int | None = None
    lag_high: int | None = None
    correlation: float | None = None
    slope: float | None = None
    slope_error: float | None = None


def following(first: Sequence[float | None], second: Sequence[float | None]) -> Following:
    """Return how `second` follows `first`, values of the same days, oldest first, None where there is none.

    The correlation at each lag of 0 … LONGEST_LAG days, over the days on which both have a value; it counts for as many
    independent days as their own memory leaves (Bartlett 1946), so that two slow drifts prove nothing.
    """
    a, b = _array(first), _array(second)
    looked = [_at_lag(a, b, lag) for lag in range(min(LONGEST_LAG, max(len(a) - 1, 0)) + 1)]
    days = looked[0].days if looked else 0
    known = [one for one in looked if one.days >= ENOUGH_DAYS and one.z is not None]
    if days < ENOUGH_DAYS or not known:
        return Following(days, is_enough=False)
    best = max(known, key=lambda one: abs(one.z))
    if abs(best.z) < SURE:
        return Following(days, is_enough=True)
    close = [one.lag for one in known if best.z * one.z > 0 and abs(best.z) - abs(one.z) <= CLOSE]
    return Following(days, True, best.lag, min(close), max(close), best.correlation, best.slope, best.slope_error)


@dataclass(frozen=True)
class _Looked:
    lag: int
    days: int
    z: float | None = None
    correlation: float = 0.0
    slope: float = 0.0
    slope_error: float = 0.0


def _array(values: Sequence[float | None]) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def _at_lag(a: NDArray[np.float64], b: NDArray[np.float64], lag: int) -> _Looked:
    early, late = a[: len(a) - lag], b[lag:]
    both = np.isfinite(early) & np.isfinite(late)
    x, y = early[both], late[both]
    if len(x) < 8 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return _Looked(lag, len(x))
    x, y = x - x.mean(), y - y.mean()
    spread_x, spread_y = float(np.sqrt(np.mean(x * x))), float(np.sqrt(np.mean(y * y)))
    correlation = float(np.mean(x * y) / (spread_x * spread_y))
    shared = min(max(_memory(x) * _memory(y), 0.0), 0.99)
    independent = max(len(x) * (1 - shared) / (1 + shared), 3.5)
    held = min(max(correlation, -0.9999), 0.9999)
    slope = correlation * spread_y / spread_x
    error = abs(spread_y / spread_x) * math.sqrt(max(1 - held * held, 0.0) / max(independent - 2, 1.0))
    return _Looked(lag, len(x), math.atanh(held) * math.sqrt(independent - 3), correlation, slope, error)


def _memory(x: NDArray[np.float64]) -> float:
    """Return the correlation of neighbours."""
    return float(np.sum(x[1:] * x[:-1]) / max(np.sum(x * x), 1e-300))
