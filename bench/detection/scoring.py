"""How well a detector noticed: the measures of one series, and of many.

Alarms within a week of each other (hours: a day) are one incident; only its opening counts. A change is caught when
one opens inside the change's window, whose clock starts when the first changed point arrives. An opening while all is
well is a false alarm; one later in a change is neither.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

from bench.detection.series import DAY, Labelled, Span

NEAR_POINTS = 7


@dataclass(frozen=True)
class Alarm:
    """An answer that something is wrong, at the time of an arrival; `onset` is what it says of the beginning."""

    now: int
    onset: float | None = None


@dataclass(frozen=True)
class Caught:
    """How one change was noticed: after which share of its window (1: missed), and whether its onset was named."""

    is_caught: bool
    delay: float
    is_near: bool | None = None


@dataclass(frozen=True)
class Result:
    """What a detector made of one series."""

    changes: list[Caught]
    false_alarms: int
    healthy: int
    is_quiet: bool


def score(series: Labelled, alarms: Sequence[Alarm]) -> Result:
    """Return how well `alarms`, in order of time, tell of the series' changes."""
    warm = series.healthy_until + series.step_s
    openings = _openings([alarm for alarm in alarms if alarm.now >= warm], _apart(series))
    changes, spans = [], []
    for span in series.spans:
        seen = _seen_at(series, span)
        spans.append((min(seen, span.onset + series.step_s) - series.slack * series.step_s, span.end + series.step_s))
        changes.append(_caught(series, span, seen, openings))
    spans += [(start, end + series.step_s) for start, end in series.unscored]
    false = [one for one in openings if not any(start <= one.now <= end for start, end in spans)]
    healthy = {row.at for row in series.rows if row.now >= warm and not any(s <= row.now <= e for s, e in spans)}
    return Result(changes, len(false), len(healthy), not series.spans and not false)


def _apart(series: Labelled) -> int:
    return 7 * DAY if series.step_s >= DAY else max(DAY, 24 * series.step_s)


def _openings(alarms: Sequence[Alarm], apart: int) -> list[Alarm]:
    pairs = zip([None, *alarms], alarms, strict=False)
    return [one for before, one in pairs if before is None or one.now - before.now >= apart]


def _seen_at(series: Labelled, span: Span) -> int:
    """Return when the first changed point came."""
    return min((row.now for row in series.rows if row.at >= span.onset), default=span.onset + series.step_s)


def _caught(series: Labelled, span: Span, seen: int, openings: Sequence[Alarm]) -> Caught:
    earliest = min(seen, span.onset + series.step_s) - series.slack * series.step_s
    hit = next((one for one in openings if earliest <= one.now <= seen + span.window_s), None)
    if hit is None:
        return Caught(False, 1.0)
    is_named = series.change == "step" and hit.onset is not None
    near = abs(hit.onset - span.onset) <= NEAR_POINTS * series.step_s if is_named else None
    return Caught(True, max(0, hit.now - seen) / span.window_s, near)


@dataclass(frozen=True)
class Summary:
    """The measures over many series; `headline` is the harmonic mean of precision and earliness."""

    precision: float
    earliness: float
    recall: float
    delay: float
    false_per_1000: float
    quiet: float
    onset_near: float | None

    @property
    def headline(self) -> float:
        both = self.precision + self.earliness
        return 2 * self.precision * self.earliness / both if both else 0.0


def summarise(results: Sequence[Result]) -> Summary:
    """Return the measures over the results of at least one series with a change."""
    changes = [change for result in results for change in result.changes]
    caught = sum(change.is_caught for change in changes)
    false = sum(result.false_alarms for result in results)
    near = [change.is_near for change in changes if change.is_near is not None]
    free = [result for result in results if not result.changes]
    return Summary(
        precision=caught / (caught + false) if caught + false else 1.0,
        earliness=fmean(1 - change.delay for change in changes),
        recall=caught / len(changes),
        delay=median(change.delay for change in changes),
        false_per_1000=1000 * false / max(sum(result.healthy for result in results), 1),
        quiet=fmean(result.is_quiet for result in free) if free else 1.0,
        onset_near=fmean(near) if near else None,
    )
