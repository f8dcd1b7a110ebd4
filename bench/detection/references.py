"""What others would use: three charts from textbooks, and three detectors of river where it is installed.

Each is told what the portal is told, learns mean and standard deviation until the healthy stretch is over, and takes
points as they come. One configuration for all series, with thresholds in the usual range; none of them was tuned.
"""

import importlib
import importlib.util
import math
from collections.abc import Callable

from monitoring.detection.scales import to_axis


class Reference:
    """A detector of standardised points: `_judge(z)` with z the larger the worse."""

    def __init__(self, ctx: dict):
        self.scale, self.healthy_until = ctx["kind"], ctx["baseline_until"]
        self.signs = {"up": (1,), "down": (-1,), "both": (1, -1)}[ctx["worse"]]
        self.learned: list[float] = []
        self.mean = self.spread = 0.0
        self.onset = None

    def update(self, now: float, at: float, value: float, samples: float | None) -> bool:
        place = to_axis(value, self.scale)
        if at <= self.healthy_until:
            self.learned.append(place)
            return False
        if not self.spread:
            self.mean = sum(self.learned) / len(self.learned)
            self.spread = math.sqrt(sum((one - self.mean) ** 2 for one in self.learned) / len(self.learned)) or 1e-9
        return self._judge((place - self.mean) / self.spread)

    def _judge(self, z: float) -> bool:
        raise NotImplementedError


class FixedLimits(Reference):
    """The baseline ± 3 standard deviations."""

    def _judge(self, z: float) -> bool:
        return any(sign * z > 3 for sign in self.signs)


class Ewma(Reference):
    """An exponentially weighted mean outside its limits (Roberts 1959)."""

    WEIGHT, LIMIT = 0.1, 4.5

    def __init__(self, ctx: dict):
        super().__init__(ctx)
        self.level = 0.0

    def _judge(self, z: float) -> bool:
        self.level += self.WEIGHT * (max(min(z, 4), -4) - self.level)
        limit = self.LIMIT * math.sqrt(self.WEIGHT / (2 - self.WEIGHT))
        return any(sign * self.level > limit for sign in self.signs)


class Cusum(Reference):
    """A cumulative sum with an allowance (Page 1954)."""

    ALLOWANCE, LIMIT = 0.75, 8.0

    def __init__(self, ctx: dict):
        super().__init__(ctx)
        self.sums = dict.fromkeys(self.signs, 0.0)

    def _judge(self, z: float) -> bool:
        cut = max(min(z, 4), -4)
        for sign in self.signs:
            grown = self.sums[sign] + sign * cut - self.ALLOWANCE
            self.sums[sign] = min(max(grown, 0.0), 1.5 * self.LIMIT)
        return max(self.sums.values()) > self.LIMIT


class OfRiver(Reference):
    """A detector of river, fed with standardised points; it says a change, we keep to the side that is worse."""

    KIND = ""
    MORE: dict = {}
    RECENT = 10

    def __init__(self, ctx: dict):
        super().__init__(ctx)
        self.detector = getattr(importlib.import_module("river.drift"), self.KIND)(**self.MORE)
        self.recent: list[float] = []

    def _judge(self, z: float) -> bool:
        if self.learned:
            for place in self.learned:
                self.detector.update((place - self.mean) / self.spread)
            self.learned = []
        self.detector.update(z)
        self.recent = [*self.recent, z][-self.RECENT :]
        middle = sum(self.recent) / len(self.recent)
        return self.detector.drift_detected and any(sign * middle > 0 for sign in self.signs)


class Adwin(OfRiver):
    """ADWIN (Bifet and Gavaldà 2007)."""

    KIND = "ADWIN"
    MORE = {"clock": 1}


class PageHinkley(OfRiver):
    """The test of Page and Hinkley."""

    KIND = "PageHinkley"
    MORE = {"min_instances": 14, "delta": 0.3, "threshold": 15.0}


class Kswin(OfRiver):
    """KSWIN (Raab, Heusinger and Schleif 2020)."""

    KIND = "KSWIN"
    MORE = {"window_size": 60, "stat_size": 20, "alpha": 0.0005, "seed": 1}


def references() -> dict[str, Callable | None]:
    """Return the detectors by name; None in place of one whose package is not installed."""
    has_river = importlib.util.find_spec("river") is not None
    of_river = {"ADWIN (river)": Adwin, "Page-Hinkley (river)": PageHinkley, "KSWIN (river)": Kswin}
    ours = {"CUSUM": Cusum, "EWMA chart": Ewma, "baseline ± 3 sigma": FixedLimits}
    return ours | {name: kind if has_river else None for name, kind in of_river.items()}
