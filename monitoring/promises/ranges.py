"""What is normal, by the runbook, beside what is: the expected ranges with the values of now."""

from collections.abc import Iterable
from dataclasses import dataclass

from monitoring.models import Series, State
from systems.models import ExpectedRange, System

LOOKED_AT = (State.OK, State.DEGRADED, State.FAILING)


@dataclass(frozen=True)
class RangeNow:
    """An expected range, and the series that shows how its metric stands; None where there is no such series."""

    expected: ExpectedRange
    series: Series | None

    @property
    def has_value(self) -> bool:
        """Whether a value came, and in time."""
        one = self.series
        return one is not None and one.last_value is not None and one.state_now in LOOKED_AT

    @property
    def is_inside(self) -> bool:
        low, high = self.expected.low, self.expected.high
        value = self.series.last_value if self.series else None
        return value is not None and (low is None or low <= value) and (high is None or value <= high)

    @property
    def standing(self) -> str:
        """Return `inside`, `outside` or `no data`."""
        return "no data" if not self.has_value else "inside" if self.is_inside else "outside"


def ranges_now(systems: Iterable[System]) -> list[RangeNow]:
    """Return the expected ranges of `systems`, each with its metric's whole as it stands; two queries."""
    by_pk = {system.pk: system for system in systems}
    ranges = list(ExpectedRange.objects.filter(system__in=by_pk))
    if not ranges:
        return []
    for one in ranges:
        one.system = by_pk[one.system_id]
    keys = {one.metric_key for one in ranges}
    wholes = Series.objects.whole().with_state().filter(metric__system__in=by_pk, metric__key__in=keys)
    by_key = {(one.metric.system_id, one.metric.key): one for one in wholes.select_related("metric__system")}
    return [RangeNow(one, by_key.get((one.system_id, one.metric_key))) for one in ranges]
