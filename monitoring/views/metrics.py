"""A metric: its page, the table of what it shows, and what the interactive chart draws. The roof adds incidents."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import urlencode

import orjson
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from mlops_portal.engine.spreadsheet import csv_answer
from monitoring import charts
from monitoring.charts import Mark
from monitoring.drawing.bands import normals_of
from monitoring.drawing.series import chart_of, draw_series, names_of_versions
from monitoring.drawing.stretches import RANGES, Stretch, stretch_of
from monitoring.explaining.alerts import said_whole
from monitoring.explaining.beside import business_of
from monitoring.feedback import said_of
from monitoring.models import Alert, Metric, PointRevision, Series
from monitoring.models.alert import ask_once
from monitoring.promises.baselines import stale_baselines
from monitoring.store.windows import Window
from systems.access import RULES, may

ALERTS_SHOWN = 20
MOST_COMPARED = 5
REVISIONS_SHOWN = 20
MOST_DRAWN = 2
COLUMNS = ["at", "value", "min", "max", "samples", "points", "labels_still_arrive", "version", "segment"]
MarksOf = Callable[[Metric, datetime, datetime], Sequence[Mark]]


@dataclass
class Looked:
    """What an address of a metric's page asks for: a metric, one of its series, those beside it, a stretch of time."""

    metric: Metric
    all_series: list[Series]
    series: Series | None
    beside: list[Series]
    stretch: Stretch
    marks_of: MarksOf

    @cached_property
    def chart(self):
        begin, end = self.stretch.from_at, self.stretch.to_at
        marks = self.marks_of(self.metric, begin, end)
        return chart_of(self.series, from_at=begin, to_at=end, marks=marks, beside=self.beside)

    @property
    def rows(self) -> list[tuple[Series, Window]]:
        """What the chart shows, as rows: by series, oldest first."""
        return [(series, window) for series, windows in self.chart[1].items() for window in windows]


def looked(request, slug: str, key: str, marks_of: MarksOf, query=None) -> Looked:
    """Return what is asked for; `query` stands for the address's own where it is given.

    `?compare=` names a series to stand beside, as Series.called does; it may stand there up to five times. Raises
    Http404 for what the person may not see, and for a segment that is not there.
    """
    query = request.GET if query is None else query
    seen = Metric.objects.visible_to(request.user).select_related("system")
    metric = get_object_or_404(seen, system__slug=slug, key=key)
    rows = metric.series.with_state().select_related("metric__system", "source").order_by("segment", "estimated")
    segment = query.get("segment")
    if segment is None:
        series = rows.first()
    else:
        series = get_object_or_404(rows, segment=segment, estimated="estimated" in query)
    by_name = {one.called: one for one in rows if one != series}
    names = query.getlist("compare")[:MOST_COMPARED]
    if unknown := [name for name in names if name not in by_name and (series is None or name != series.called)]:
        raise Http404(unknown[0])
    beside = [by_name[name] for name in dict.fromkeys(names) if name in by_name]
    return Looked(metric, list(rows), series, beside, stretch_of(query, now=timezone.now()), marks_of)


def page(request, slug: str, key: str, *, marks_of: MarksOf):
    """Return the page of a metric; with ?format=csv the table of what it shows, as a file."""
    asked = looked(request, slug, key, marks_of)
    if asked.series is None:
        return render(request, "monitoring/metric.html", _common(request, asked))
    chart, shown, step_s = asked.chart
    if request.GET.get("format") == "csv":
        return csv_answer(f"{slug}-{key}.csv", COLUMNS, _cells(asked.rows), by=request.user)
    context = _common(request, asked) | {
        "drawing": charts.draw(chart),
        "figure": f"{request.path}figure/?{request.GET.urlencode()}",
        "business": _business(asked),
        "windows": shown[asked.series][::-1],
        "rows": asked.rows[::-1],
        "step_s": step_s,
        "beside": asked.beside,
        "replaced": _replaced(asked.series, asked.stretch),
        "this_view": _this_view(asked),
    }
    return render(request, "monitoring/metric.html", context)


def _business(asked: Looked) -> list[dict]:
    """Return the business metrics beside a quality metric, the first of them drawn over the same stretch."""
    if asked.metric.kind != Metric.Kind.QUALITY or asked.series is None:
        return []
    stretch = asked.stretch
    found = []
    for one in business_of(asked.series, at=timezone.now()):
        row = {"series": one.series, "sentence": one.sentence}
        if len(found) < MOST_DRAWN:
            row["drawing"] = draw_series(one.series, from_at=stretch.from_at, to_at=stretch.to_at)
        found.append(row)
    return found


def _cells(rows):
    versions = names_of_versions([row for _, row in rows])
    for series, row in rows:
        at = row.at.isoformat().replace("+00:00", "Z")
        facts = [at, row.mean, row.min, row.max, row.samples or "", row.points, "yes" if row.is_provisional else "no"]
        yield [*facts, versions.get(row.version, ""), series.segment]


def _this_view(asked: Looked) -> str:
    """Return the query string that shows the very same stretch of time for ever, not the last days of then."""
    stretch = {"from": asked.stretch.from_at.isoformat(), "to": asked.stretch.to_at.isoformat()}
    return urlencode(asked.series.query | stretch | {"compare": [one.called for one in asked.beside]}, doseq=True)


def _replaced(series: Series, stretch: Stretch) -> list[PointRevision]:
    """Return the newest values of this stretch of time that gave way to others."""
    gave_way = series.revisions.filter(at__gte=stretch.from_at, at__lt=stretch.to_at)
    return list(gave_way.order_by("-replaced_at")[:REVISIONS_SHOWN])


def _common(request, asked: Looked) -> dict:
    system = asked.metric.system
    alerts = Alert.objects.filter(monitor__series__metric=asked.metric).select_related(
        "monitor__series__metric", "said_by"
    )
    alerts = list(alerts[:ALERTS_SHOWN])
    ask_once(alerts)
    watched = list(asked.series.monitors.all()) if asked.series else []
    said, now = said_of(watched), timezone.now()
    return {
        "system": system,
        "metric": asked.metric,
        "series": asked.series,
        "all_series": asked.all_series,
        "sentence": said_whole(asked.series, alerts) if asked.series else "",
        "normal": normals_of([asked.series]).get(asked.series.pk) if asked.series else None,
        "stale": stale_baselines([system.pk]).get(asked.series.pk) if asked.series else None,
        "baseline": asked.series.baselines.first() if asked.series else None,
        "watched": [(one, said[one.pk]) for one in watched],
        "now": now,
        "maintenance": system.maintenance.at(now).first(),
        "stretch": asked.stretch,
        "ranges": [(name, words) for name, (_, words) in RANGES.items()],
        "alerts": alerts,
        "may_act": may(request.user, "alert.act", system),
        "who_may": RULES["alert.act"].sentence,
        "may_edit": system.retired_at is None and may(request.user, "system.edit", system),
    }


def figure(request, slug: str, key: str, *, marks_of: MarksOf):
    """Return what the interactive chart draws, over the very edges of the first view."""
    asked = looked(request, slug, key, marks_of)
    shown = charts.figure_of(asked.chart[0]) if asked.series else {}
    return HttpResponse(orjson.dumps(shown), content_type="application/json")
