"""The condition that monitoring reports of each system."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef

from mlops_portal.engine.health import read_duties, wrong_clocks
from monitoring.models import Blindness, Metric, Series, State
from systems.actions.status import Report, report_condition, report_conditions
from systems.models import Condition, Level, System

WHO = "monitoring"
PORTAL = "portal"
AT_ONCE = 500
UNMONITORED = "No quality metric of this system is watched."


def judge_portal(*, at: datetime, good_until: datetime) -> int:
    """Report how the portal itself does, from its duties; return how many conditions were written (0 or 1)."""
    system = System.objects.filter(slug=PORTAL).first()
    if system is None:
        return 0
    duties = read_duties()
    late = [duty.name for duty in duties if duty.late and duty.name != "judge"]
    blind, clocks = Blindness.objects.now().first(), wrong_clocks(duties)
    level = Level.FAILING if late or blind else Level.DEGRADED if clocks else Level.HEALTHY
    said = [f"Late: {', '.join(late)}." if late else "", blind.sentence if blind else "", clocks]
    sentence = " ".join(filter(None, said))[:300] or "Every duty is done on time."
    report_condition(system=system, who=WHO, level=level, sentence=sentence, good_until=good_until, at=at)
    return 1


def judge_changed(*, at: datetime) -> int:
    """Report of each system whose quality has come to be watched, or is so no more; return how many those were."""
    metrics = Metric.objects.quality().filter(system=OuterRef("pk"), series__monitors__isnull=False)
    told = Condition.objects.filter(system=OuterRef("pk"), who=WHO)
    said = told.filter(level=Level.UNMONITORED)
    systems = System.objects.in_use().exclude(slug=PORTAL)
    is_right = Exists(metrics) & Exists(told) & ~Exists(said) | ~Exists(metrics) & Exists(said)
    return report_systems(systems.exclude(is_right).values_list("pk", flat=True)[:AT_ONCE], at=at)


def report_systems(system_ids: Iterable[int], *, at: datetime) -> int:
    """Report of each system what its quality metrics say; return how many were reported of.

    The whole of each quality metric speaks, its segments only where there is no whole. The worst state prevails.
    """
    systems = System.objects.filter(pk__in=list(system_ids), retired_at=None).exclude(slug=PORTAL).order_by("pk")
    locked = list(systems.select_for_update(of=("self",), no_key=True))  # others who judge it now wait, then see ours
    speaking = _speaking(locked)
    reports = [Report(system, *_condition(speaking.get(system.pk, []))) for system in locked]
    report_conditions(reports, who=WHO, at=at)
    return len(reports)


def _speaking(systems: list[System]) -> dict[int, list[Series]]:
    """Return by system the series that give it its state; what nothing watches says nothing."""
    quality = Series.objects.with_state().filter(metric__system__in=systems, metric__kind=Metric.Kind.QUALITY)
    found: dict[int, list[Series]] = {}
    whole = set()
    for series in (
        quality.filter(is_watched=True)
        .select_related("metric")
        .order_by("estimated", "segment", "-metric__leading", "pk")
    ):
        is_whole = not series.segment and not series.estimated
        if is_whole:
            whole.add(series.metric_id)
        if is_whole or series.metric_id not in whole:
            found.setdefault(series.metric.system_id, []).append(series)
    return found


def _condition(speaking: list[Series]) -> tuple[Level, str, datetime | None]:
    """Return (level, sentence, good until). What an open alert says lasts until the alert is over."""
    if not speaking:
        return Level.UNMONITORED, UNMONITORED, None
    ranks = Level.worst_first()
    worst = min(speaking, key=lambda one: (ranks.index(State(one.state).level), not one.metric.leading, one.pk))
    level = State(worst.state).level
    if level in (Level.FAILING, Level.DEGRADED):
        return level, worst.sentence, None
    times = [one.good_until for one in speaking if one.good_until and State(one.state).level == level]
    others = len(speaking) - 1
    more = "" if level != Level.HEALTHY or not others else _all_hold(len(speaking))
    return level, f"{worst.sentence}{more}"[:300], min(times, default=None)


def _all_hold(count: int) -> str:
    return f" All {count} quality metrics hold." if count > 2 else " Both quality metrics hold."
