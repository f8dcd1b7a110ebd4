"""Charts as SVG text: plain Python, no Django, so that a first view is there before any script."""

from monitoring.charts.figure import figure_of
from monitoring.charts.line import Drawing, Era, Limit, Line, LineChart, Mark, Span, draw
from monitoring.charts.scales import value_range
from monitoring.charts.small import SmallChart, draw_small
from monitoring.charts.sparkline import sparkline

__all__ = [
    "Drawing",
    "Era",
    "Limit",
    "Line",
    "LineChart",
    "Mark",
    "SmallChart",
    "Span",
    "draw",
    "draw_small",
    "figure_of",
    "sparkline",
    "value_range",
]
