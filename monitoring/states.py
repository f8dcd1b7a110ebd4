"""The state of a series: what its monitors found, whether data comes, and until when that is believed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitoring import wording
from monitoring.cases import Case
from monitoring.models import Monitor, Pull, Series, State
from monitoring.replaying import baseline_at, limit_of, moment

INTERVALS = 3  # a source may miss so many before what it said is not believed any more
GRACE = timedelta(seconds=60)
SHORTEST_SILENCE_S = 300.0
UNKNOWN_RHYTHM_S = 86400.0
NOT_USABLE = (Pull.Outcome.EMPTY, Pull.Outcome.MISSING_METRIC, Pull.Outcome.STALE)  # we asked; the rest: we could not


@dataclass(frozen=True)
class Found:
    """What is found of a monitor now: None in `sentence` where all is well."""

    monitor: Monitor
    sentence: str | None = None
    onset_at: datetime | None = None
    detail: dict | None = None


@dataclass(frozen=True)
class Judged:
    """The state of a series with its sentence, and what each monitor found; `is_fresh`: it rests on new data."""

    state: State
    sentence: str
    good_until: datetime | None
    found: list[Found]
    is_fresh: bool


def judge_case(case: Case, at: datetime) -> Judged:
    """Return the state of a case whose points were replayed.

    An open alert on values is worse news than missing data and is not over by it: its state stays, with a word more.
    """
    silent_since = _silent_since(case, at)
    trouble = _trouble(case)
    is_fresh = trouble is None and silent_since is None and case.series.last_at is not None
    found = [_found(case, monitor, silent_since, at) for monitor in case.monitors]
    on_values = [one for one in found if one.sentence and one.monitor.kind != Monitor.Kind.SILENCE]
    if on_values:
        worst = min(on_values, key=lambda one: one.monitor.severity != Monitor.Severity.CRITICAL)
        is_critical = worst.monitor.severity == Monitor.Severity.CRITICAL
        state = State.FAILING if is_critical else State.DEGRADED
        more = (
            "" if is_fresh else f" Not judged since: {wording.pull_trouble(case.pull)}" if trouble else " Now silent."
        )
        sentence = wording.cut(f"{worst.sentence}{more}")
    elif is_fresh:
        state, sentence = State.OK, wording.fine_sentence(case.series, _reading(case), _baseline(case, at))
    else:
        state, sentence = _without_data(case, trouble, at)
    return Judged(state, wording.cut(sentence), _good_until(case, at), found, is_fresh)


def _found(case: Case, monitor: Monitor, silent_since: datetime | None, at: datetime) -> Found:
    if monitor.kind == Monitor.Kind.SILENCE:
        if silent_since is None:
            return Found(monitor)
        return Found(monitor, _without_data(case, _trouble(case), at)[1], silent_since, {})
    replayed = case.replayed[monitor.pk]
    if not replayed.is_bad:
        return Found(monitor)
    reading = replayed.reading or {}
    if monitor.kind == Monitor.Kind.LIMIT:
        sentence = wording.limit_sentence(case.series, reading, limit_of(monitor), at)
    else:
        sentence = wording.change_sentence(case.series, reading, _baseline(case, at), at)
    kept = {name: reading.get(name) for name in ("before", "level")}
    return Found(monitor, wording.cut(sentence), moment(reading["onset_at"]), kept)


def _reading(case: Case) -> dict | None:
    return case.replayed[case.change.pk].reading if case.change else None


def _baseline(case: Case, at: datetime) -> float | None:
    baseline = baseline_at(case.baselines, at)
    return baseline.value if baseline else None


def _trouble(case: Case) -> State | None:
    """Return what keeps data from coming, by the last pull: no_data, error, or None."""
    if case.pull is None or case.pull.outcome in Pull.Outcome.with_data():
        return None
    return State.NO_DATA if case.pull.outcome in NOT_USABLE else State.ERROR


def _without_data(case: Case, trouble: State | None, at: datetime) -> tuple[State, str]:
    """Return the state and the sentence of a series that has nothing new to say."""
    if case.series.last_at is None and case.pull is None:
        return State.UNKNOWN, "No value has come yet."
    why = wording.pull_trouble(case.pull) if trouble and case.pull else ""
    return trouble or State.NO_DATA, wording.no_data_sentence(case.series, case.came_at, at, why)


def _silent_since(case: Case, at: datetime) -> datetime | None:
    """Return since when a new point is missed, if it is missed for long enough; None when nobody asked for one.

    Long enough is the longest of: `after_s`, three times the rhythm of the points, three intervals of the source.
    """
    if case.silence is None or case.came_at is None or not _was_asked(case, at):
        return None
    series = case.series
    rhythm_s = series.rhythm_s or UNKNOWN_RHYTHM_S
    allowed = [case.silence.settings.get("after_s", 0.0), 3 * rhythm_s, SHORTEST_SILENCE_S]
    if series.source:
        allowed.append(INTERVALS * series.source.interval_s)
    if at - case.came_at <= timedelta(seconds=max(allowed)):
        return None
    return min(case.came_at + timedelta(seconds=rhythm_s), at)


def _was_asked(case: Case, at: datetime) -> bool:
    if case.series.source is None:
        return True
    return case.pull is not None and at <= _believed_until(case.series, case.pull)


def _believed_until(series: Series, pull: Pull) -> datetime:
    """Return until when a pull of the series' source speaks; one of the past is followed at its points' rhythm."""
    step_s = float(series.source.interval_s) if series.source else 0.0
    if pull.why == Pull.Why.BACKFILL:
        step_s = max(step_s, series.rhythm_s or UNKNOWN_RHYTHM_S)
    usual = pull.due_at + INTERVALS * timedelta(seconds=step_s) + GRACE
    back_off = series.source and series.source.back_off_until
    return max(usual, back_off + GRACE) if back_off else usual


def _good_until(case: Case, at: datetime) -> datetime | None:
    """Return until when the state is believed: three intervals of the source, or of the points that are pushed."""
    series = case.series
    if series.source and case.pull:
        return max(_believed_until(series, case.pull), at)
    if series.source or series.last_at is None:
        return None
    rhythm = timedelta(seconds=max(series.rhythm_s or UNKNOWN_RHYTHM_S, SHORTEST_SILENCE_S))
    return max((case.came_at or at) + INTERVALS * rhythm, at) + GRACE
