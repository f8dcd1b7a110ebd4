"""Charts as SVG text: plain Python, no Django, so that a first view is there before any script."""

from monitoring.charts.figure import figure_of
from monitoring.charts.line import Drawing, Limit, LineChart, Mark, Span, draw
from monitoring.charts.sparkline import sparkline

__all__ = ["Drawing", "Limit", "LineChart", "Mark", "Span", "draw", "figure_of", "sparkline"]
