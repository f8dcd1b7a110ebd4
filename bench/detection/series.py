"""Labelled series: what a monitor sees of a metric, arrival by arrival, and when the metric truly got worse.

All is made from one random generator, in units of the metric's own noise of one point. What varies: the scale, days or
hours, how long the healthy stretch is, how much neighbours resemble each other (in some series nearly all noise is
slow, and some wander for weeks and come back, as real ones do), weekdays and hours, sample sizes, and the nuisances:
outliers, missing points, gaps, thin traffic, improvements (not where both ways are worse), late labels and revisions.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator

DAY, HOUR = 86400, 3600
BEGIN = 19723 * DAY  # a Monday
KINDS = ("step", "ramp", "spread", "intermittent", "weekend")
KIND_SHARES = (0.28, 0.36, 0.08, 0.16, 0.12)
CHANGED_SHARE, HOURLY_SHARE = 0.5, 0.18
STRONG_SHARE, WANDERING_SHARE = 0.2, 0.1


@dataclass(frozen=True)
class Row:
    """One arrival: at `now` the value of the day or hour from `at` on is said, of `samples` (None: not known)."""

    now: int
    at: int
    value: float
    samples: float | None


@dataclass(frozen=True)
class Span:
    """A change: true from `onset` to `end`, to be noticed within `window_s` of its first point's arrival."""

    onset: int
    end: int
    window_s: int


@dataclass(frozen=True)
class Labelled:
    """A series with the truth about it; up to `healthy_until` it was well. `slack` points early are forgiven."""

    name: str
    scale: str
    worse: str
    step_s: int
    healthy_until: int
    rows: list[Row]
    change: str = "none"
    spans: list[Span] = field(default_factory=list)
    slack: int = 0
    unscored: list[tuple[int, int]] = field(default_factory=list)
    group: str = "generated"

    @property
    def ctx(self) -> dict:
        """Return what a detector is told before the first arrival."""
        told = {"kind": self.scale, "worse": self.worse, "step_s": self.step_s, "metric": self.name}
        return told | {"baseline_until": self.healthy_until}


def generated(seed: int, count: int) -> list[Labelled]:
    """Return `count` series of this seed, about half of them with a change."""
    return [_one(np.random.default_rng([seed, number]), f"{seed}-{number}") for number in range(count)]


@dataclass
class _Metric:
    """What a metric is like: its level and noise on its axis, which way is worse, its usual samples (0: not known)."""

    scale: str
    worse: str
    level: float
    noise: float
    samples: float


def _metric(rng: Generator) -> _Metric:
    shape = rng.choice(["hits", "errors", "unit", "loss", "latency", "bias"], p=[0.25, 0.22, 0.08, 0.25, 0.17, 0.03])
    if shape == "hits":
        samples = float(rng.lognormal(6.2, 1.0)) + 40
        return _Metric("rate", "down", np.arcsin(np.sqrt(rng.uniform(0.7, 0.96))), _of_a_rate(rng, samples), samples)
    if shape == "errors":
        samples = float(rng.lognormal(8.2, 1.0)) + 500
        return _Metric("rate", "up", np.arcsin(np.sqrt(rng.uniform(0.01, 0.12))), _of_a_rate(rng, samples), samples)
    if shape == "unit":
        return _Metric("unit", "down", rng.uniform(0.68, 0.92), rng.uniform(0.006, 0.02), float(rng.lognormal(6, 0.5)))
    if shape == "bias":
        return _Metric("real", "both", rng.normal(0, 5), rng.uniform(0.1, 2), 0.0)
    samples = float(rng.lognormal(6.5, 0.8)) if shape == "loss" else 0.0
    return _Metric("positive", "up", np.log(rng.uniform(0.1, 200)), rng.uniform(0.03, 0.25), samples)


def _of_a_rate(rng: Generator, samples: float) -> float:
    beyond = rng.uniform(1.2, 3) if _is_strong(rng) else rng.uniform(0.1, 1.2)
    return float(0.5 / np.sqrt(samples) * np.hypot(1, beyond))


def _is_strong(rng: Generator) -> bool:
    """Whether nearly all noise of a metric is slow: what moves it are days on end (campaigns, weather), not chance."""
    return rng.random() < STRONG_SHARE


