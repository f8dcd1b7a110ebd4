"""Saying what a series is expected to be."""

import math
from datetime import datetime
from statistics import median

from django.db import transaction
from django.db.models.functions import Coalesce, Least

from mlops_portal.engine.audit import record
from mlops_portal.engine.duties import nudge
from monitoring.judging.replaying import baseline_at
from monitoring.models import Baseline, Point, Series
from monitoring.promises.baselines import stale_baselines
from systems.actions.reality import measure_again
from systems.actions.registry import recheck

MOST_VALUES, ENOUGH_VALUES = 2000, 7
LONGEST = 300


class BadBaseline(ValueError):
    """A value that cannot be expected; the text is one sentence for people."""


@transaction.atomic
def set_baseline(
    series: Series,
    *,
    value: float,
    spread: float | None = None,
    origin: str,
    reason: str,
    from_at: datetime | None = None,
    by,
    at: datetime,
) -> Baseline:
    """Expect `value` ± `spread` (one standard deviation) from `from_at` (default: `at`) on; return the baseline.

    Without a spread the one that is learned holds. What was judged by another is judged again. Raises BadBaseline.
    """
    if not math.isfinite(value) or (spread is not None and not (math.isfinite(spread) and spread > 0)):
        raise BadBaseline("A baseline is a finite number, its spread a positive one.")
    is_first = not series.baselines.exclude(by=None, origin=Baseline.Origin.LEARNED).exists()
    baseline = series.baselines.create(
        value=value, spread=spread, origin=origin, reason=reason, from_at=from_at or at, by=by
    )
    after = {"value": value, "spread": spread, "origin": str(origin), "reason": reason}
    record(by=by, verb="set", kind="baseline", object=series, system=series.metric.system, after=after)
    since = _first_point(series) if is_first and origin == Baseline.Origin.EXPERIMENT else None
    again = min(since or baseline.from_at, baseline.from_at)
    Series.objects.filter(pk=series.pk).update(unjudged_from=Least(Coalesce("unjudged_from", again), again))
    recheck(series.metric.system, app="monitoring")
    measure_again(series.metric.system)
    nudge("judge")
    return baseline


@transaction.atomic
def renew_baseline(series: Series, *, as_it_was: bool, by, at: datetime) -> Baseline:
    """Let the baseline hold for the version that runs: the value as it was, or the middle of those since it runs.

    Return it. Raises BadBaseline where no version has replaced another since, or too few values have come.
    """
    version, since = stale_baselines([series.metric.system_id]).get(series.pk, (None, at))
    before = baseline_at(list(series.baselines.all()), at) or series.baselines.first()
    if version is None or before is None:
        raise BadBaseline("The baseline is not older than the version that runs.")
    value = before.value
    if not as_it_was:
        values = list(Point.objects.filter(series=series, at__gte=since).values_list("value", flat=True)[:MOST_VALUES])
        if len(values) < ENOUGH_VALUES:
            raise BadBaseline(f"{ENOUGH_VALUES} values of the new version are needed, and {len(values)} have come.")
        value = median(values)
    how = f"Said to hold for version {version}" if as_it_was else f"The middle of what came since version {version}"
    reason = f"{how}; before: {before.reason}"[:LONGEST]
    origin = before.origin if as_it_was else Baseline.Origin.LEARNED
    return set_baseline(
        series, value=value, spread=before.spread, origin=origin, reason=reason, from_at=since, by=by, at=at
    )


def _first_point(series: Series) -> datetime | None:
    return Point.objects.filter(series=series).order_by("at").values_list("at", flat=True).first()
