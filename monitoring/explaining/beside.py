"""Business beside the model: which figures of the business follow a quality metric, how late, and by how much."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from monitoring import wording
from monitoring.explaining.lagging import Following, following
from monitoring.models import Metric, Series
from monitoring.store.windows import last_of_each

DAYS = 180
MOST = 5
TYPICAL_FALL = 1.0  # spreads of the quality metric, of which the cost is said


@dataclass(frozen=True)
class Beside:
    """A business metric's series, how it follows the quality metric, and a sentence about that."""

    series: Series
    follows: Following
    sentence: str


def business_of(series: Series, *, at: datetime, others: Sequence[Series] | None = None) -> list[Beside]:
    """Return the system's business metrics beside a quality series, over the last values of 180 days; two queries.

    As many look-ups by key as there are days, however many points there are. `others` are the wholes of the business
    metrics (with_state(), by key), from whoever has read them already.
    """
    rows = list(_wholes_beside(series) if others is None else others)[:MOST]
    if not rows:
        return []
    tomorrow = at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    values = last_of_each([series.pk, *(one.pk for one in rows)], to_at=tomorrow, steps=DAYS)
    quality = values[series.pk]
    found = []
    for one in rows:
        follows = following(quality, values[one.pk])
        found.append(Beside(one, follows, _sentence(series, quality, one, follows)))
    return found


def _wholes_beside(series: Series) -> QuerySet[Series]:
    others = Series.objects.whole().filter(metric__system=series.metric.system_id, metric__kind=Metric.Kind.BUSINESS)
    return others.with_state().select_related("metric__system").order_by("metric__key")[:MOST]


def _sentence(series: Series, quality: list[float | None], other: Series, follows: Following) -> str:
    name, metric = wording.title_of(other), wording.lower(wording.title_of(series))
    if not follows.is_enough:
        return f"{name}: not enough days to say whether it follows {metric} ({follows.days} days have both)."
    if follows.lag is None or follows.slope is None or follows.slope_error is None:
        return f"{name} does not clearly follow {metric}: over {follows.days} days it may be chance."
    step = _step(quality, series.metric)
    worse, cost, give = step, follows.slope * step, abs(follows.slope_error * step)
    size, give, by = (wording.figures(abs(value))[0] for value in (cost, give, worse))
    return (
        f"{name} follows {metric} {_when(follows)}: when it {_verb(worse)} by {by}, {wording.lower(name)} "
        f"{_verb(cost)} by about {wording.with_unit(size, other.metric.unit)} (± {give}; {follows.days} days, "
        f"correlation {follows.correlation:.2f})."
    )


def _verb(change: float) -> str:
    return "falls" if change < 0 else "rises"


def _step(quality: list[float | None], metric: Metric) -> float:
    """Return a step for the worse as large as its values typically differ, rounded to one figure."""
    known = [value for value in quality if value is not None]
    middle = sum(known) / len(known)
    spread = (sum((value - middle) ** 2 for value in known) / len(known)) ** 0.5
    size = float(f"{TYPICAL_FALL * spread:.0e}")
    return size if metric.direction == Metric.Direction.LOWER else -size


def _when(follows: Following) -> str:
    if follows.lag_high == 0:
        return "on the same day"
    if follows.lag_low == follows.lag_high:
        return f"{follows.lag} day{'s' if follows.lag != 1 else ''} later"
    return f"about {follows.lag} day{'s' if follows.lag != 1 else ''} later ({follows.lag_low} to {follows.lag_high})"
