"""A metric: its page, the table of what it shows, and what the interactive chart draws. The roof adds incidents."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import orjson
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from mlops_portal.engine.spreadsheet import csv_answer
from monitoring import charts
from monitoring.charts import Mark
from monitoring.drawing import chart_of
from monitoring.models import Alert, Metric, Series
from monitoring.ranges import RANGES, Stretch, stretch_of
from systems.access import may

ALERTS_SHOWN = 20
COLUMNS = ["at", "value", "min", "max", "samples", "points", "labels_still_arrive"]
MarksOf = Callable[[Metric, datetime, datetime], Sequence[Mark]]


@dataclass
class Looked:
    """What an address of a metric's page asks for: the metric, one of its series, and a stretch of time."""

    metric: Metric
    all_series: list[Series]
    series: Series | None
    stretch: Stretch
    marks_of: MarksOf

    @cached_property
    def chart(self):
        begin, end = self.stretch.from_at, self.stretch.to_at
        marks = self.marks_of(self.metric, begin, end)
        return chart_of(self.series, from_at=begin, to_at=end, marks=marks)


def looked(request, slug: str, key: str, marks_of: MarksOf) -> Looked:
    """Return what is asked for. Raises Http404 for what the person may not see, and for a segment that is not there."""
    seen = Metric.objects.visible_to(request.user).select_related("system")
    metric = get_object_or_404(seen, system__slug=slug, key=key)
    rows = metric.series.with_state().select_related("metric__system", "source").order_by("segment", "estimated")
    segment = request.GET.get("segment")
    if segment is None:
        series = rows.first()
    else:
        series = get_object_or_404(rows, segment=segment, estimated="estimated" in request.GET)
    return Looked(metric, list(rows), series, stretch_of(request.GET, now=timezone.now()), marks_of)


def page(request, slug: str, key: str, *, marks_of: MarksOf):
    """Return the page of a metric; with ?format=csv the table of what it shows, as a file."""
    asked = looked(request, slug, key, marks_of)
    if asked.series is None:
        return render(request, "monitoring/metric.html", _common(request, asked))
    chart, windows, step_s = asked.chart
    if request.GET.get("format") == "csv":
        return csv_answer(f"{slug}-{key}.csv", COLUMNS, _rows(windows), by=request.user)
    context = _common(request, asked) | {
        "drawing": charts.draw(chart),
        "figure": f"{request.path}figure/?{request.GET.urlencode()}",
        "windows": windows[::-1],
        "step_s": step_s,
    }
    return render(request, "monitoring/metric.html", context)


def _rows(windows):
    for row in windows:
        at = row.at.isoformat().replace("+00:00", "Z")
        yield [at, row.mean, row.min, row.max, row.samples or "", row.points, "yes" if row.is_provisional else "no"]


def _common(request, asked: Looked) -> dict:
    system = asked.metric.system
    alerts = Alert.objects.filter(monitor__series__metric=asked.metric).select_related(
        "monitor__series__metric", "said_by"
    )
    return {
        "system": system,
        "metric": asked.metric,
        "series": asked.series,
        "all_series": asked.all_series,
        "baseline": asked.series.baselines.first() if asked.series else None,
        "monitors": asked.series.monitors.all() if asked.series else [],
        "stretch": asked.stretch,
        "ranges": [(name, words) for name, (_, words) in RANGES.items()],
        "alerts": alerts[:ALERTS_SHOWN],
        "may_act": may(request.user, "alert.act", system),
        "may_edit": system.retired_at is None and may(request.user, "system.edit", system),
    }


def figure(request, slug: str, key: str, *, marks_of: MarksOf):
    """Return what the interactive chart draws, over the very edges of the first view."""
    asked = looked(request, slug, key, marks_of)
    shown = charts.figure_of(asked.chart[0]) if asked.series else {}
    return HttpResponse(orjson.dumps(shown), content_type="application/json")
