"""What is normal: level, spread, weekdays and hours, learned from a quiet stretch."""

import math
from dataclasses import asdict, dataclass, field

import numpy as np

from monitoring.detection.scales import from_axis, sampling_spread

DAY = 86400.0
SHRINK_BY = 4.0  # a weekday's effect is believed once it was seen more often than this
LONG_MEMORY = 0.1  # neighbours resemble each other about this much, until the stretch says otherwise
MEMORY_WEIGHT = 20.0  # … and it must be this long to be heard as loudly


@dataclass(frozen=True)
class Healthy:
    """On the axis of the scale: `level`, `spread` of one point beyond what counting explains, `samples` usual ones.

    `weekdays` and `hours` are what to add by weekday (Monday first) and hour (UTC), empty where there is no such
    pattern; `memory` is the correlation of neighbours, `count` of how many points this was learned (0: given).
    """

    level: float
    spread: float
    samples: float = 0.0
    memory: float = LONG_MEMORY
    count: int = 0
    weekdays: list[float] = field(default_factory=list)
    hours: list[float] = field(default_factory=list)

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

    def as_dict(self) -> dict:
        return asdict(self)


def weekday_of(at: float) -> int:
    """Return 0 for Monday … 6 for Sunday, in UTC."""
    return int(at // DAY + 3) % 7


def hour_of(at: float) -> int:
    return int(at // 3600) % 24


def values_of(healthy: dict, scale: str) -> tuple[float, float]:
    """Return (value, spread of one point) that a Healthy, as a dict, means in values rather than on the axis."""
    level = healthy["level"]
    noise = Healthy(**healthy).noise(healthy["samples"], scale)
    return from_axis(level, scale), abs(from_axis(level + noise, scale) - from_axis(level - noise, scale)) / 2


def learn(rows: list[tuple[float, float, float]], scale: str) -> Healthy:
    """Return what is normal by `rows` of (epoch seconds, place on the axis, samples), at least one, in order of time.

    Level by median, spread by median absolute deviation: a few outliers change neither.
    """
    at, place, samples = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    level = float(np.median(place))
    rest = place - level
    weekdays = _effects(rest, [weekday_of(t) for t in at], 7)
    rest = rest - np.array([weekdays[weekday_of(t)] for t in at]) if weekdays else rest
    is_hourly = len(at) > 1 and float(np.median(np.diff(at))) < 0.5 * DAY
    hours = _effects(rest, [hour_of(t) for t in at], 24) if is_hourly else []
    rest = rest - np.array([hours[hour_of(t)] for t in at]) if hours else rest
    level += float(np.median(rest))
    rest = rest - np.median(rest)
    known = samples[samples > 0]
    usual = float(np.median(known)) if len(known) else 0.0
    spread = _spread(rest, usual, scale, level)
    return Healthy(level, spread, usual, _memory(rest, _robust(rest)), len(rows), weekdays, hours)


def _effects(rest: np.ndarray, groups: list[int], size: int) -> list[float]:
    """Return each group's median, shrunk towards none where it was seen seldom; empty where none was seen twice."""
    kept = np.array(groups)
    counts = np.bincount(kept, minlength=size)
    if counts.max(initial=0) < 2 or np.count_nonzero(counts) < size:
        return []
    medians = np.array([np.median(rest[kept == group]) for group in range(size)])
    noise = _robust(rest - medians[kept]) ** 2 / counts
    real = max(float(np.mean(medians**2 - 1.5 * noise)), 0.0)  # how much the groups differ beyond chance
    if real <= 0:
        return []
    return [float(m * real / (real + 1.5 * n + 1e-300)) for m, n in zip(medians, noise, strict=True)]


def _robust(rest: np.ndarray) -> float:
    """Return 1.4826 × the median absolute deviation, with the mean's share where half of all values are the same."""
    middle = 1.4826 * float(np.median(np.abs(rest - np.median(rest))))
    return middle or 1.2533 * float(np.mean(np.abs(rest - np.median(rest))))


def _spread(rest: np.ndarray, samples: float, scale: str, level: float) -> float:
    """Return the spread beyond counting, widened as much as a short stretch may have shown too little of it."""
    seen = 0.5 * (_robust(rest) + float(np.std(np.clip(rest, -4 * _robust(rest), 4 * _robust(rest)))))
    seen *= 1.0 + 1.0 / len(rest)
    counted = sampling_spread(samples, scale)
    beyond = math.sqrt(max(seen**2 - counted**2, 0.0))
    return max(beyond, 0.02 * counted, 1e-6 * max(abs(level), 1e-3))


def _memory(rest: np.ndarray, spread: float) -> float:
    """Return the correlation of neighbours, 0 to 0.8, shrunk towards LONG_MEMORY where the stretch is short."""
    if len(rest) < 3 or spread <= 0:
        return LONG_MEMORY
    cut = np.clip(rest, -3 * spread, 3 * spread) / spread
    found = float(np.sum(cut[1:] * cut[:-1]) / max(np.sum(cut * cut), 1e-12))
    weight = len(rest) / (len(rest) + MEMORY_WEIGHT)
    return min(max(weight * found + (1 - weight) * LONG_MEMORY, 0.0), 0.8)
