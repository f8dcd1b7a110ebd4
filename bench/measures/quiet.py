"""False alarms in the demo world: every quality metric of its models, as if nothing ever went wrong with any."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from mlops_portal.demo.calendar import DAYS_OF_PAST
from mlops_portal.demo.services import SERVICES, Service, as_it_was
from mlops_portal.demo.stream import requests_of
from mlops_portal.demo.watching import figures as expected_of
from mlops_portal.demo.watching import measured
from monitoring.connectors import connector_of
from monitoring.judging.backtesting import Noticed, alarms, tried
from monitoring.judging.replaying import Sample
from monitoring.models import Baseline, Maturity, Metric, Series
from systems.models import System

NEEDS_DATABASE = False
LIVES = 20  # pasts as long as the demo's, one after the other
FIRST = date(2020, 1, 6)
YEAR = timedelta(days=365)
AT_MOST = 1.0  # incidents from a false alarm, for each system and year
DEADLINE_S = 60.0


def figures() -> Iterator[str]:
    """Yield the incidents that false alarms would open for each system and year, and every such alarm."""
    incidents, years = 0, 0.0
    for service in SERVICES:
        quiet = replace(
            service, versions=service.versions[:1], story=as_it_was, is_silent=lambda age: False, since_age=10_000
        )
        told = [one for life in range(LIVES) for one in _told(quiet, FIRST + life * timedelta(days=DAYS_OF_PAST))]
        own, lived = _incidents([noticed for _, noticed in told]), LIVES * DAYS_OF_PAST / YEAR.days
        incidents, years = incidents + own, years + lived
        yield f"{service.slug:24}{own:4} incidents in {lived:.0f} years  {own / lived:5.2f} a year"
        for key, noticed in told:
            yield f"    {key:12} told {noticed.told_at:%Y-%m-%d}: {noticed.sentence}"
    verdict = "ok" if incidents / years <= AT_MOST else "short"
    yield f"incidents from false alarms, per system and year  {incidents / years:.2f}  goal <= {AT_MOST:.2f}  {verdict}"


def _told(service: Service, first: date) -> Iterator[tuple[str, Noticed]]:
    """Yield (key, alarm) of what would be told in a past that begins on `first`, by key."""
    expected, days = expected_of(service), [first + timedelta(days=n) for n in range(DAYS_OF_PAST)]
    samples: dict[str, list[Sample]] = {key: [] for key in service.metrics}
    for day in days:
        count, values = day_of(service, day, FIRST)
        for key, value in values.items():
            at = datetime.combine(day, time(), UTC)
            samples[key].append(Sample(at, value, count, Maturity.FINAL))
    for key in service.metrics:
        metric = _metric(service, key)
        value, spread = expected[key]
        baseline = Baseline(
            pk=1, value=value, spread=spread, origin=Baseline.Origin.EXPERIMENT, from_at=samples[key][0].at
        )
        found, _ = alarms(tried(Series(metric=metric), "normal"), metric, [baseline], samples[key], DEADLINE_S)
        yield from ((key, one) for one in found)


def _metric(service: Service, key: str) -> Metric:
    said = connector_of("prediction_log").suggested(key)
    return Metric(system=System(slug=service.slug), key=key, name=said.name, scale=said.scale, direction=said.direction)


def day_of(service: Service, day: date, origin: date) -> tuple[int, dict[str, float]]:
    """Return (how many outcomes became known, the day's figure of each quality metric)."""
    asked = requests_of(service, day, origin)
    _, _, experiment = service.versions[0]
    answer, known = experiment.predict(asked.inputs), asked.is_labelled
    answer = replace(
        answer,
        predictions=answer.predictions[known],
        scores=None if answer.scores is None else answer.scores[known],
    )
    return int(known.sum()), {key: measured(key, experiment, asked.truth[known], answer) for key in service.metrics}


def _incidents(told: list[Noticed]) -> int:
    """Return how many incidents these alarms open: what is told while one lasts joins it."""
    count, until = 0, datetime.min.replace(tzinfo=UTC)
    for one in sorted(told, key=lambda one: one.told_at):
        count += one.told_at > until
        until = max(until, one.over_at or datetime.max.replace(tzinfo=UTC))
    return count
