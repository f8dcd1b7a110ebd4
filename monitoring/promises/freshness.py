"""Whether feeds are as fresh as was promised, by the metrics that people named as evidence of it."""

from datetime import datetime, timedelta

from django.db.models import Q

from monitoring.models import Series, State
from monitoring.wording import day
from systems.models import Feed, Outcome
from systems.spans import seconds_of, spelled

PASS, FAIL, UNKNOWN = Outcome.Result.PASS, Outcome.Result.FAIL, Outcome.Result.UNKNOWN
NOT_KNOWN = (State.UNKNOWN, State.ERROR, State.NO_DATA)


def evidence_of(feeds: list[Feed]) -> dict[tuple[int, str], list[Series]]:
    """Return by (system id, metric key) the series that the feeds name: wholes, parts where none is. One query."""
    named = Q(pk=None)
    for feed in feeds:
        named |= Q(metric__system=feed.evidence_system_id, metric__key=feed.evidence_metric)
    rows = Series.objects.with_state().filter(named, estimated=False).select_related("metric").order_by("segment")
    found: dict[tuple[int, str], list[Series]] = {}
    for row in rows:
        found.setdefault((row.metric.system_id, row.metric.key), []).append(row)
    return {key: [row for row in rows if not row.segment] or rows for key, rows in found.items()}


def judged(feed: Feed, series: list[Series], now: datetime) -> tuple[str, str]:
    """Return (what is to be thought of the promise of freshness, a sentence why); `series` are its evidence."""
    if not feed.evidence_metric:
        return FAIL, f"Nobody watches whether {feed} is as fresh as promised: name a metric that shows it."
    valued = [one for one in series if one.last_at is not None and one.last_value is not None]
    if not valued:
        return UNKNOWN, f"{feed.evidence_metric}, which is to show whether {feed} is fresh, has no value."
    found = [_judged(feed, one, now) for one in valued]
    return min(found, key=lambda one: [FAIL, UNKNOWN, PASS].index(one[0]))


def _judged(feed: Feed, series: Series, now: datetime) -> tuple[str, str]:
    promised = spelled(feed.freshness_s)
    unit_s = _seconds_in(series.metric.unit)
    if unit_s is None:
        return _by_its_last_value(feed, series, now, promised)
    if series.state_now in NOT_KNOWN:
        return UNKNOWN, f"How old {feed} is has not been measured in time, by {feed.evidence_metric}."
    if series.last_value * unit_s > feed.freshness_s:
        return FAIL, f"{feed} is older than the {promised} that are promised, by {feed.evidence_metric}."
    return PASS, ""


def _by_its_last_value(feed: Feed, series: Series, now: datetime, promised: str) -> tuple[str, str]:
    """Judge by when something last came; it is seen no more often than the series usually has values."""
    slack = timedelta(seconds=feed.freshness_s + (series.rhythm_s or 0))
    if now - series.last_at <= slack:
        return PASS, ""
    if series.state_now in (State.UNKNOWN, State.ERROR):
        return UNKNOWN, f"Whether {feed} still comes has not been looked at in time, by {feed.evidence_metric}."
    since = day(series.last_at, now, rhythm_s=1)
    return FAIL, f"Nothing of {feed} has come since {since}; it is to be at most {promised} old."


def _seconds_in(unit: str) -> int | None:
    """Return how many seconds the unit of an age has; None for a unit that measures no time."""
    try:
        return seconds_of(f"1 {unit}")
    except ValueError:
        return None