def _one(rng: Generator, name: str) -> Labelled:
    metric, is_hourly = _metric(rng), rng.random() < HOURLY_SHARE
    step_s = HOUR if is_hourly else DAY
    healthy = 336 if is_hourly else int(rng.choice([14, 28, 28, 42, 56]))
    length = healthy + int(rng.integers(420, 1000) if is_hourly else rng.integers(120, 310))
    at = BEGIN + int(rng.integers(0, 700)) * DAY + step_s * np.arange(length)
    change = str(rng.choice(KINDS, p=KIND_SHARES)) if rng.random() < CHANGED_SHARE else "none"
    first = int(rng.integers(healthy + 4, length - (healthy if is_hourly else 40)))
    shift, factor, window = _changed(rng, change, at, first, step_s)
    sizes = _sizes(rng, metric, at)
    signal = shift + _seasons(rng, at, is_hourly) + _wandering(rng, length) + _outliers(rng, length)
    if change == "none" and metric.worse != "both":
        signal += _improvement(rng, length, healthy)
    side = {"up": 1, "down": -1, "both": rng.choice([-1, 1])}[metric.worse]
    values = _values(rng, metric, side * signal, factor, sizes)
    rows = _arrivals(rng, metric, at, values, sizes, healthy, step_s)
    spans = [Span(int(at[first]), int(at[-1]), window)] if change != "none" else []
    return Labelled(name, metric.scale, metric.worse, step_s, int(at[healthy - 1]), rows, change, spans)


