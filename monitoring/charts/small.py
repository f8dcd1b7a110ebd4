"""A chart the size of a card, one of many beside each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from monitoring.charts.paths import Spot, line_path

WIDTH, HEIGHT, MARGIN = 300, 80, 4


@dataclass(frozen=True)
class SmallChart:
    """What is drawn between two times and two values; neighbours further apart than `gap_s` are not joined."""

    label: str
    points: Sequence[tuple[datetime, float]]
    times: tuple[datetime, datetime]
    values: tuple[float, float]
    gap_s: float | None = None
    baseline: float | None = None
    limits: Sequence[float] = ()


def draw_small(chart: SmallChart) -> str:
    """Return an inline SVG; nothing to draw is said in words."""
    if not chart.points:
        return '<p class="small-chart-empty">No data in this range</p>'
    parts = [_level("small-chart-limit", value, chart) for value in chart.limits]
    parts += [_level("small-chart-baseline", chart.baseline, chart)] if chart.baseline is not None else []
    spots = _spots(chart)
    parts.append(f'<path class="small-chart-line" d="{line_path(spots)}"/>')
    parts.append(f'<path class="small-chart-last" d="{line_path(spots[-1:])}"/>')
    return (
        f'<svg class="small-chart" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img"'
        f' aria-label="{escape(chart.label)}">{"".join(parts)}</svg>'
    )


def _spots(chart: SmallChart) -> list[Spot | None]:
    start, end = chart.times
    span, before = end - start, None
    spots: list[Spot | None] = []
    for at, value in chart.points:
        if before and chart.gap_s and (at - before).total_seconds() > chart.gap_s:
            spots.append(None)
        spots.append((MARGIN + (WIDTH - 2 * MARGIN) * ((at - start) / span), _y(value, chart)))
        before = at
    return spots


def _level(name: str, value: float, chart: SmallChart) -> str:
    return f'<path class="{name}" d="M0 {_y(value, chart):.1f}H{WIDTH}"/>'


def _y(value: float, chart: SmallChart) -> float:
    low, high = chart.values
    return MARGIN + (HEIGHT - 2 * MARGIN) * ((high - value) / (high - low))
