"""Series as pictures: the chart of one, the sparklines of many, a value against its limit in words."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cache
from itertools import pairwise

from django.utils import timezone

from monitoring import charts
from monitoring.charts import Drawing, Era, Limit, Line, LineChart, Mark, Span
from monitoring.drawing.bands import band_of
from monitoring.models import Alert, Monitor, Series
from monitoring.store.windows import MOST, Gathered, Window, last_of_each, shown
from systems.models import Deployment, ModelVersion, System

LISTED = ["segment", "metric__key", "metric__name", "metric__unit", "metric__system_id"]
MOST_SPANS = MOST_MARKS = 20


def draw_series(
    series: Series,
    *,
    from_at: datetime,
    to_at: datetime,
    marks: Sequence[Mark] = (),
) -> Drawing:
    """Return the first view of a series between two times; `marks` as chart_of() takes them."""
    return charts.draw(chart_of(series, from_at=from_at, to_at=to_at, marks=marks)[0])


def chart_of(
    series: Series,
    *,
    from_at: datetime,
    to_at: datetime,
    marks: Sequence[Mark] = (),
    beside: Sequence[Series] = (),
    spans: Sequence[Span] | None = None,
) -> tuple[LineChart, dict[Series, list[Window]], int | None]:
    """Return the chart of a series, the rows that it shows, and the seconds that a row stands for, or None.

    `marks` are what the caller knows that happened. The series' `monitors` may have been prefetched.
    `beside` are series of the same metric to compare it with; the rows are by series, its own first. Shaded are
    `spans`, or, where they are None, what alerts say.
    """
    step_s, windows = shown(series, from_at=from_at, to_at=to_at)
    rows = {series: windows} | {one: _beside(one, from_at, to_at, step_s) for one in beside}
    monitors = list(series.monitors.all())
    baseline = series.baselines.filter(from_at__lte=to_at).first()
    versions = names_of_versions(windows)
    chart = LineChart(
        label=series.sentence,
        points=[(row.at, row.mean) for row in windows],
        note_at=_notes(windows, step_s, versions),
        gap_s=_gap_s(series, step_s, windows),
        band=band_of(series, from_at, to_at) if any(one.kind == Monitor.Kind.CHANGE for one in monitors) else (),
        baseline=baseline.value if baseline else None,
        limits=limits_in(monitors),
        marks=sorted([*marks, *_deployments(series, from_at, to_at)], key=lambda mark: mark.at),
        spans=_spans(monitors, from_at, to_at) if spans is None else spans,
        from_at=from_at,
        to_at=to_at,
        unit=series.metric.unit,
        name=series.called if beside else "",
        others=[_line(one, rows[one], step_s) for one in beside],
        eras=_eras(windows, versions, to_at),
        open_at=frozenset(row.at for row in windows if row.is_provisional),
    )
    return chart, rows, step_s


def _notes(windows: list[Window], step_s: int | None, versions: dict[int, str]) -> Callable[[datetime], str]:
    """Return what says by time what stands beside a value; it is made when it is first asked."""

    @cache
    def notes() -> dict[datetime, str]:
        return {row.at: note_of(row, step_s, versions.get(row.version, "")) for row in windows}

    return lambda at: notes()[at]


def _beside(series: Series, from_at: datetime, to_at: datetime, step_s: int | None) -> list[Window]:
    """Return the rows of a series to compare with, of windows as long as those of the first where that has any."""
    if step_s is None:
        return shown(series, from_at=from_at, to_at=to_at)[1]
    return list(reversed(Gathered([series.pk], from_at, to_at, step_s)[:MOST]))


def _line(series: Series, rows: list[Window], step_s: int | None) -> Line:
    return Line(series.called, [(row.at, row.mean) for row in rows], _gap_s(series, step_s, rows))


def names_of_versions(windows: Iterable[Window]) -> dict[int, str]:
    """Return the names of the model versions that the windows know, by id."""
    known = {row.version for row in windows if row.version}
    return dict(ModelVersion.objects.filter(pk__in=known).values_list("pk", "name")) if known else {}


def _eras(windows: list[Window], names: dict[int, str], to_at: datetime) -> list[Era]:
    """Return the stretches of time in which values come from one model version."""
    if not names:
        return []
    eras: list[Era] = []
    for row in windows:
        name = names.get(row.version, "")
        if eras and eras[-1].name == name:
            continue
        if eras:
            eras[-1] = Era(eras[-1].from_at, row.at, eras[-1].name)
        eras.append(Era(row.at, to_at, name))
    return [era for era in eras if era.name]


def note_of(row: Window, step_s: int | None, version: str = "") -> str:
    """Return what stands beside a value when one points at it."""
    words = [f"{row.samples:,} samples"] if row.samples else []
    words += [f"mean of {row.points:,}, from {row.min:.4g} to {row.max:.4g}"] if step_s else []
    words += [f"version {version}"] if version else []
    words += ["labels still arrive"] if row.is_provisional else []
    return ", ".join(words)


def _gap_s(series: Series, step_s: int | None, windows: list[Window]) -> float | None:
    """Return how far apart neighbours may be that are joined: two and a half times the usual distance."""
    usual = max(step_s or 0, series.rhythm_s or 0) or _usual(windows)
    return usual * 2.5 if usual else None


def _usual(windows: list[Window]) -> float | None:
    apart = sorted((b.at - a.at).total_seconds() for a, b in pairwise(windows))
    return apart[len(apart) // 2] if apart else None


def _deployments(series: Series, from_at: datetime, to_at: datetime) -> list[Mark]:
    done = Deployment.objects.in_production().filter(system=series.metric.system_id, at__range=(from_at, to_at))
    newest = done.order_by("-at").values_list("at", "model_version__name")[:MOST_MARKS]
    return [Mark(at, "deployment", f"{name} deployed") for at, name in newest]


def _spans(monitors: Sequence[Monitor], from_at: datetime, to_at: datetime) -> list[Span]:
    """Return the stretches over which alerts say that something was so, from its onset to its end."""
    if not monitors:
        return []
    alerts = Alert.objects.filter(monitor__in=monitors, onset_at__lt=to_at).exclude(cleared_at__lt=from_at)
    return [Span(alert.onset_at, alert.cleared_at or to_at, alert.sentence) for alert in alerts[:MOST_SPANS]]


def limits_of(series: Iterable[Series]) -> dict[int, list[Limit]]:
    """Return the limits that are watched, by series id, in one query."""
    limits: dict[int, list[Limit]] = {}
    for monitor in Monitor.objects.filter(series__in=series, kind=Monitor.Kind.LIMIT):
        limits.setdefault(monitor.series_id, []).extend(limits_in([monitor]))
    return limits


def limits_in(monitors: Iterable[Monitor]) -> list[Limit]:
    """Return the limits that the monitors watch."""
    sides = (("below", "not below"), ("above", "not above"))
    watching = [one for one in monitors if one.kind == Monitor.Kind.LIMIT]
    found = [(one.settings.get(side), words) for one in watching for side, words in sides]
    return [Limit(value, words) for value, words in found if value is not None]


def leading_of(systems: Iterable[System]) -> dict[int, Series]:
    """Return the whole of the leading metric by system id, each with its `line` and `limits`, in three queries."""
    by_key = {system.pk: system for system in systems}
    whole = Series.objects.whole().select_related("metric").only("last_value", *LISTED)
    leading = list(whole.filter(metric__leading=True, metric__system__in=by_key))
    lines, limits = lines_of(leading), limits_of(leading)
    for one in leading:
        one.metric.system = by_key[one.metric.system_id]
        one.line, one.limits = lines[one.pk], limits.get(one.pk, [])
    return {one.metric.system_id: one for one in leading}


def lines_of(series: Iterable[Series]) -> dict[int, str]:
    """Return the SVG of the last thirty days of each series, by its id."""
    series = list(series)
    values = last_of_each([one.pk for one in series], to_at=timezone.now()) if series else {}
    return {one.pk: charts.sparkline(values[one.pk], f"{one.metric}, the last 30 days") for one in series}
