"""Judging the points of one series by one monitor, from the state that was kept before them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from monitoring.detection import change, limit
from monitoring.detection.filling import is_filling, remembered
from monitoring.detection.keeping import kept
from monitoring.models import Baseline, Maturity, Metric, Monitor

REPLAYED = (Monitor.Kind.CHANGE, Monitor.Kind.LIMIT)


class Sample(NamedTuple):
    """A point as it is judged."""

    at: datetime
    value: float
    samples: int
    maturity: int

    @property
    def is_final(self) -> bool:
        return self.maturity == Maturity.FINAL


@dataclass
class Replayed:
    """The state after the last point, and the states to keep, by the time of the point after which they stood.

    `reading` is what the last judged point said (detection's Reading or LimitReading, as a dict), None before any.
    """

    state: dict
    keep: dict[datetime, dict] = field(default_factory=dict)

    @property
    def reading(self) -> dict | None:
        return self.state["reading"]

    @property
    def is_bad(self) -> bool:
        return bool(self.reading and self.reading["is_bad"])


def replay(
    monitor: Monitor,
    metric: Metric,
    baselines: Sequence[Baseline],
    state: dict | None,
    samples: Sequence[Sample],
) -> Replayed:
    """Judge `samples`, in order of time, going on from `state` (None: from the beginning). Windows that fill wait."""
    state = state or beginning(monitor, metric)
    judged = list(states_of(monitor, metric, baselines, state, samples))
    state = judged[-1][1] if judged else state
    chosen = kept(state["rule"]["seen"])
    keep = {sample.at: _plain(one) for sample, one in judged if one["rule"]["seen"] in chosen}
    return Replayed(_plain(state), keep)


def beginning(monitor: Monitor, metric: Metric) -> dict:
    """Return the state before the first point."""
    return {"asked": asked_of(monitor, metric), "recent": [], "rule": fresh(monitor), "reading": None}


def states_of(
    monitor: Monitor, metric: Metric, baselines: Sequence[Baseline], state: dict, samples: Iterable[Sample]
) -> Iterator[tuple[Sample, dict]]:
    """Yield each sample that is judged with the state after it; `state["reading"]` is what was said of it."""
    for sample in samples:
        if is_filling(sample.samples, is_final=sample.is_final, recent=state["recent"]):
            continue
        rule, reading = _step(monitor, metric, baselines, state["rule"], sample)
        recent = remembered(state["recent"], sample.samples)
        state = state | {"recent": recent, "rule": rule, "reading": reading}
        yield sample, state


def fresh(monitor: Monitor) -> dict:
    """Return the rule's state before the first point."""
    return limit.fresh() if monitor.kind == Monitor.Kind.LIMIT else change.fresh()


def asked_of(monitor: Monitor, metric: Metric) -> str:
    """Return what the monitor asks of points, in words: a state that was kept when it asked otherwise is of no use."""
    if monitor.kind == Monitor.Kind.LIMIT:
        return repr(limit_of(monitor))
    return f"{chart_of(monitor, metric)!r} {change.METHOD}"


def _step(monitor: Monitor, metric: Metric, baselines: Sequence[Baseline], rule: dict, sample: Sample):
    at = sample.at.timestamp()
    if monitor.kind == Monitor.Kind.LIMIT:
        return limit.step(rule, limit_of(monitor), at, sample.value)
    baseline = baseline_at(baselines, sample.at)
    given = change.Baseline(baseline.pk, baseline.value, baseline.spread) if baseline else None
    return change.step(rule, chart_of(monitor, metric), at, sample.value, sample.samples, given)


def _plain(state: dict) -> dict:
    """Return the state with its reading as a dict, JSON-able."""
    reading = state["reading"]
    return state if reading is None or isinstance(reading, dict) else state | {"reading": asdict(reading)}


def limit_of(monitor: Monitor) -> limit.Limit:
    """Return the bounds of a limit monitor."""
    return limit.Limit(**monitor.settings)


def chart_of(monitor: Monitor, metric: Metric) -> change.Chart:
    """Return how a change monitor watches the metric."""
    worse = {"higher": "down", "lower": "up", "target": "both"}[metric.direction]
    sensitivity = monitor.settings.get("sensitivity", "normal")
    return change.Chart(metric.scale, worse, sensitivity, metric.target if worse == "both" else None)


def baseline_at(baselines: Sequence[Baseline], at: datetime) -> Baseline | None:
    """Return the baseline that holds at `at`: the newest given one from before, or the first of an experiment.

    An experiment comes before production, so its first figure holds for the points before its row too. What the
    detector learned by itself (a learned row by nobody) is its own and is not given back to it.
    """
    given = [one for one in baselines if one.by_id is not None or one.origin == Baseline.Origin.EXPERIMENT]
    before = [one for one in given if one.from_at <= at]
    if before:
        return max(before, key=lambda one: (one.from_at, one.pk))
    first = min(given, key=lambda one: (one.from_at, one.pk), default=None)
    return first if first and first.origin == Baseline.Origin.EXPERIMENT else None


def moment(seconds: float) -> datetime:
    """Return the time that `seconds` since the epoch mean."""
    return datetime.fromtimestamp(seconds, UTC)
