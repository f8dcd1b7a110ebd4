"""Judging what came: points become states, alerts and conditions.

A series that has something new stands with `unjudged_from`. Whoever locks its row judges it, and writes all that
follows from it in the same transaction: a second worker passes it over, and a killed one leaves it as it was.
"""

from collections.abc import Sequence
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from mlops_portal.engine.duties import nudge
from monitoring.actions.raising import judge_schemas, write_alerts
from monitoring.actions.writing import write_states
from monitoring.conditions import report_systems
from monitoring.detection.healthy import values_of
from monitoring.detection.keeping import kept
from monitoring.judging.cases import TICK, Case, read_cases
from monitoring.judging.replaying import baseline_at
from monitoring.judging.states import Judged, judge_case
from monitoring.models import Baseline, Monitor, Series, Snapshot
from systems.models import System

log = structlog.get_logger(__name__)

BATCH = 50
THIN_EVERY = 4  # points after which states that are kept no longer are deleted


def judge_due(*, at: datetime, limit: int = 200) -> int:
    """Judge up to `limit` series that have something new and return how many were; nudges "respond" about alerts.

    What cannot be judged is said in the log, stays due, and keeps no other from its turn.
    """
    done = 0
    broken: set[int] = set()
    while done < limit:
        ids = _due(BATCH, broken)
        if not ids:
            break
        judged = _tried(ids, at)
        if judged is None:
            alone = {pk: _tried([pk], at) if len(ids) > 1 else None for pk in ids}
            broken |= {pk for pk, count in alone.items() if count is None}
            judged = sum(filter(None, alone.values()))
        elif judged == 0:
            break  # another worker has them
        done += judged
    return done


def wake_overdue(*, at: datetime) -> int:
    """Let series that are pushed, and whose time is over, be judged for silence; return how many there were."""
    over = Series.objects.filter(source=None, unjudged_from=None, good_until__lt=at)
    return over.filter(metric__system__retired_at=None).update(unjudged_from=at)


def _due(limit: int, broken: set[int]) -> list[int]:
    due = Series.objects.unjudged().exclude(pk__in=broken).order_by("unjudged_from", "pk")
    return list(due.values_list("pk", flat=True)[:limit])


def _tried(ids: Sequence[int], at: datetime) -> int | None:
    try:
        return judge_series(ids, at=at)
    except Exception:
        log.exception("series not judged", series=list(ids)[:5])
        return None


@transaction.atomic
def judge_series(ids: Sequence[int], *, at: datetime) -> int:
    """Judge those of the series that have something new and that nobody else is judging; return how many."""
    series = Series.objects.unjudged().filter(pk__in=ids).select_related("metric__system", "source").order_by("pk")
    cases = read_cases(list(series.select_for_update(of=("self",), skip_locked=True, no_key=True)))
    if not cases:
        return 0
    for case in cases:
        case.replay()
    judged = [(case, judge_case(case, at) if case.is_whole else None) for case in cases]
    _keep_states(cases)
    _note_learned(cases, at)
    whole = [(case, found) for case, found in judged if found is not None]
    moved = write_alerts(whole, at) + judge_schemas({case.series.source_id for case, _ in whole}, at)
    turned = _write_states(judged, at)
    report_systems(sorted({case.series.metric.system_id for case, _ in whole}), at=at)
    if moved:
        nudge("respond")
    if moved or turned:
        System.objects.filter(pk__in={case.series.metric.system_id for case in cases}).update(checks_due_at=Now())
        nudge("check")
    if len(whole) < len(cases):
        nudge("judge")
    return len(cases)


def _write_states(judged: list[tuple[Case, Judged | None]], at: datetime) -> int:
    """Write the states; return how many series turned to another."""
    turned = 0
    for case, found in judged:
        series = case.series
        if found is None:
            series.unjudged_from = case.samples[-1].at + TICK
            continue
        if series.state != found.state:
            series.state, series.state_since = found.state, at
            turned += 1
        series.sentence, series.good_until, series.unjudged_from = found.sentence, found.good_until, None
    write_states([case.series for case, _ in judged])
    whole = [monitor.pk for case, found in judged if found and found.is_fresh for monitor in case.monitors]
    Monitor.objects.filter(pk__in=whole).update(evaluated_at=at)
    return turned


def _keep_states(cases: list[Case]) -> None:
    """Put the states after these points in the place of those that they make untrue; keep a bounded number."""
    rows, untrue, grown = [], Q(), []
    for case in cases:
        for pk, replayed in case.replayed.items():
            if not replayed.keep:
                continue
            rows += [Snapshot(monitor_id=pk, at=when, state=state) for when, state in replayed.keep.items()]
            untrue |= Q(monitor=pk, at__gt=case.states[pk][0]) if pk in case.states else Q(monitor=pk)
            if len(replayed.keep) > 1 or replayed.state["rule"]["seen"] % THIN_EVERY == 0:
                grown.append(pk)
    if not rows:
        return
    Snapshot.objects.filter(untrue).delete()
    Snapshot.objects.bulk_create(rows)
    _thin_out(grown)


def _thin_out(monitors: list[int]) -> None:
    counts: dict[int, list[tuple[int, int]]] = {}
    stored = Snapshot.objects.filter(monitor__in=monitors).order_by()
    for monitor, pk, seen in stored.values_list("monitor", "pk", "state__rule__seen"):
        counts.setdefault(monitor, []).append((seen, pk))
    chosen = {monitor: kept(max(rows)[0]) for monitor, rows in counts.items()}
    idle = [pk for monitor, rows in counts.items() for seen, pk in rows if seen not in chosen[monitor]]
    Snapshot.objects.filter(pk__in=idle).delete()


def _note_learned(cases: list[Case], at: datetime) -> None:
    """Write down, as a baseline that nobody typed, what a detector has learned to be normal."""
    new, changed = [], []
    for case in cases:
        healthy = case.change and case.replayed[case.change.pk].state["rule"]["healthy"]
        if not healthy or not healthy["count"] or baseline_at(case.baselines, at):
            continue
        value, spread = values_of(healthy, case.series.metric.scale)
        row = next((one for one in case.baselines if one.origin == Baseline.Origin.LEARNED and one.by_id is None), None)
        reason = f"Learned from {healthy['count']} points of a quiet stretch."
        if row is None:
            first = case.samples[0].at if case.samples else at
            origin = Baseline.Origin.LEARNED
            new.append(
                Baseline(series=case.series, value=value, spread=spread, from_at=first, origin=origin, reason=reason)
            )
        elif (row.value, row.spread) != (value, spread):
            row.value, row.spread, row.reason = value, spread, reason
            changed.append(row)
    Baseline.objects.bulk_create(new)
    Baseline.objects.bulk_update(changed, ["value", "spread", "reason"])
