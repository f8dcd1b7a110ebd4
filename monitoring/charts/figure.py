"""The interactive chart that takes over from the drawing: the same edges and the same things, as Plotly's JSON.

A colour is written `@class:property`; the script asks the stylesheet for it, so that light and dark need no copy here.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from textwrap import wrap
from typing import Any

from monitoring.charts.line import READABLE, RIBBON, SIDE, Line, LineChart, Mark

LONGEST_LINE = 34
SIGNS = {"deployment": "triangle-down", "incident": "diamond"}


def figure_of(chart: LineChart) -> dict:
    """Return {data, layout} of the chart. Its edges are those of the drawing, its hover says value and time."""
    others = [_other(chart, line, number) for number, line in enumerate(chart.others, start=1)]
    data = [*_band(chart), *others, _series(chart), *_open(chart), *_marks(chart)]
    return {"data": data, "layout": _layout(chart)}


def broken(text: str) -> str:
    """Return the text as `plain` does, in lines short enough for what hovers over a small screen."""
    return "<br>".join(plain(line) for line in wrap(text, LONGEST_LINE))


def plain(text: str) -> str:
    """Return the text so that the script shows it letter by letter: it reads tags, entities and %{…} in texts (S23)."""
    return escape(text, quote=False).replace("%{", "%&#123;")


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]


def _with_gaps(chart: LineChart, line: LineChart | Line) -> Iterator[tuple[datetime, float | None, str]]:
    """Return (time, value, note) of one of its lines, with an empty row wherever it must break."""
    before = None
    for at, value in chart.shown_of(line):
        if before and line.gap_s and (at - before).total_seconds() > line.gap_s:
            yield before + (at - before) / 2, None, ""
        yield at, value, chart.note_at(at) if line is chart else ""
        before = at


def _series(chart: LineChart) -> dict:
    rows = list(_with_gaps(chart, chart))
    return {
        "type": "scatter",
        "mode": "lines" if len(rows) > 1 else "markers",
        "name": plain(chart.name or chart.unit) or "value",
        "x": [_time(at) for at, _, _ in rows],
        "y": [value for _, value, _ in rows],
        "text": [broken(note) for _, _, note in rows],
        "line": {"color": "@chart-series:stroke", "width": 2},
        "connectgaps": False,
        "hovertemplate": f"%{{y:.4~g}} {plain(chart.unit)}<br>%{{text}}<extra>{plain(chart.name)}</extra>",
    }


def _other(chart: LineChart, line: Line, number: int) -> dict:
    rows = list(_with_gaps(chart, line))
    return {
        "type": "scatter",
        "mode": "lines" if len(rows) > 1 else "markers",
        "name": plain(line.name),
        "x": [_time(at) for at, _, _ in rows],
        "y": [value for _, value, _ in rows],
        "line": {"color": f"@chart-other-{number}:stroke", "width": 1.5},
        "connectgaps": False,
        "hovertemplate": f"%{{y:.4~g}} {plain(chart.unit)}<extra>{plain(line.name)}</extra>",
    }


def _open(chart: LineChart) -> list[dict]:
    """Rings around the points that may still change."""
    rows = [(at, value) for at, value in chart.shown if at in chart.open_at]
    ring = {"symbol": "circle", "size": 7, "color": "@chart-hover:fill"}
    ring |= {"line": {"color": "@chart-series:stroke", "width": 2}}
    shown = {"type": "scatter", "mode": "markers", "marker": ring, "hoverinfo": "skip"}
    return [shown | {"x": [_time(at) for at, _ in rows], "y": [value for _, value in rows]}] if rows else []


def _band(chart: LineChart) -> list[dict]:
    rows = chart.band_shown()
    if not rows:
        return []
    edge: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines",
        "x": [_time(at) for at, _, _ in rows],
        "hoverinfo": "skip",
    }
    edge |= {"line": {"width": 0}}
    low = edge | {"y": [low for _, low, _ in rows]}
    high = edge | {"y": [high for _, _, high in rows], "fill": "tonexty", "fillcolor": "@chart-band:fill"}
    return [low, high]


def _marks(chart: LineChart) -> list[dict]:
    start, end = chart.time_range()
    marks = [mark for mark in chart.marks if start <= mark.at <= end]
    return [_mark_trace(kind, [m for m in marks if m.kind == kind], chart) for kind in SIGNS if _has(marks, kind)]


def _has(marks: list[Mark], kind: str) -> bool:
    return any(mark.kind == kind for mark in marks)


def _mark_trace(kind: str, marks: list[Mark], chart: LineChart) -> dict:
    top = chart.value_range()[1]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [_time(mark.at) for mark in marks],
        "y": [top] * len(marks),
        "text": [broken(mark.text) for mark in marks],
        "marker": {"symbol": SIGNS[kind], "size": 11, "color": f"@chart-sign-{kind}:fill"},
        "cliponaxis": False,
        "hovertemplate": "%{text}<extra></extra>",
    }


def _layout(chart: LineChart) -> dict:
    start, end = chart.time_range()
    axis = {"automargin": False, "zeroline": False, "showline": False, "ticks": ""}
    return {
        "xaxis": axis | {"type": "date", "range": [_time(start), _time(end)], "showgrid": False},
        "yaxis": axis | {"range": list(chart.value_range()), "gridcolor": "@chart-rule:stroke"},
        "shapes": [*_spans(chart), *_eras(chart), *_levels(chart), *_happened(chart)],
        "annotations": _era_names(chart),
        "showlegend": False,
        "hovermode": "x unified",
        "dragmode": "zoom",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": "@chart-y:fill", "size": 12},
    }


def _spans(chart: LineChart) -> list[dict]:
    fill = {"type": "rect", "yref": "paper", "y0": 0, "y1": 1, "line": {"width": 0}, "layer": "below"}
    start, end = chart.time_range()
    inside = [span for span in chart.spans if start <= span.to_at and span.from_at <= end]
    return [
        fill | {"x0": _time(max(s.from_at, start)), "x1": _time(min(s.to_at, end)), "fillcolor": "@chart-span:fill"}
        for s in inside
    ]


def _eras(chart: LineChart) -> list[dict]:
    strip = {"type": "rect", "yref": "paper", "y0": 0, "y1": RIBBON / SIDE, "line": {"width": 0}, "layer": "below"}
    return [
        strip | {"x0": _time(era.from_at), "x1": _time(era.to_at), "fillcolor": f"@chart-era-{n % 2}:fill"}
        for n, era in enumerate(chart.eras_shown())
    ]


def _era_names(chart: LineChart) -> list[dict]:
    start, end = chart.time_range()
    wide = [era for era in chart.eras_shown() if (era.to_at - era.from_at) / (end - start) * SIDE >= READABLE]
    place = {"yref": "paper", "y": RIBBON / 2 / SIDE, "yanchor": "middle", "showarrow": False}
    return [place | {"x": _time(era.from_at + (era.to_at - era.from_at) / 2), "text": plain(era.name)} for era in wide]


def _levels(chart: LineChart) -> list[dict]:
    levels = [(limit.value, "chart-limit", "dot") for limit in chart.limits]
    levels += [(chart.baseline, "chart-baseline", "dash")] if chart.baseline is not None else []
    return [
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": value, "y1": value, "layer": "between"}
        | {"line": {"color": f"@{name}:stroke", "width": 1.5, "dash": dash}}
        for value, name, dash in levels
    ]


def _happened(chart: LineChart) -> list[dict]:
    start, end = chart.time_range()
    return [
        {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": _time(mark.at), "x1": _time(mark.at)}
        | {"line": {"color": f"@chart-mark-{mark.kind}:stroke", "width": 1}, "layer": "below"}
        for mark in chart.marks
        if start <= mark.at <= end
    ]
