"""What stands behind an alert about quiet change: how large, since when, how sure, what moved or changed with it."""

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitoring import wording
from monitoring.detection import change
from monitoring.explaining.beginnings import beginnings
from monitoring.explaining.recorded import Recorded, all_recorded
from monitoring.judging.backtesting import Noticed, alarms, samples_between, tried
from monitoring.judging.replaying import chart_of
from monitoring.judging.states import NEARLY_BACK
from monitoring.models import Alert, Metric, Series, Snapshot

LEARNED_OVER = timedelta(days=150)  # before the beginning, of what may have moved with it
MOST_SAMPLES, MOST_SERIES = 1000, 20
DEADLINE_S = 0.5  # for each series
BEFORE, AFTER = timedelta(days=21), timedelta(days=7)  # what begins so near moved with it: causes come before
LEARNED_FOR = timedelta(days=28)  # before it moved, so that weekdays are known
MORE = 1.2  # times as far as the whole
LOOKED_BACK_POINTS = 60
FARTHEST = timedelta(days=14)  # before the beginning that the detector names, an earlier one is not looked for
MOST_NAMED = 2  # of what moved, and of what was recorded, in the alert's sentence
SURE = [(2.5, "almost certain"), (1.5, "very likely"), (0.0, "likely")]
STAYS = {"bursts": "single bad values, more often than usual", "spread": "values lie farther apart than usual"}
MISSING = "missing:"  # how the selector of a prediction log says that a column's missing rate is meant


@dataclass(frozen=True)
class Moved:
    """A series that moved at about the same time, and how."""

    series: Series
    noticed: Noticed

    @property
    def size(self) -> float:
        """By how much its level has moved by now, in the metric's unit."""
        return self.noticed.last["level"] - self.noticed.last["before"]


def said_whole(series: Series, alerts: Iterable[Alert]) -> str:
    """Return the series' sentence; where it is that of one of its open `alerts`, with what moved with it."""
    own = (one for one in alerts if one.cleared_at is None and one.monitor.series_id == series.pk)
    whole = (one.whole_within(series.sentence) for one in own)
    return next((text for text in whole if text != series.sentence), series.sentence)


def explain(alert: Alert, *, at: datetime) -> dict:
    """Return the explanation of an alert about quiet change, JSON-able; bounded work, about ten queries.

    `most` and `beside` go on with the alert's sentence (Alert.whole_sentence); `size` is in the metric's unit; it began
    between `onset_from` and `onset_to`; `segments`, `metrics` and `changes` are lists of {words, …}.
    """
    series = alert.monitor.series
    first, last = _began(alert, at)
    segments = sorted(_moved(_segments(series), alert, first, last, at), key=lambda one: -abs(one.size))
    others = sorted(_moved(_others(series), alert, first, last, at), key=lambda one: _apart(one, alert))
    recorded = all_recorded(alert, first, last, at=at)
    size = _size(alert.detail)
    return {
        "most": _most(size, segments),
        "beside": [
            *(_words(one, at) for one in others[:MOST_NAMED]),
            *(one.words for one in _nearest(recorded, alert) if not (alert.asks and one.kind == "deployment")),
        ],
        "direction": "down" if size < 0 else "up" if size > 0 else "",
        "size": size,
        "change": _change_words(series, alert.detail, size),
        "onset_from": _said(first),
        "onset_to": _said(last),
        "began": _began_words(first, last, at, series.rhythm_s),
        "confidence": _sure(alert),
        "segments": [_shown(one, at) for one in segments],
        "metrics": [_shown(one, at) for one in others],
        "changes": [_stored(one) for one in recorded],
    }


def _stored(one: Recorded) -> dict:
    return {"at": _said(one.at), "kind": one.kind, "words": one.words, "page": one.page, "names": one.names}


def _began(alert: Alert, at: datetime) -> tuple[datetime, datetime]:
    """Return between which times it began; the onset itself is among them."""
    series, onset = alert.monitor.series, alert.onset_at
    _, samples = samples_between(series, onset - timedelta(days=60), at, most=10 * LOOKED_BACK_POINTS)
    snapshot = Snapshot.objects.filter(monitor=alert.monitor).first()
    if snapshot is None or not samples:
        return onset, onset
    chart, rule = chart_of(alert.monitor, series.metric), snapshot.state["rule"]
    residuals, shifts = [], []
    for one in samples:
        band = change.band_at(rule, chart, one.at.timestamp(), one.samples)
        if band is None or band[0] >= band[1]:
            return onset, onset
        noise = (band[1] - band[0]) / (2 * change.BAND)
        residuals.append((one.value - (band[0] + band[1]) / 2) / noise)
        shifts.append((alert.detail["level"] - alert.detail["before"]) / noise)
    found = beginnings(residuals, sum(shifts) / len(shifts))
    if found is None:
        return onset, onset
    first, last = max(samples[found[0]].at, onset - FARTHEST), min(samples[found[1]].at, alert.opened_at)
    return min(first, onset), max(last, onset)


