"""The reality gap: what the experiment's test set promised, less what production keeps.

The figure is the experiment's baseline of the leading quality metric; quality live is the mean of its final values,
weighed by their samples where all are known. *Then* are the first 30 days from the first deployment to production on,
whatever versions ran in them, against the baseline that held at their end (the first one, where none did yet); *now*
are the 30 days up to the newest final value, however late labels come, against the baseline that holds now. A number
above 0 says: worse than on the test set.

    gap = promised - kept              where higher is better
          kept - promised              where lower is better
          |kept - target| - |promised - target|   where near a target is better
    share = gap then / |promised|

Source: DESIGN of the portal, 1, topic 2; no standard defines it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Min

from monitoring.models import Baseline, Maturity, Metric, Series
from monitoring.wording import day, figures, title_of, with_unit
from systems.actions.reality import RealityGap
from systems.models import Deployment, System

DAYS = 30
STRETCH = timedelta(days=DAYS)
TICK = timedelta(microseconds=1)

MEANS = """
SELECT asked.n, count(*), avg(value), min(samples), sum(samples), sum(value * samples)
FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) WITH ORDINALITY AS asked(series, from_at, to_at, n)
CROSS JOIN LATERAL (
    SELECT value, samples FROM monitoring_point
    WHERE series_id = asked.series AND at >= asked.from_at AND at < asked.to_at AND maturity = %s
) AS point
GROUP BY asked.n
"""


NEWEST = """
SELECT one.id, (
    SELECT at FROM monitoring_point WHERE series_id = one.id AND maturity = %s AND at <= %s ORDER BY at DESC LIMIT 1
) FROM unnest(%s::bigint[]) AS one(id)
"""


@dataclass(frozen=True)
class Known:
    """What the gap of one system is made of: when it went live, and its quality in both stretches; None: not known."""

    series: Series | None
    baselines: Sequence[Baseline]  # of the experiment, the oldest first
    live_from: datetime | None
    then: float | None = None
    now: float | None = None
    now_until: datetime | None = None


def gaps_of(systems: Iterable[System], *, at: datetime) -> list[tuple[System, RealityGap]]:
    """Return the reality gap of each system at the moment `at`: six queries for all of them."""
    systems = list(systems)
    leading = Series.objects.whole().filter(metric__leading=True, metric__kind=Metric.Kind.QUALITY)
    series = {one.metric.system_id: one for one in leading.filter(metric__system__in=systems).select_related("metric")}
    baselines: dict[int, list[Baseline]] = {}
    of_experiments = Baseline.objects.filter(series__in=series.values(), origin=Baseline.Origin.EXPERIMENT)
    for one in of_experiments.order_by("from_at", "pk"):
        baselines.setdefault(one.series_id, []).append(one)
    live = _live_from(systems, at)
    begun = {pk: (one.pk, live[pk]) for pk, one in series.items() if pk in live}
    newest = _newest([key for key, _ in begun.values()], at)
    then = _means({pk: (key, since, since + STRETCH) for pk, (key, since) in begun.items()})
    now = _means(
        {
            pk: (key, max(since, newest[key] - STRETCH), newest[key] + TICK)
            for pk, (key, since) in begun.items()
            if key in newest
        }
    )
    return [(one, gap_of(_known(one.pk, series, baselines, live, then, now, newest), at=at)) for one in systems]


def _known(pk: int, series: dict, baselines: dict, live: dict, then: dict, now: dict, newest: dict) -> Known:
    one = series.get(pk)
    if one is None:
        return Known(None, [], live.get(pk))
    return Known(one, baselines.get(one.pk, []), live.get(pk), then.get(pk), now.get(pk), newest.get(one.pk))


def _newest(series_ids: list[int], at: datetime) -> dict[int, datetime]:
    """Return the time of the newest final value by series id, where there is one: a look-up by key for each."""
    with connection.cursor() as cursor:
        cursor.execute(NEWEST, [Maturity.FINAL, at, series_ids])
        return {key: newest for key, newest in cursor.fetchall() if newest}


def _live_from(systems: Iterable[System], at: datetime) -> dict[int, datetime]:
    done = Deployment.objects.in_production().filter(system__in=systems, at__lte=at).order_by()
    return dict(done.values_list("system").annotate(Min("at")))


def _means(asked: dict[int, tuple[int, datetime, datetime]]) -> dict[int, float]:
    """Return the mean of the final values by key; of a stretch in which there are none, nothing."""
    if not asked:
        return {}
    keys, columns = list(asked), [list(column) for column in zip(*asked.values(), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(MEANS, [*columns, Maturity.FINAL])
        rows = cursor.fetchall()
    return {keys[n - 1]: weighed / float(samples) if least else plain for n, _, plain, least, samples, weighed in rows}


def gap_of(known: Known, *, at: datetime) -> RealityGap:
    """Return the gap with its sentence; where it is not known, the sentence says why."""
    why = _why_not(known, at)
    if known.series is None or not known.baselines or known.live_from is None:
        return RealityGap(f"Not known, because {why}.")
    first, newest = _at(known.baselines, known.live_from + STRETCH), _at(known.baselines, at)
    then = None if why or known.then is None else _worse(known.series.metric, first.value, known.then)
    now = None if known.now is None else _worse(known.series.metric, newest.value, known.now)
    said = _then_sentence(known, first.value, at) if then is not None else f"Not known, because {why}."
    if now is not None and known.now is not None:
        said += f" {_now_sentence(known, newest.value, known.now, at)}"
    share = then / abs(first.value) if then is not None and first.value else None
    return RealityGap(said[:300], then, now, share)


def _why_not(known: Known, at: datetime) -> str:
    """Return why the gap of the first days is not known; empty where it is."""
    if known.series is None:
        return "no quality metric leads"
    title = title_of(known.series)
    if not known.baselines:
        return f"no figure of the experiment's test set stands as a baseline of {title}"
    if known.live_from is None:
        return "no deployment to production is recorded"
    if at < known.live_from + STRETCH:
        return f"it is live only since {day(known.live_from, at)}, and its first {DAYS} days count"
    if known.then is None:
        return f"no final value of {title} came from its first {DAYS} days live"
    return ""


def _at(baselines: Sequence[Baseline], moment: datetime) -> Baseline:
    """Return the baseline that held at the moment; the first one where none did yet."""
    return [one for one in baselines if one.from_at <= moment][-1] if baselines[0].from_at <= moment else baselines[0]


def _worse(metric: Metric, promised: float, kept: float) -> float:
    """Return by how much `kept` is worse than `promised`; below 0 where it is better."""
    if metric.direction == Metric.Direction.TARGET and metric.target is not None:
        return abs(kept - metric.target) - abs(promised - metric.target)
    return kept - promised if metric.direction == Metric.Direction.LOWER else promised - kept


def _then_sentence(known: Known, promised: float, at: datetime) -> str:
    assert known.series  # what _why_not() has seen to
    assert known.live_from
    assert known.then is not None
    metric = known.series.metric
    test, live = _said(metric, promised, known.then)
    stretch = f"the first {DAYS} days live, from {day(known.live_from, at)} on"
    compared = _compared(metric, promised, known.then)
    return f"{title_of(known.series)} was {test} on the test set and {live} in {stretch}: {compared}."


def _now_sentence(known: Known, promised: float, now: float, at: datetime) -> str:
    assert known.series  # there is no value without
    assert known.now_until
    test, live = _said(known.series.metric, promised, now)
    compared = _compared(known.series.metric, promised, now)
    return f"In the {DAYS} days until {day(known.now_until, at)} it was {live}: {compared} than {test}."


def _said(metric: Metric, *values: float) -> list[str]:
    return [with_unit(text, metric.unit) for text in figures(*values)]


def _compared(metric: Metric, promised: float, kept: float) -> str:
    """Say how far apart the two are as they are written, so that the words fit the figures beside them."""
    gap = _worse(metric, promised, kept)
    if len({*figures(promised, kept)}) == 1:
        return "no worse"
    return f"{with_unit(figures(abs(gap))[0], metric.unit)} {'worse' if gap > 0 else 'better'}"
