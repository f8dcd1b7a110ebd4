"""What is normal: level, spread, weekdays and hours, learned from a quiet stretch."""

import math
from typing import NamedTuple

import numpy as np

from monitoring.detection.scales import from_axis, sampling_spread

DAY = 86400.0
CUT = 2.5  # spreads beyond which a point counts no more than one that is so far out (Huber 1964)
WIDENED = 2.0  # a short stretch may have shown too little: by so much / root of its length more
CUT_LEAVES = 0.97  # of a normal distribution's variance
SEEN_OFTEN, CLEARLY = 3, 4.0  # times a weekday or hour is seen to be special, unless by so many times the noise
LONG_MEMORY = 0.15  # neighbours resemble each other about this much, until the stretch says otherwise
MEMORY_WEIGHT = 80.0  # … and it must be this long to be heard as loudly
SMALLEST_SPREAD = 1e-6  # of the level: what never moved is not taken to be exact


class Healthy(NamedTuple):
    """On the axis of the scale: `level`, `spread` of one point beyond what counting explains, `samples` usual ones.

    `weekdays` and `hours` are what to add by weekday (Monday first) and hour (UTC), empty where there is no such
    pattern; `memory` is the correlation of neighbours, `count` of how many points this was learned (0: given);
    `per_day` points come a day, one where they are rarer.
    """

    level: float
    spread: float
    samples: float = 0.0
    memory: float = LONG_MEMORY
    count: int = 0  # type: ignore[assignment]  # nobody counts in this tuple
    weekdays: list[float] = []
    hours: list[float] = []
    per_day: float = 1.0

    def expected(self, at: float) -> float:
        """Return where a point at `at` (epoch seconds) is expected on the axis."""
        place = self.level
        if self.weekdays:
            place += self.weekdays[weekday_of(at)]
        if self.hours:
            place += self.hours[hour_of(at)]
        return place

    def noise(self, samples: float, scale: str) -> float:
        """Return the standard deviation on the axis of one point of `samples` samples (0: not known)."""
        if scale == "rate":
            return math.hypot(self.spread, sampling_spread(samples or self.samples, scale))
        if samples and self.samples > samples:
            return self.spread * math.sqrt(self.samples / samples)
        return self.spread

    @property
    def widening(self) -> float:
        """Return by what the variance of means of many neighbours is larger because neighbours resemble each other."""
        return (1 + self.memory) / (1 - self.memory)

    def as_dict(self) -> dict:
        return self._asdict()


