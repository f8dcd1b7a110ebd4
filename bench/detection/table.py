"""Detectors run over labelled series, and what came of it in lines."""

import time
from collections.abc import Callable, Iterator, Sequence

from bench.detection.portal import Portal
from bench.detection.references import references
from bench.detection.scoring import Alarm, Summary, score, summarise
from bench.detection.series import Labelled

GOALS = (
    ("QD (harmonic mean of precision and earliness)", "headline", 0.76, 1),
    ("recall", "recall", 0.93, 1),
    ("median delay / window", "delay", 0.20, -1),
    ("false alarms per 1,000 healthy points", "false_per_1000", 0.25, -1),
    ("change-free series left quiet", "quiet", 0.95, 1),
    ("onset within 7 points, of caught steps", "onset_near", 0.7, 1),
)
POINTS_PER_SECOND = 50_000
COLUMNS = ("QD", "recall", "precision", "delay/window", "false/1,000", "left quiet", "points/s")


def run(kind: Callable, series: Sequence[Labelled]) -> tuple[Summary, float]:
    """Return (the measures of a detector, how many points it took in one second of CPU time)."""
    results, points, began = [], 0, time.process_time()
    for one in series:
        detector = kind(one.ctx)
        alarms = [
            Alarm(row.now, detector.onset)
            for row in one.rows
            if detector.update(row.now, row.at, row.value, row.samples)
        ]
        results.append(score(one, alarms))
        points += len(one.rows)
    return summarise(results), points / max(time.process_time() - began, 1e-9)


def lines(series: Sequence[Labelled]) -> Iterator[str]:
    """Yield a line for each goal, then one for each detector; those whose package is missing say so."""
    changed = sum(len(one.spans) for one in series)
    yield f"{len(series)} series, {changed} with a change"
    ours, speed = run(Portal, series)
    for name, key, goal, sign in GOALS:
        yield _goal(name, getattr(ours, key), goal, sign)
    yield _goal("points per second on one core", speed, POINTS_PER_SECOND, 1)
    yield f"{'':22}{''.join(f'{column:>14}' for column in COLUMNS)}"
    yield _line("portal", ours, speed)
    for name, kind in references().items():
        yield _line(name, *run(kind, series)) if kind else f"{name:22}  not installed"


def _goal(name: str, value: float | None, goal: float, sign: int) -> str:
    if value is None:
        return f"{name:48}{'-':>12}"
    verdict = "ok" if sign * value >= sign * goal else "short"
    return f"{name:48}{_figure(value):>12}  goal {'>=' if sign > 0 else '<='} {_figure(goal):>7}  {verdict}"


def _line(name: str, found: Summary, speed: float) -> str:
    values = [found.headline, found.recall, found.precision, found.delay, found.false_per_1000, found.quiet, speed]
    return f"{name:22}{''.join(f'{_figure(value):>14}' for value in values)}"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3f}"
