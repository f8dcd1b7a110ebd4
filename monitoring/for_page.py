"""What a system's page shows of monitoring."""

from datetime import timedelta
from itertools import pairwise

from django.utils import timezone

from monitoring.drawing.multiples import MOST, draw_many, worst_first
from monitoring.drawing.series import draw_series, limits_in, lines_of
from monitoring.explaining.alerts import said_whole
from monitoring.explaining.beside import business_of
from monitoring.models import Alert, Metric, SchemaSeen, Series, Source
from monitoring.models.alert import ask_once
from monitoring.promises.ranges import ranges_now
from systems.models import System

CHART_DAYS = 90
CHANGES_SHOWN = 5
ALERT_SHOWN = ["sentence", "explanation", "severity", "opened_at", "cleared_at", "asks"]


def for_page(system: System, *, may_edit: bool) -> dict:
    """Return what the fragments of monitoring on its page take as `monitoring`."""
    rows = series_of(system)
    leading = next((row for row in rows if row.metric.leading), None)
    alerts = _open_alerts(system, rows)
    by_kind = {kind: [row for row in rows if row.metric.kind == kind] for kind in Metric.Kind.values}
    sources = list(system.sources.order_by("name"))
    compared, others = _compared(by_kind[Metric.Kind.QUALITY], leading)
    return {
        "sources": sources,
        "failing_sources": sum(1 for source in sources if source.enabled and source.failing_since),
        "metrics_by_kind": by_kind,
        "compared": compared,
        "others": [*others, *by_kind[Metric.Kind.SERVICE], *by_kind[Metric.Kind.BUSINESS]],
        "leading": _leading(leading, by_kind[Metric.Kind.BUSINESS], alerts),
        "alerts": alerts,
        "normal": ranges_now([system]),
        "maintenance": system.maintenance.at(timezone.now()).first(),
        "service_only": bool(rows) and not by_kind[Metric.Kind.QUALITY],
        "format_changes": _format_changes(sources),
        "may_edit": may_edit,
    }


def _compared(quality: list[Series], leading: Series | None) -> tuple[list[Series], list[Series]]:
    """Return the quality series that are drawn beside each other, the worst first, and those that are too many."""
    rows = worst_first(row for row in quality if row is not leading)
    shown, rest = rows[:MOST], rows[MOST:]
    now = timezone.now()
    if shown:
        draw_many(shown, from_at=now - timedelta(days=CHART_DAYS), to_at=now)
    return shown, rest


def _open_alerts(system: System, rows: list[Series]) -> list[Alert]:
    """Return the open alerts, each with as much as its line says; `rows` are the series of the system."""
    by_key = {row.pk: row for row in rows}
    found = Alert.objects.open().of_systems([system]).select_related("monitor")
    alerts = list(found.only(*ALERT_SHOWN, "monitor__series"))
    ask_once(alerts)
    for alert in alerts:
        alert.monitor.series = by_key.get(alert.monitor.series_id)
    return alerts


def series_of(system: System) -> list[Series]:
    """Return the series of the system, the leading first; each with_state(), `line` and `limits`."""
    found = Series.objects.filter(metric__system=system).with_state().prefetch_related("monitors")
    found = found.select_related("metric")
    rows = list(found.order_by("-metric__leading", "metric__kind", "metric__key", "segment"))
    lines = lines_of(rows)
    for row in rows:
        row.metric.system = system
        row.line, row.limits = lines[row.pk], limits_in(row.monitors.all())
    return rows


def _leading(series: Series | None, business: list[Series], alerts: list[Alert]) -> dict | None:
    if series is None:
        return None
    now = timezone.now()
    drawing = draw_series(series, from_at=now - timedelta(days=CHART_DAYS), to_at=now)
    wholes = [one for one in business if not one.segment and not one.estimated]
    said = [one.sentence for one in business_of(series, at=now, others=wholes)]
    sentence = said_whole(series, alerts)
    return {"metric": series.metric, "series": series, "sentence": sentence, "drawing": drawing, "business": said}


def _format_changes(sources: list[Source]) -> list[SchemaSeen]:
    """Return what changed of the columns that sources deliver, newest first, each with `gone` and `come`."""
    changes = []
    for source in sources:
        seen = list(source.schemas_seen.all()[: CHANGES_SHOWN + 1])
        for after, before in pairwise(seen):
            after.gone = [name for name in before.columns if name not in after.columns]
            after.come = [name for name in after.columns if name not in before.columns]
            changes.append(after)
    return sorted(changes, key=lambda one: one.at, reverse=True)[:CHANGES_SHOWN]