def _segments(series: Series) -> Iterable[Series]:
    return series.metric.series.exclude(pk=series.pk).filter(estimated=False)


def _others(series: Series) -> Iterable[Series]:
    """Return the wholes of the system's other metrics; a quality metric has alerts of its own."""
    others = Series.objects.whole().filter(metric__system=series.metric.system_id)
    return others.exclude(metric__kind=Metric.Kind.QUALITY).exclude(metric=series.metric_id)


def _moved(rows, alert: Alert, first: datetime, last: datetime, at: datetime) -> list[Moved]:
    """Return those of `rows` in which the same change detection finds a move, either way, at about that time."""
    found = []
    for series in rows.select_related("metric__system")[:MOST_SERIES]:
        _, samples = samples_between(series, first - LEARNED_OVER, at, most=MOST_SAMPLES)
        either_way = copy(series.metric)
        either_way.direction, either_way.target = Metric.Direction.TARGET, None
        told, _ = alarms(tried(series, "normal"), either_way, [], samples, DEADLINE_S)
        known_at = samples[0].at + LEARNED_FOR if samples else at
        since, until = max(first - BEFORE, known_at), last + AFTER
        beside = [one for one in told if since <= one.onset_at <= until and one.reading["kind"] == "level"]
        found += [Moved(series, min(beside, key=lambda one: abs(one.onset_at - alert.onset_at)))] if beside else []
    return found


def _apart(one: Moved, alert: Alert) -> timedelta:
    return abs(one.noticed.onset_at - alert.onset_at)


def _nearest(found: list[Recorded], alert: Alert) -> list[Recorded]:
    """Return those that the sentence names: the nearest to the beginning, in order of time."""
    near = sorted(found, key=lambda one: abs(one.at - alert.onset_at))[:MOST_NAMED]
    return sorted(near, key=lambda one: one.at)


def _most(size: float, segments: list[Moved]) -> str:
    """Say in which segment it moved clearly more than in the whole; empty where there is none."""
    same_way = [one for one in segments if one.size * size > 0]
    if not same_way or abs(same_way[0].size) <= MORE * abs(size):
        return ""
    return f", most in segment {same_way[0].series.segment.replace('=', ' ')}"


def _words(one: Moved, at: datetime) -> str:
    series, reading = one.series, one.noticed.last
    column = str(series.selector.get("metric", "")) if isinstance(series.selector, dict) else ""
    on = wording.day(one.noticed.onset_at, at, series.rhythm_s)
    if column.startswith(MISSING) and not series.segment and reading["level"] > reading["before"]:
        share = 100 * reading["level"]
        said = f"{share:.0f}" if share >= 1 else f"{share:.1g}"
        return f"feature `{column.removeprefix(MISSING)}` went missing in {said} % of rows on {on}"
    before, level = wording.figures(reading["before"], reading["level"])
    verb = "fell" if reading["level"] < reading["before"] else "rose"
    name = series.segment.replace("=", " ") if series.segment else wording.lower(wording.title_of(series))
    return f"{name} {verb} from {before} to {wording.with_unit(level, series.metric.unit)} on {on}"


def _shown(one: Moved, at: datetime) -> dict:
    series = one.series
    return {
        "metric": series.metric.key,
        "segment": series.segment,
        "onset_at": _said(one.noticed.onset_at),
        "size": one.size,
        "words": _words(one, at),
        "page": series.address,
    }


def _said(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _size(detail: dict) -> float:
    """Return by how much the level has moved, or had moved where it is nearly back; 0 of what moves no level."""
    if detail.get("kind") in STAYS:
        return 0.0
    now, farthest = (detail[name] - detail["before"] for name in ("level", "farthest"))
    return farthest if abs(now) < NEARLY_BACK * abs(farthest) else now


def _change_words(series: Series, detail: dict, size: float) -> str:
    if not size:
        return STAYS.get(detail.get("kind", ""), "none yet")
    by = wording.with_unit(wording.figures(abs(size))[0], series.metric.unit)
    before, level = wording.figures(detail["before"], detail["before"] + size)
    return f"{'down' if size < 0 else 'up'} by {by}, from {before} to {wording.with_unit(level, series.metric.unit)}"


def _began_words(first: datetime, last: datetime, at: datetime, rhythm_s: float | None) -> str:
    begins, ends = wording.day(first, at, rhythm_s), wording.day(last, at, rhythm_s)
    return begins if begins == ends else f"between {begins} and {ends}"


def _sure(alert: Alert) -> str:
    """Return in words how much evidence there is, in that which it takes to alarm."""
    snapshot = Snapshot.objects.filter(monitor=alert.monitor).first()
    doubt = snapshot.state["rule"].get("doubt") if snapshot else None
    share = doubt[0] if doubt else 0.0
    word = next(word for least, word in SURE if share >= least)
    return f"{word}: {share:.1f} times the evidence that it takes to alarm" if share >= 1 else f"{word}: it has alarmed"
