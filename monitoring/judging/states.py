"""The state of a series: what its monitors found, whether data comes, and until when that is believed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitoring import wording
from monitoring.judging.cases import Case
from monitoring.judging.replaying import baseline_at, limit_of, moment
from monitoring.models import Monitor, Pull, Series, State

INTERVALS = 3  # a source may miss so many before what it said is not believed any more
GRACE = timedelta(seconds=60)
SOON, SOON_POINTS = timedelta(days=1), 2  # a change that begins so near a deployment belongs to it
NEARLY_BACK = 0.3  # of the way is left
SHORTEST_SILENCE_S = 300.0
UNKNOWN_RHYTHM_S = 86400.0
NOT_USABLE = (Pull.Outcome.EMPTY, Pull.Outcome.MISSING_METRIC, Pull.Outcome.STALE)  # we asked; the rest: we could not


@dataclass(frozen=True)
class Found:
    """What is found of a monitor now: None in `sentence` where all is well.

    `asks` names the new model version whose level may be the new normal: nobody is alarmed by that.
    """

    monitor: Monitor
    sentence: str | None = None
    onset_at: datetime | None = None
    detail: dict | None = None
    asks: str = ""


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
    on_values = [one for one in found if one.sentence and one.monitor.kind != Monitor.Kind.SILENCE and not one.asks]
    if on_values:
        worst = min(on_values, key=lambda one: one.monitor.severity != Monitor.Severity.CRITICAL)
        is_critical = worst.monitor.severity == Monitor.Severity.CRITICAL
        state = State.FAILING if is_critical else State.DEGRADED
        more = (
            "" if is_fresh else f" Not judged since: {wording.pull_trouble(case.pull)}" if trouble else " Now silent."
        )
        sentence = wording.cut(f"{worst.sentence}{more}")
    elif is_fresh:
        asking = next((one.sentence for one in found if one.asks), None)
        state = State.OK
        sentence = asking or wording.fine_sentence(case.series, _reading(case), _baseline(case, at))
    else:
        state, sentence = _without_data(case, trouble, at)
    return Judged(state, wording.cut(sentence), _good_until(case, at), found, is_fresh)


def _found(case: Case, monitor: Monitor, silent_since: datetime | None, at: datetime) -> Found:
    if monitor.kind == Monitor.Kind.SILENCE:
        if silent_since is None:
            return Found(monitor)
        return Found(monitor, _without_data(case, _trouble(case), at)[1], silent_since, {})
    replayed = case.replayed[monitor.pk]
    if not replayed.is_bad or (monitor.kind == Monitor.Kind.CHANGE and not case.is_judged_for_change):
        return Found(monitor)
    reading, asks = replayed.reading or {}, ""
    if monitor.kind == Monitor.Kind.LIMIT:
        sentence = wording.limit_sentence(case.series, reading, limit_of(monitor), at)
    elif asks := _new_version(case, monitor, reading):
        sentence = wording.version_sentence(case.series, reading, asks)
    elif (fallen := _fallen(case, monitor, reading)) is not None:
        sentence = wording.back_sentence(case.series, reading, fallen, at)
    else:
        sentence = wording.change_sentence(case.series, reading, _baseline(case, at), at)
    kept = {name: reading.get(name) for name in ("before", "level", "kind")}
    kept["farthest"] = _farthest(case, monitor, reading)
    return Found(monitor, wording.cut(sentence), moment(reading["onset_at"]), kept, asks)


def _farthest(case: Case, monitor: Monitor, reading: dict) -> float | None:
    """Return the level that was farthest from what it was before, of those that the open alert has told; None: none."""
    if reading.get("before") is None:
        return None
    alert = case.alerts.get(monitor.pk)
    told = alert.detail.get("farthest") if alert else None
    levels = [reading["level"], *([told] if told is not None else [])]
    return max(levels, key=lambda level: abs(level - reading["before"]))


def _fallen(case: Case, monitor: Monitor, reading: dict) -> float | None:
    """Return the farthest level, where most of the way back from it is gone; None where it still lasts."""
    farthest = _farthest(case, monitor, reading)
    if farthest is None or reading.get("kind") != "level":
        return None
    gone, left = abs(farthest - reading["before"]), abs(reading["level"] - reading["before"])
    return farthest if left < NEARLY_BACK * gone else None


def _new_version(case: Case, monitor: Monitor, reading: dict) -> str:
    """Return the version whose deployment the level moved with, empty where there is none, or it alarms already."""
    alert = case.alerts.get(monitor.pk)
    if reading.get("kind") != "level" or (alert and not alert.asks):
        return ""
    onset, rhythm = moment(reading["onset_at"]), timedelta(seconds=case.series.rhythm_s or 0.0)
    soon = max(SOON, SOON_POINTS * rhythm)
    return next((name for at, name in reversed(case.new_versions) if at - soon <= onset + rhythm <= at + soon), "")


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