def _changed(rng: Generator, change: str, at: np.ndarray, first: int, step_s: int):
    """Return what the change adds, by what it multiplies the noise, and within how many seconds it should be seen."""
    count, is_hourly = len(at), step_s == HOUR
    shift, factor = np.zeros(count), np.ones(count)
    after = np.arange(count) >= first
    window = (10 if is_hourly else 42) * DAY
    if change == "step":
        shift[after] = rng.uniform(0.8, 3.2)
        window = (7 if is_hourly else 28) * DAY
    elif change == "ramp":
        days = rng.uniform(7, 15) if is_hourly else rng.uniform(28, 84)
        shift = np.clip((np.arange(count) - first + 1) * step_s / DAY / days, 0, 1) * rng.uniform(1.4, 4.0)
        window = int(max(days, 7 if is_hourly else 28)) * DAY
    elif change == "spread":
        factor[after] = rng.uniform(2.0, 3.4)
    elif change == "intermittent":
        shift[after & (rng.random(count) < rng.uniform(0.12, 0.4))] = rng.uniform(3.3, 6.0)
    elif change == "weekend":
        shift[after & ((at // DAY + 3) % 7 >= 5)] = rng.uniform(1.8, 4.0)
    return shift, factor, window


def _slow(rng: Generator, count: int) -> np.ndarray:
    """Return noise of variance one whose neighbours resemble each other."""
    return _resembling(rng, count, float(rng.choice([0.0, 0.2, 0.4, 0.6])))


def _resembling(rng: Generator, count: int, memory: float) -> np.ndarray:
    wave = rng.standard_normal(count)
    for number in range(1, count):
        wave[number] = memory * wave[number - 1] + np.sqrt(1 - memory**2) * wave[number]
    return wave


def _quick(rng: Generator, count: int) -> np.ndarray:
    """Return independent noise of variance one; some of it with heavy tails."""
    return rng.standard_t(5, count) / np.sqrt(5 / 3) if rng.random() < 0.3 else rng.standard_normal(count)


def _seasons(rng: Generator, at: np.ndarray, is_hourly: bool) -> np.ndarray:
    wave = np.zeros(len(at))
    if rng.random() < 0.6:
        weekdays = rng.normal(0, 0.4, 7) + rng.choice([-1, 1]) * rng.uniform(0, 1.5) * (np.arange(7) >= 5)
        wave += weekdays[(at // DAY + 3) % 7]
    if is_hourly and rng.random() < 0.7:
        wave += rng.uniform(0.3, 2) * np.sin(2 * np.pi * ((at // HOUR) % 24 - rng.uniform(0, 24)) / 24)
    return wave


def _wandering(rng: Generator, count: int) -> np.ndarray:
    """Return, for some series, a level that is pulled back to where it was within weeks: no change, and never still."""
    if rng.random() > WANDERING_SHARE:
        return np.zeros(count)
    return rng.uniform(0.1, 0.35) * _resembling(rng, count, rng.uniform(0.9, 0.97))


def _improvement(rng: Generator, count: int, healthy: int) -> np.ndarray:
    if rng.random() > 0.2:
        return np.zeros(count)
    return -rng.uniform(1, 3) * (np.arange(count) >= rng.integers(healthy + 5, count - 10))


def _outliers(rng: Generator, count: int) -> np.ndarray:
    if rng.random() > 0.5:
        return np.zeros(count)
    return (rng.random(count) < rng.uniform(0.005, 0.02)) * rng.choice([-1, 1], count) * rng.uniform(4, 12, count)


def _sizes(rng: Generator, metric: _Metric, at: np.ndarray) -> np.ndarray:
    """Return the sample sizes: fewer at weekends in half of the series, and in some a stretch of thin traffic."""
    sizes = max(metric.samples, 1) * rng.lognormal(0, 0.25, len(at))
    if rng.random() < 0.5:
        sizes *= np.where((at // DAY + 3) % 7 >= 5, rng.uniform(0.3, 0.8), 1)
    if rng.random() < 0.15:
        start = int(rng.integers(0, len(at)))
        sizes[start : start + int(len(at) * 0.07)] *= 0.12
    return np.maximum(np.round(sizes), 5)


def _values(rng: Generator, metric: _Metric, signal: np.ndarray, factor: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return the values: signal and noise on the metric's axis, whose spread is `factor` times the usual."""
    slow, quick = _slow(rng, len(signal)), _quick(rng, len(signal))
    if metric.scale == "rate":  # counting brings the rest of the noise
        beyond = np.sqrt(max(1 - 0.25 / metric.samples / metric.noise**2, 0))
        place = metric.level + metric.noise * (signal + beyond * slow + np.sqrt(factor**2 - 1) * quick)
        return rng.binomial(sizes.astype(int), np.sin(np.clip(place, 0.01, np.pi / 2)) ** 2) / sizes
    share = rng.uniform(0.6, 1) if _is_strong(rng) else rng.uniform(0, 0.6)
    thin = np.sqrt(0.3 + 0.7 * metric.samples / sizes) if metric.samples else 1.0
    place = metric.level + metric.noise * (
        signal + factor * thin * (np.sqrt(share) * slow + np.sqrt(1 - share) * quick)
    )
    if metric.scale == "positive":
        return np.exp(place)
    return np.clip(place, 0, 1) if metric.scale == "unit" else place


def _arrivals(rng, metric, at, values, sizes, healthy, step_s) -> list[Row]:
    """Return the rows in the order in which they come."""
    count = len(at)
    there = np.ones(count, bool)
    if rng.random() < 0.4:
        there &= rng.random(count) > rng.uniform(0.02, 0.1)
    if rng.random() < 0.2:
        start = int(rng.integers(healthy, count - 30))
        there[start : start + int(rng.integers(5, 16))] = False
    is_late = metric.samples > 0 and rng.random() < 0.3
    lag = int(rng.integers(2, 12)) * step_s if is_late else 0
    known = sizes if metric.samples else [None] * count
    rows = [
        Row(int(t + step_s + lag), int(t), float(v), None if n is None else float(n))
        for t, v, n, here in zip(at, values, known, there, strict=True)
        if here
    ]
    if is_late and rng.random() < 0.4:
        rows += [_early(rng, row, metric, step_s) for row in rows]
    return sorted(rows, key=lambda row: row.now)


def _early(rng, row: Row, metric: _Metric, step_s: int) -> Row:
    """Return what is said of the point before all its labels are there: of a third of them, and so noisier."""
    samples = max(round((row.samples or 3) / 3), 2)
    if metric.scale == "rate":
        value = rng.binomial(samples, min(max(row.value, 0), 1)) / samples
    else:
        jitter = metric.noise * 1.2 * rng.standard_normal()
        value = row.value * np.exp(jitter) if metric.scale == "positive" else row.value + jitter
    return Row(row.at + step_s, row.at, float(value), float(samples))
