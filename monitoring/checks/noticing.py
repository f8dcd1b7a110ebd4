"""Checks of noticing itself: is what quality is held against still right, does anything look, are its alerts right?"""

from collections import defaultdict
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.utils import timezone

from monitoring.checks.watching import FAIL, NOT_APPLICABLE, PASS, UNKNOWN, metric_page, of_quality
from monitoring.models import Alert, Metric, Monitor, Series
from monitoring.predictions.windows import LENGTHS
from monitoring.promises.baselines import stale_baselines
from systems.checking import check
from systems.models import Role, System

FARTHEST_SNOOZE, LONGEST_SNOOZE = timedelta(days=14), timedelta(days=30)
LABELS_WAIT_WINDOWS = 4  # of a log's windows, beyond the time that its labels take
LOOKED_BACK = timedelta(days=180)
ENOUGH_SAID, MOST_FALSE = 3, 0.5
ENOUGH_UNSAID = 5
VALUES = (Monitor.Kind.CHANGE, Monitor.Kind.LIMIT)


@check(key="baseline_fresh", topic="quality", title="The baseline is of the live version", for_role=Role.MODEL_OWNER)
def baseline_fresh(systems):
    """Fail while a quality metric is held against a baseline from before the version that runs now."""
    stale = stale_baselines(systems)

    def judge(system: System, series: list[Series]) -> tuple[str, str, str]:
        if not series:
            return NOT_APPLICABLE, "No quality metric is watched.", system.get_absolute_url()
        for one in series:
            if one.pk in stale:
                version, since = stale[one.pk]
                why = f"The baseline of {one} is older than version {version}, which runs since {since:%-d %B}."
                return FAIL, why, f"{metric_page(system, one)}#expected"
        if not any(one.has_baseline for one in series):
            return NOT_APPLICABLE, "There is no baseline yet.", metric_page(system, series[0])
        return PASS, "No baseline is older than the version that runs.", metric_page(system, series[0])

    yield from of_quality(systems, judge)


@check(key="monitors_awake", topic="quality", title="No monitor is snoozed for ever", for_role=Role.MODEL_OWNER)
def monitors_awake(systems):
    """Fail while what looks at a quality metric is snoozed for very long, or again and again without a break."""
    now = timezone.now()
    asleep: dict[int, Monitor] = {}
    sleeping = Monitor.objects.filter(series__metric__system__in=systems, kind__in=VALUES, snoozed_until__gt=now)
    for monitor in sleeping.filter(series__metric__kind=Metric.Kind.QUALITY).select_related("series__metric"):
        long = monitor.snoozed_until > now + FARTHEST_SNOOZE
        if long or (monitor.snoozed_since and monitor.snoozed_since < now - LONGEST_SNOOZE):
            asleep.setdefault(monitor.series.metric.system_id, monitor)

    def judge(system: System, series: list[Series]) -> tuple[str, str, str]:
        if not series:
            return NOT_APPLICABLE, "No quality metric is watched.", system.get_absolute_url()
        monitor = asleep.get(system.pk)
        if monitor is None:
            return PASS, "Every monitor of quality is awake, or soon again.", metric_page(system, series[0])
        since = f", and has been since {monitor.snoozed_since:%-d %B}" if monitor.snoozed_since else ""
        why = f"{monitor} is snoozed until {monitor.snoozed_until:%-d %B}{since}: its alerts open no incident."
        return FAIL, why, f"{metric_page(system, monitor.series)}#monitors"

    yield from of_quality(systems, judge)


@check(key="labels_arrive", topic="quality", title="Labels arrive", for_role=Role.DATA_OWNER)
def labels_arrive(systems):
    """Fail where a prediction log is read and no quality has come of it for longer than its labels take."""
    now = timezone.now()
    late: dict[int, tuple[Series, datetime]] = {}
    logged: set[int] = set()
    for series in _from_logs(systems):
        logged.add(series.metric.system_id)
        since = series.last_at or series.source.made_at
        if not series.source.failing_since and now > since + _wait(series.source.settings):
            late.setdefault(series.metric.system_id, (series, since))

    def judge(system: System, series: list[Series]) -> tuple[str, str, str]:
        if system.pk not in logged:
            return NOT_APPLICABLE, "No prediction log is read.", system.get_absolute_url()
        if system.pk in late:
            which, since = late[system.pk]
            why = f"No label has come for predictions after {since:%-d %B %Y}: {which} cannot be computed since."
            return FAIL, why, which.source.get_absolute_url()
        return PASS, "Labels arrive as late as expected, and no later.", metric_page(system, series[0])

    yield from of_quality(systems, judge)


def _from_logs(systems):
    """Return the wholes of quality metrics that prediction logs bring."""
    quality = Series.objects.whole().filter(metric__system__in=systems, metric__kind=Metric.Kind.QUALITY)
    return quality.filter(source__kind="prediction_log", source__enabled=True).select_related("metric", "source")


def _wait(settings: dict) -> timedelta:
    """Return how long after a window's beginning its quality is to be there."""
    window = LENGTHS.get(settings.get("window", "day"), LENGTHS["day"])
    return timedelta(seconds=settings.get("label_delay_s") or 0) + LABELS_WAIT_WINDOWS * window


@check(key="false_alarms", topic="quality", title="Its alerts are mostly right", for_role=Role.MODEL_OWNER)
def false_alarms(systems):
    """Fail where most alerts about quality that people judged in half a year were false; unknown where nobody does."""
    alerts = Alert.objects.filter(
        monitor__series__metric__system__in=systems,
        monitor__series__metric__kind=Metric.Kind.QUALITY,
        monitor__kind__in=VALUES,
        opened_at__gte=timezone.now() - LOOKED_BACK,
    )
    rows = alerts.order_by().values("monitor__series__metric__system", "monitor__series")
    counted: dict[int, list[dict]] = defaultdict(list)
    for row in rows.annotate(
        false=Count("pk", filter=Q(real=False)), said=Count("pk", filter=Q(real__isnull=False)), count=Count("pk")
    ):
        counted[row["monitor__series__metric__system"]].append(row)

    def judge(system: System, series: list[Series]) -> tuple[str, str, str]:
        own = counted[system.pk]
        said, false, count = (sum(row[name] for row in own) for name in ("said", "false", "count"))
        if not series or not count:
            return NOT_APPLICABLE, "There was no alert about quality.", system.get_absolute_url()
        worst = max(own, key=lambda row: (row["false"], row["count"]))["monitor__series"]
        url = f"{metric_page(system, next((one for one in series if one.pk == worst), series[0]))}#monitors"
        if said >= ENOUGH_SAID and false > MOST_FALSE * said:
            return FAIL, f"{false} of {said} alerts about quality in half a year were called false alarms.", url
        if not said and count >= ENOUGH_UNSAID:
            return UNKNOWN, f"Of {count} alerts about quality nobody has said whether they were real.", url
        return PASS, f"{false} of {said} alerts that somebody judged were false alarms.", url

    yield from of_quality(systems, judge)
