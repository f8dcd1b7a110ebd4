"""What monitoring says of a system on its model card: by the card's customary headings, as Markdown."""

from collections.abc import Iterator

from mlops_portal.engine.markdown import bullets, plain, table
from monitoring.models import Baseline, Metric, Monitor, Series
from systems.models import System

SEGMENTS_SHOWN = 50


def card_parts(system: System) -> Iterator[tuple[str, str]]:
    """Yield (heading, Markdown) in the order in which they are to stand below each heading."""
    series = list(
        Series.objects.filter(metric__system=system, estimated=False)
        .with_state()
        .select_related("metric")
        .prefetch_related("baselines", "monitors")
        .order_by("-metric__leading", "metric__kind", "metric__key", "segment")
    )
    yield "Factors", _segments(series)
    yield "Metrics", _metrics([one for one in series if not one.segment])
    yield "Evaluation Data", _baselines(series)
    yield "Quantitative Analyses", _reality(series)
    yield "Quantitative Analyses", _now(series[:SEGMENTS_SHOWN])


def _segments(series: list[Series]) -> str:
    names = sorted({one.segment for one in series if one.segment})
    if not names:
        return "No part of the input is watched for itself."
    more = f" and {len(names) - SEGMENTS_SHOWN} more" if len(names) > SEGMENTS_SHOWN else ""
    return f"Watched for themselves: {', '.join(map(plain, names[:SEGMENTS_SHOWN]))}{more}."


def _metrics(whole: list[Series]) -> str:
    if not whole:
        return "No metric is watched."
    rows = [
        [plain(one.metric), one.metric.kind, plain(one.metric.means), one.metric.get_direction_display(), _limits(one)]
        for one in whole
    ]
    return table(["Metric", "Kind", "What it tells", "Better", "Limits"], rows)


def _limits(series: Series) -> str:
    said = []
    for one in series.monitors.all():
        if one.kind == Monitor.Kind.LIMIT:
            bounds = [f"{word} {one.settings[word]:g}" for word in ("below", "above") if word in one.settings]
            said.append(f"{one.severity} {' or '.join(bounds)}")
    return "; ".join(said)


def _typed(series: Series) -> Baseline | None:
    return next((one for one in series.baselines.all() if one.origin == Baseline.Origin.EXPERIMENT), None)


def _baselines(series: list[Series]) -> str:
    typed = [(one, _typed(one)) for one in series]
    lines = [f"{plain(one)}: {base.value:g}, from {plain(base.reason)}" for one, base in typed if base]
    return bullets(lines) if lines else "The figures of the experiment are not recorded."


def _reality(series: list[Series]) -> str:
    """Return what the experiment promised of the leading metric beside what is measured now."""
    leading = next((one for one in series if one.metric.leading and not one.segment), None)
    base = _typed(leading) if leading else None
    if leading is None or leading.metric.kind != Metric.Kind.QUALITY or leading.last_value is None:
        return "Its quality in production is not known."
    if base is None:
        return f"{plain(leading.metric)} is {leading.last_value:g} in production; the experiment's figure is not known."
    gap = base.value - leading.last_value
    return (
        f"Reality gap: {plain(leading.metric)} was {base.value:g} in the experiment and is {leading.last_value:g} in "
        f"production, a difference of {abs(gap):.3g}."
    )


def _now(series: list[Series]) -> str:
    if not series:
        return "Nothing is measured."
    rows = [
        [plain(one), "" if one.last_value is None else f"{one.last_value:g}", _day(one.last_at), one.shown_now]
        for one in series
    ]
    return table(["Measured", "Last value", "On", "State"], rows)


def _day(at) -> str:
    return f"{at:%-d %B %Y}" if at else ""
