"""The first view of a metric: a line with its band, limits, marks and gaps, as two SVGs in one box.

One SVG is stretched to the plot area (lines keep their width), the other places texts in percent, so nothing is
distorted at any width, and the interactive chart can take over the same plot area without a jump.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from html import escape

from monitoring.charts.paths import Spot, area_path, line_path
from monitoring.charts.scales import time_ticks, value_label, value_range, value_ticks

SIDE = 1000
RIBBON = 60  # of SIDE
READABLE = 90  # a stretch of the ribbon narrower than this has no room for its name


@dataclass(frozen=True)
class Limit:
    """A value that is not to be crossed, and what it is called."""

    value: float
    text: str


@dataclass(frozen=True)
class Mark:
    """Something that happened: `kind` is `deployment` or `incident`."""

    at: datetime
    kind: str
    text: str


@dataclass(frozen=True)
class Span:
    """A shaded stretch of time, with its sentence."""

    from_at: datetime
    to_at: datetime
    text: str


@dataclass(frozen=True)
class Line:
    """Another line in the same picture, to compare with: what it is called, its points and where they break."""

    name: str
    points: Sequence[tuple[datetime, float | None]]
    gap_s: float | None = None


@dataclass(frozen=True)
class Era:
    """A stretch of the ribbon under the picture, such as the time of a model version, and its name."""

    from_at: datetime
    to_at: datetime
    name: str


@dataclass(frozen=True)
class LineChart:
    """What is to be drawn. `label` is the sentence that says it all; points are (time, value), None for no value.

    Two neighbours further apart than `gap_s` seconds are not joined. `band` holds (time, low, high); `note_at` says
    more of the point of a time, for who points at it. `open_at` are times of points whose value may still change.
    """

    label: str
    points: Sequence[tuple[datetime, float | None]]
    gap_s: float | None = None
    band: Sequence[tuple[datetime, float, float]] = ()
    baseline: float | None = None
    limits: Sequence[Limit] = ()
    marks: Sequence[Mark] = ()
    spans: Sequence[Span] = ()
    from_at: datetime | None = None
    to_at: datetime | None = None
    unit: str = ""
    note_at: Callable[[datetime], str] = lambda at: ""
    name: str = ""
    others: Sequence[Line] = ()
    eras: Sequence[Era] = ()
    open_at: frozenset[datetime] = frozenset()

    def time_range(self) -> tuple[datetime, datetime]:
        """Return the times at the left and right edge; a single moment gets half an hour on both sides.

        Raises ValueError when there is neither a point nor a range.
        """
        start = self.from_at or min(at for at, _ in self.points)
        end = self.to_at or max(at for at, _ in self.points)
        return (start, end) if start < end else (start - timedelta(minutes=30), end + timedelta(minutes=30))

    @cached_property
    def shown(self) -> list[tuple[datetime, float | None]]:
        """The points inside the time range; what is not a finite number counts as no value."""
        return self.shown_of(self)

    def shown_of(self, line: "LineChart | Line") -> list[tuple[datetime, float | None]]:
        """Return the points of one of its lines inside the time range."""
        start, end = self.time_range()
        return [(at, _finite(value)) for at, value in line.points if start <= at <= end]

    def eras_shown(self) -> list[Era]:
        """Return the stretches of the ribbon, cut to the time range."""
        start, end = self.time_range()
        inside = [era for era in self.eras if start < era.to_at and era.from_at < end]
        return [Era(max(era.from_at, start), min(era.to_at, end), era.name) for era in inside]

    def value_range(self) -> tuple[float, float]:
        """Return the values at the lower and upper edge: of the points, the band, the baseline and the limits.

        Where versions are shown, there is room for their ribbon below all of them.
        """
        values = [
            value for line in (self.shown, *map(self.shown_of, self.others)) for _, value in line if value is not None
        ]
        values += [edge for _, low, high in self.band_shown() for edge in (low, high)]
        values += [limit.value for limit in self.limits]
        low, high = value_range([*values, *([self.baseline] if self.baseline is not None else [])])
        return (low - (high - low) * RIBBON / SIDE if self.eras_shown() else low), high

    def band_shown(self) -> list[tuple[datetime, float, float]]:
        start, end = self.time_range()
        return [row for row in self.band if start <= row[0] <= end]


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


@dataclass(frozen=True)
class Drawing:
    """A drawn chart: two SVGs for one box, and the edges that the interactive chart must keep."""

    label: str
    unit: str
    plot_svg: str
    text_svg: str
    is_empty: bool
    x_range: tuple[datetime, datetime] | None
    y_range: tuple[float, float] | None
    marks: Sequence[Mark] = field(default_factory=tuple)
    spans: Sequence[Span] = field(default_factory=tuple)
    limits: Sequence[Limit] = field(default_factory=tuple)
    baseline: float | None = None
    has_band: bool = False
    name: str = ""
    others: Sequence[str] = ()
    eras: Sequence[Era] = ()
    has_open: bool = False


def draw(chart: LineChart) -> Drawing:
    """Return the chart as SVG text, every text in it escaped; without points or a range, no axes are made up."""
    if not chart.points and not (chart.from_at and chart.to_at):
        return Drawing(chart.label, chart.unit, "", "", is_empty=True, x_range=None, y_range=None)
    return _Pen(chart).drawing()


class _Pen:
    """Turns times and values of one chart into places on a square of SIDE × SIDE."""

    def __init__(self, chart: LineChart):
        self.chart = chart
        self.start, self.end = chart.time_range()
        self.span = self.end - self.start
        self.low, self.high = chart.value_range()
        self.y_ticks = value_ticks(self.low, self.high)
        self.x_ticks = time_ticks(self.start, self.end)

    def x(self, at: datetime) -> float:
        return SIDE * min(max((at - self.start) / self.span, 0.0), 1.0)

    def y(self, value: float) -> float:
        return SIDE * (self.high - value) / (self.high - self.low)

    def drawing(self) -> Drawing:
        chart = self.chart
        return Drawing(
            label=chart.label,
            unit=chart.unit,
            plot_svg=self.plot(),
            text_svg=self.texts(),
            is_empty=all(value is None for _, value in chart.shown),
            x_range=(self.start, self.end),
            y_range=(self.low, self.high),
            marks=[mark for mark in chart.marks if self.start <= mark.at <= self.end],
            spans=[span for span in chart.spans if self.start <= span.to_at and span.from_at <= self.end],
            limits=chart.limits,
            baseline=chart.baseline,
            has_band=bool(chart.band),
            name=chart.name,
            others=[line.name for line in chart.others],
            eras=chart.eras_shown(),
            has_open=any(at in chart.open_at for at, _ in chart.shown),
        )

    def plot(self) -> str:
        parts = [*self.rules(), *self.bands(), *self.shaded(), *self.levels(), *self.happened(), *self.ribbon()]
        for number, line in enumerate(self.chart.others, start=1):
            spots = self.spots(self.chart.shown_of(line), line.gap_s)
            parts.append(_path(f"chart-other chart-other-{number}", line_path(spots)))
        parts.append(_path("chart-series", line_path(self.spots(self.chart.shown, self.chart.gap_s))))
        dots = "".join(f"M{self.x(at):.1f} {self.y(value):.1f}h.01" for at, value in self.open())
        parts += [_path("chart-open", dots), _path("chart-open-inside", dots)]
        return (
            f'<svg class="chart-stretched" viewBox="0 0 {SIDE} {SIDE}" preserveAspectRatio="none" role="img"'
            f' aria-label="{escape(self.chart.label)}">{"".join(parts)}</svg>'
        )

    def open(self) -> list[tuple[datetime, float]]:
        shown = [(at, value) for at, value in self.chart.shown if at in self.chart.open_at]
        return [(at, value) for at, value in shown if value is not None]

    def spots(self, shown: Sequence[tuple[datetime, float | None]], gap_s: float | None) -> list[Spot | None]:
        """Where the points of a line lie, a None wherever it must break."""
        spots: list[Spot | None] = []
        start, span, high, height = self.start, self.span, self.high, self.high - self.low
        apart, before = timedelta(seconds=gap_s) if gap_s else span, start
        for at, value in shown:
            if at - before > apart and spots:
                spots.append(None)
            spots.append(None if value is None else (SIDE * ((at - start) / span), SIDE * (high - value) / height))
            before = at
        return spots

    def rules(self) -> list[str]:
        return [_path("chart-rule", f"M0 {self.y(tick):.1f}H{SIDE}") for tick in self.y_ticks]

    def shaded(self) -> list[str]:
        edges = [(self.x(span.from_at), self.x(span.to_at)) for span in self.chart.spans]
        return [_path("chart-span", f"M{left:.1f} 0H{right:.1f}V{SIDE}H{left:.1f}Z") for left, right in edges]

    def bands(self) -> list[str]:
        rows = self.chart.band_shown()
        upper = [(self.x(at), self.y(high)) for at, _, high in rows]
        lower = [(self.x(at), self.y(low)) for at, low, _ in rows]
        return [_path("chart-band", area_path(upper, lower))] if rows else []

    def levels(self) -> list[str]:
        parts = [_path("chart-limit", f"M0 {self.y(limit.value):.1f}H{SIDE}") for limit in self.chart.limits]
        if self.chart.baseline is not None:
            parts.append(_path("chart-baseline", f"M0 {self.y(self.chart.baseline):.1f}H{SIDE}"))
        return parts

    def ribbon(self) -> list[str]:
        edges = [(self.x(era.from_at), self.x(era.to_at)) for era in self.chart.eras_shown()]
        return [
            _path(f"chart-era chart-era-{n % 2}", f"M{left:.1f} {SIDE - RIBBON}H{right:.1f}V{SIDE}H{left:.1f}Z")
            for n, (left, right) in enumerate(edges)
        ]

    def happened(self) -> list[str]:
        inside = [mark for mark in self.chart.marks if self.start <= mark.at <= self.end]
        return [_path(f"chart-mark chart-mark-{escape(m.kind)}", f"M{self.x(m.at):.1f} 0V{SIDE}") for m in inside]

    def texts(self) -> str:
        rows = [_text("chart-y", "-10", self.y(tick), value_label(tick, self.y_ticks)) for tick in self.y_ticks]
        for index, (at, label) in enumerate(self.x_ticks):
            name = "chart-x chart-x-even" if index % 2 else "chart-x"
            rows.append(f'<text class="{name}" x="{self.x(at) / SIDE:.2%}" y="100%" dy="20">{escape(label)}</text>')
        for mark in self.chart.marks:
            if self.start <= mark.at <= self.end:
                rows.append(_sign(mark, self.x(mark.at)))
        rows += [_era(era, self.x(era.from_at), self.x(era.to_at)) for era in self.chart.eras_shown()]
        return f'<svg class="chart-texts" aria-hidden="true">{"".join(rows)}</svg>'


def _path(name: str, d: str) -> str:
    return f'<path class="{name}" d="{d}"/>' if d else ""


def _text(name: str, x: str, y: float, text: str) -> str:
    return f'<text class="{name}" x="{x}" y="{y / SIDE:.2%}" dy="4">{escape(text)}</text>'


def _era(era: Era, left: float, right: float) -> str:
    name = escape(era.name) if right - left >= READABLE else ""
    return (
        f'<text class="chart-era-name" x="{(left + right) / 2 / SIDE:.2%}" y="{1 - RIBBON / 2 / SIDE:.1%}" dy="4">'
        f"{name}<title>{escape(era.name)}</title></text>"
    )


def _sign(mark: Mark, x: float) -> str:
    sign = "▼" if mark.kind == "deployment" else "◆"
    title = escape(mark.text)
    return (
        f'<text class="chart-sign chart-sign-{escape(mark.kind)}" x="{x / SIDE:.2%}" y="0" dy="-2">'
        f"{sign}<title>{title}</title></text>"
    )