def weekday_of(at: float) -> int:
    """Return 0 for Monday … 6 for Sunday, in UTC."""
    return int(at // DAY + 3) % 7


def is_weekend(at: float) -> bool:
    """Whether `at` is on a Saturday or Sunday, in UTC."""
    return weekday_of(at) >= 5


def hour_of(at: float) -> int:
    return int(at // 3600) % 24


def values_of(healthy: dict, scale: str) -> tuple[float, float]:
    """Return (value, spread of one point) that a Healthy, as a dict, means in values rather than on the axis."""
    level = healthy["level"]
    noise = Healthy(**healthy).noise(healthy["samples"], scale)
    return from_axis(level, scale), abs(from_axis(level + noise, scale) - from_axis(level - noise, scale)) / 2


def learn(rows: list[list[float]], scale: str) -> Healthy:
    """Return what is normal by `rows` of (epoch seconds, place on the axis, samples), at least one, in order of time.

    Level and patterns are means from which outliers are cut, the spread is a median absolute deviation's: a few
    outliers change none of them.
    """
    at, place, samples = np.array(rows, dtype=float).T
    usual = _median(samples[samples > 0]) if (samples > 0).any() else 0.0
    weights = _weights(samples, usual)
    level = _middle(place, weights)
    rest = place - level
    per_day = max(DAY / max(_median(np.diff(at)), 1.0), 1.0) if len(at) > 1 else 1.0
    days = (at // DAY + 3).astype(int) % 7
    weekdays = _effects(rest, weights, days, 7)
    rest = rest - np.array(weekdays)[days] if weekdays else rest
    hours_at = (at // 3600).astype(int) % 24
    hours = _effects(rest, weights, hours_at, 24) if per_day > 2 else []
    rest = rest - np.array(hours)[hours_at] if hours else rest
    level += _middle(rest, weights)
    rest = rest - _middle(rest, weights)
    used = 1 + 0.75 * (len(weekdays) + len(hours))  # shrunk effects fit a little less by chance than free ones
    spread = _spread(rest, usual, scale, level) * math.sqrt(len(rest) / max(len(rest) - used, 0.5 * len(rest)))
    return Healthy(level, spread, usual, _memory(rest, _robust(rest)), len(rows), weekdays, hours, per_day)


def _weights(samples: np.ndarray, usual: float) -> np.ndarray:
    """Return how much each point says of the level: in part as its samples are many."""
    if not usual:
        return np.ones(len(samples))
    return 2.0 / (1.0 + usual / np.where(samples > 0, samples, usual))


def _middle(places: np.ndarray, weights: np.ndarray) -> float:
    """Return the mean from which outliers are cut (one step from the median)."""
    middle = _median(places)
    reach = CUT * _robust(places)
    cut = np.minimum(np.maximum(places - middle, -reach), reach)
    return middle + float(np.dot(weights, cut) / weights.sum())


def _effects(rest: np.ndarray, weights: np.ndarray, groups: np.ndarray, size: int) -> list[float]:
    """Return each group's mean, shrunk towards none (James and Stein 1961); empty where groups differ by chance
    or were seen once."""
    counts = np.bincount(groups, minlength=size)
    if counts.min() < 2:
        return []
    medians = np.array([_median(rest[groups == group]) for group in range(size)])
    reach = CUT * _robust(rest - medians[groups])
    cut = np.clip(rest, medians[groups] - reach, medians[groups] + reach)
    means = np.bincount(groups, weights * cut, minlength=size) / np.bincount(groups, weights, minlength=size)
    noise = (reach / CUT) ** 2 * 1.1 / counts * len(rest) / max(len(rest) - size, 1)
    real = max(float(np.mean(means**2 - noise)), 0.0)  # how much the groups differ beyond chance
    if real <= 0 or (counts.min() < SEEN_OFTEN and real < CLEARLY * float(np.mean(noise))):
        return []
    return [float(m * real / (real + n + 1e-300)) for m, n in zip(means, noise, strict=True)]


def _median(values: np.ndarray) -> float:
    """Return the median; numpy's own takes ten times as long for a few values."""
    ordered = values.copy()
    ordered.sort()
    return float(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def _robust(rest: np.ndarray) -> float:
    """Return 1.4826 × the median absolute deviation, with the mean's share where half of all values are the same."""
    away = np.abs(rest - _median(rest))
    return 1.4826 * _median(away) or 1.2533 * float(np.mean(away))


def _spread(rest: np.ndarray, samples: float, scale: str, level: float) -> float:
    """Return the spread beyond counting, widened as much as a short stretch may have shown too little of it."""
    reach = CUT * _robust(rest)
    seen = math.sqrt(float(np.mean(np.clip(rest, -reach, reach) ** 2)) / CUT_LEAVES)
    seen *= 1.0 + WIDENED * len(rest) ** -0.5
    counted = sampling_spread(samples, scale)
    beyond = math.sqrt(max(seen**2 - counted**2, 0.0))
    return max(beyond, 0.02 * counted, SMALLEST_SPREAD * max(abs(level), 1e-3))


def _memory(rest: np.ndarray, spread: float) -> float:
    """Return the correlation of neighbours, 0 to 0.8, shrunk towards LONG_MEMORY where the stretch is short."""
    if len(rest) < 3 or spread <= 0:
        return LONG_MEMORY
    cut = np.clip(rest, -3 * spread, 3 * spread) / spread
    found = float(np.sum(cut[1:] * cut[:-1]) / max(np.sum(cut * cut), 1e-12))
    weight = len(rest) / (len(rest) + MEMORY_WEIGHT)
    found += 1.5 / len(rest)  # what a learned level takes away
    return min(max(weight * found + (1 - weight) * LONG_MEMORY, 0.0), 0.8)
