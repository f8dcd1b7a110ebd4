"""What would have been noticed: the stored points of a series, judged again as judging does; nothing is written."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from monitoring import wording
from monitoring.judging.replaying import REPLAYED, Sample, baseline_at, beginning, limit_of, moment, states_of
from monitoring.models import Baseline, Metric, Monitor, Point, Series
from monitoring.store.windows import Gathered, points_between

MOST_POINTS = 12_000  # where there are more, windows of them are judged
OLDEST = datetime(2000, 1, 1, tzinfo=UTC)  # nothing is stored of earlier times
WARMED_UP = timedelta(days=400)  # so long before the stretch the monitor begins to learn
WINDOWS_S = (3600, 6 * 3600, 86400)
DEADLINE_S = 8.0
LOOKED_BACK = timedelta(days=7)
LAG_POINTS = 20
LOOKED_EVERY = 200  # points after which the clock is looked at


@dataclass(frozen=True)
class Noticed:
    """One alarm: since when it was so, at which point it was told, at which it was over (None: it still lasts).

    `reading` is what was said as it was told, `last` what was said at the last point while it lasted: detection's
    Reading or LimitReading, as a dict.
    """

    onset_at: datetime
    told_at: datetime
    over_at: datetime | None
    reading: dict
    sentence: str
    last: dict

    @property
    def size(self) -> float | None:
        """By how much the level had moved as it was told, in the metric's unit; None of a limit."""
        before = self.reading.get("before")
        return None if before is None else self.reading["level"] - before


@dataclass(frozen=True)
class Backtest:
    """What a monitor would have told between two times. `step_s`: seconds of the windows that stood for points.

    `lag` is how long after its own time a value usually comes, so that an alarm is heard that much later.
    `judged_until` is before `to_at` only where the time allowed ran out.
    """

    from_at: datetime
    to_at: datetime
    points: int
    step_s: int | None
    judged_until: datetime
    lag: timedelta
    found: list[Noticed]

    @property
    def is_cut(self) -> bool:
        return self.judged_until < self.to_at


def backtest(monitor: Monitor, *, from_at: datetime, to_at: datetime, deadline_s: float = DEADLINE_S) -> Backtest:
    """Return what `monitor` would have told of its series from `from_at` on and before `to_at`.

    It may be one that is not saved. It learns from what came before, by the baselines as they stand. Raises ValueError
    for a kind that looks at no values.
    """
    if monitor.kind not in REPLAYED or monitor.series is None:
        raise ValueError("Only a limit and quiet change can be tried on the past.")
    series = monitor.series
    step_s, samples = samples_between(series, max(from_at, OLDEST) - WARMED_UP, to_at)
    found, judged_until = alarms(monitor, series.metric, list(series.baselines.all()), samples, deadline_s)
    inside = [one for one in found if one.told_at >= from_at or one.over_at is None or one.over_at >= from_at]
    count = sum(from_at <= sample.at <= (judged_until or to_at) for sample in samples)
    return Backtest(from_at, to_at, count, step_s, judged_until or to_at, usual_lag(series), inside)


def alarms(
    monitor: Monitor, metric: Metric, baselines: Sequence[Baseline], samples: Sequence[Sample], deadline_s: float
) -> tuple[list[Noticed], datetime | None]:
    """Return (the alarms that `samples` raise, until when they were judged where the time ran out, else None)."""
    found: list[Noticed] = []
    alarm = last = None
    until = time.monotonic() + deadline_s
    for n, (sample, after) in enumerate(states_of(monitor, metric, baselines, beginning(monitor, metric), samples)):
        reading = after["reading"]
        if reading.is_bad:
            alarm, last = alarm or _told(monitor, baselines, sample, asdict(reading)), reading
        elif alarm is not None:
            found.append(replace(alarm, over_at=sample.at, last=asdict(last)))
            alarm = None
        if n % LOOKED_EVERY == 0 and time.monotonic() > until:
            return _with_open(found, alarm, last), sample.at
    return _with_open(found, alarm, last), None


def _with_open(found: list[Noticed], alarm: Noticed | None, last) -> list[Noticed]:
    return [*found, replace(alarm, last=asdict(last))] if alarm else found


def samples_between(
    series: Series, from_at: datetime, to_at: datetime, *, most: int | None = None
) -> tuple[int | None, list[Sample]]:
    """Return (seconds of a window, or None for single points; at most `most` samples, oldest first)."""
    most = most or MOST_POINTS
    points = points_between(series, from_at, to_at)
    rows = list(points.order_by("at").values_list("at", "value", "samples", "maturity")[: most + 1])
    if len(rows) <= most:
        return None, [Sample(*row) for row in rows]
    span_s = (to_at - rows[0][0]).total_seconds()
    step_s = next((step for step in WINDOWS_S if span_s / step <= most), WINDOWS_S[-1])
    windows = reversed(list(Gathered([series.pk], from_at, to_at, step_s)))
    return step_s, [Sample(one.at, one.mean, one.samples, int(not one.is_provisional)) for one in windows]


def usual_lag(series: Series) -> timedelta:
    """Return how long after their own time the newest values came: the lower quartile, for some are read afterwards."""
    newest = Point.objects.filter(series=series).order_by("-at").values_list("at", "first_seen_at")[:LAG_POINTS]
    lags = sorted(seen - at for at, seen in newest)
    return max(lags[len(lags) // 4], timedelta()) if lags else timedelta()


def tried(series: Series, sensitivity: str) -> Monitor:
    """Return a monitor of quiet change, not saved, that watches the series as `sensitivity` says."""
    return Monitor(series=series, kind=Monitor.Kind.CHANGE, settings={"sensitivity": sensitivity})


def first_visible(series: Iterable[Series], *, at: datetime, deadline_s: float) -> tuple[Noticed, Series] | None:
    """Return the alarm, of those that last at `at` or ended in the week before, that began first; or None.

    Of each series quiet change is asked for, by an eager monitor: somebody has said already that something is wrong.
    """
    until = time.monotonic() + deadline_s
    found: list[tuple[Noticed, Series]] = []
    for one in series:
        left_s = until - time.monotonic()
        if left_s > 0:
            told = backtest(tried(one, "eager"), from_at=at - LOOKED_BACK, to_at=at, deadline_s=left_s).found
            found += [(alarm, one) for alarm in told]
    return min(found, key=lambda pair: pair[0].onset_at, default=None)


def seen_at(series: Series, onset_at: datetime) -> datetime | None:
    """Return when the portal first saw the point at which something began; None where it does not have it."""
    return Point.objects.filter(series=series, at=onset_at).values_list("first_seen_at", flat=True).first()


def _told(monitor: Monitor, baselines: Sequence[Baseline], sample: Sample, reading: dict) -> Noticed:
    series, at = monitor.series, sample.at
    if monitor.kind == Monitor.Kind.LIMIT:
        sentence = wording.limit_sentence(series, reading, limit_of(monitor), at)
    else:
        baseline = baseline_at(baselines, at)
        sentence = wording.change_sentence(series, reading, baseline.value if baseline else None, at)
    return Noticed(moment(reading["onset_at"]), at, None, reading, wording.cut(sentence), reading)
