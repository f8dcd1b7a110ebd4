"""A line the size of a word."""

import math
from collections.abc import Sequence
from html import escape
from typing import TypeGuard

from monitoring.charts.paths import Spot, line_path

WIDTH, HEIGHT, MARGIN = 100, 24, 3


def sparkline(values: Sequence[float | None], label: str) -> str:
    """Return an inline SVG of the values, oldest first; None or NaN is drawn as a gap, nothing at all as words."""
    known = [value for value in values if _is_number(value)]
    if not known:
        return '<span class="sparkline-empty">no data</span>'
    spots = _spots(values, min(known), max(known))
    last = next(spot for spot in reversed(spots) if spot)
    return (
        f'<svg class="sparkline" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img"'
        f' aria-label="{escape(label)}"><path class="sparkline-line" d="{line_path(spots)}"/>'
        f'<path class="sparkline-last" d="{line_path([last])}"/></svg>'
    )


def _is_number(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def _spots(values: Sequence[float | None], low: float, high: float) -> list[Spot | None]:
    step = (WIDTH - 2 * MARGIN) / max(len(values) - 1, 1)
    tall = HEIGHT - 2 * MARGIN
    share = [None if not _is_number(v) else (v - low) / (high - low) if high > low else 0.5 for v in values]
    return [None if s is None else (MARGIN + i * step, MARGIN + tall * (1 - s)) for i, s in enumerate(share)]
