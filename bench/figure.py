"""A figure: ours beside the other side."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

WARM_UP = 5


@dataclass(frozen=True)
class Figure:
    """One line of `bench`; the smaller the ratio of ours to the other side, the better."""

    name: str
    ours: float
    other: float
    unit: str
    at_most: float

    @property
    def ratio(self) -> float:
        return self.ours / self.other

    def __str__(self):
        verdict = "ok" if self.ratio <= self.at_most else "short"
        sides = f"{self.ours:9.2f} {self.unit}  {self.other:9.2f} {self.unit}"
        return f"{self.name:28}{sides}  ratio {self.ratio:5.2f}  goal <= {self.at_most:.2f}  {verdict}"


def medians_ms(ours: Callable[[], object], other: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Return the median time of each, in ms, run in turns so that what else the machine does falls on both."""
    for _ in range(WARM_UP):
        ours(), other()
    times = [(time_ms(ours), time_ms(other)) for _ in range(rounds)]
    return statistics.median(mine for mine, _ in times), statistics.median(theirs for _, theirs in times)


def time_ms(what: Callable[[], object]) -> float:
    """Return how long `what` takes, in ms."""
    started = time.perf_counter()
    what()
    return (time.perf_counter() - started) * 1000
