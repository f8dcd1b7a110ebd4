"""Taking points that programs push: each good one is kept, each bad one told why, by its place in what was sent."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from mlops_portal.engine.audit import record
from mlops_portal.engine.duties import nudge
from monitoring.actions import monitors
from monitoring.actions.storing import lock_series, make_room, store, untimely
from monitoring.connectors.connector import Reading
from monitoring.models import Metric, Series
from systems.access import RULES, may
from systems.models import System


class Pushed(NamedTuple):
    """A point as somebody sent it: its place among the others, of which metric of which system, and what it says."""

    place: int
    system: str
    metric: str
    segment: str
    reading: Reading


@dataclass
class Ingested:
    """What became of what was sent; `rejected` maps the place of a point to one sentence."""

    accepted: int = 0
    duplicates: int = 0
    replaced: int = 0
    conflicts: int = 0
    rejected: dict[int, str] = field(default_factory=dict)


def ingest(pushed: Iterable[Pushed], *, by, at: datetime) -> Ingested:
    """Keep what `by` may push, in one transaction, and return what became of it.

    A segment that a pushed metric did not have yet is made. What comes out of a source cannot be pushed beside it.
    """
    done = Ingested()
    by_series: dict[tuple[str, str, str], list[Pushed]] = defaultdict(list)
    pushed = list(pushed)
    times = [one.reading.at for one in pushed]
    are_timely = not any(untimely(edge, at) for edge in (min(times), max(times))) if times else True
    for one in pushed:
        if why := "" if are_timely else untimely(one.reading.at, at):
            done.rejected[one.place] = why
        else:
            by_series[one.system, one.metric, one.segment].append(one)
    make_room(([one.reading for one in group] for group in by_series.values()), at=at)
    with transaction.atomic():
        series = _series_of(by_series, done, by=by, at=at)
        lock_series(series.values())
        stored = store({pk: [one.reading for one in by_series[key]] for key, pk in series.items()}, at=at)
        _record_corrections([one for key in series for one in by_series[key]], stored.corrected, by)
    done.accepted = stored.changed
    done.duplicates, done.replaced, done.conflicts = stored.duplicates, stored.replaced, stored.conflicts
    if stored.changed:
        nudge("judge")
    return done


def _series_of(
    by_series: Mapping[tuple[str, str, str], list[Pushed]], done: Ingested, *, by, at: datetime
) -> dict[tuple[str, str, str], int]:
    """Return the id of each series that is there or may be made; of the others say why not."""
    seen = System.objects.visible_to(by).in_use().filter(slug__in={system for system, _, _ in by_series})
    systems = {system.slug: system for system in seen}
    metrics = _metrics_of(systems.values(), {key for _, key, _ in by_series})
    allowed = {slug: may(by, "system.edit", system) for slug, system in systems.items()}
    found = {}
    for place, group in by_series.items():
        slug, key, segment = place
        metric = metrics.get((slug, key))
        why = _why_not(metric, slug, key, allowed.get(slug, False))
        series = None if why or metric is None else _one_of(metric, segment, by=by, at=at)
        if isinstance(series, Series):
            found[place] = series.pk
        else:
            done.rejected |= {one.place: why or str(series) for one in group}
    return found


def _metrics_of(systems: Iterable[System], keys: Iterable[str]) -> dict[tuple[str, str], Metric]:
    """Return the metrics by the slug of their system and their key."""
    by_id = {system.pk: system for system in systems}
    found = {}
    for metric in Metric.objects.filter(system__in=by_id, key__in=keys).prefetch_related("series__source"):
        metric.system = by_id[metric.system_id]  # one for all: joined, each metric would get a copy
        found[metric.system.slug, metric.key] = metric
    return found


def _why_not(metric: Metric | None, slug: str, key: str, is_allowed: bool) -> str:
    if metric is None:
        return f"There is no metric {key} of a system {slug}."
    return "" if is_allowed else f"You may not push values of {slug}. Who may: {RULES['system.edit'].sentence}"


def _one_of(metric: Metric, segment: str, *, by, at: datetime) -> Series | str:
    """Return the series of this segment, made where there is none, or in a sentence why it takes no pushed values."""
    standing = {one.segment: one for one in metric.series.all() if not one.estimated}
    if pulled := next((one.source for one in standing.values() if one.source), None):
        return f"{metric.key} is pulled from the source {pulled.name}: nothing can be pushed beside it."
    if segment in standing:
        return standing[segment]
    if len(standing) >= settings.PULL_MAX_SERIES:
        return f"{metric.key} has {len(standing)} segments already, the most that there may be."
    began = {"state_since": at, "unjudged_from": at}
    series, is_new = metric.series.get_or_create(segment=segment, estimated=False, defaults=began)
    if is_new:
        monitors.watch(series, by=by, at=at)
        record(by=by, verb="added", kind="metric", object=metric.key, system=metric.system, after={"segment": segment})
    return series


def _record_corrections(kept: list[Pushed], corrected: int, by) -> None:
    """Leave on the trail, by metric, for which reasons final values were replaced."""
    reasons: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in kept if corrected else []:
        if one.reading.correction:
            reasons[one.system, one.metric].add(one.reading.correction)
    systems = {system.slug: system for system in System.objects.filter(slug__in={slug for slug, _ in reasons})}
    for (slug, key), said in reasons.items():
        after = {"reasons": sorted(said)[:10]}
        record(by=by, verb="corrected", kind="metric", object=key, system=systems[slug], after=after)
