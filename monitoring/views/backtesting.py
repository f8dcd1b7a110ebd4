"""What would have been noticed: a metric's stored past, judged again; nothing is written. The roof adds incidents."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.shortcuts import render
from django.utils import timezone

from mlops_portal.engine.limits import spend
from monitoring import charts
from monitoring.charts import Mark, Span
from monitoring.drawing.series import chart_of
from monitoring.drawing.stretches import RANGES
from monitoring.forms.metrics import SENSITIVITIES
from monitoring.judging.backtesting import Backtest, Noticed, backtest, tried
from monitoring.models import Metric, Monitor, Series
from monitoring.views.metrics import looked
from monitoring.wording import lasting

YEAR = "1y"
NEAR = timedelta(days=3)  # an incident belongs to what was told, if it was noticed within that or so near to it


@dataclass(frozen=True)
class Known:
    """Something that is known to have gone wrong, and when somebody noticed."""

    at: datetime
    text: str
    url: str


@dataclass(frozen=True)
class Told:
    """What would have been told and when, and the known thing that it belongs to."""

    noticed: Noticed
    known: Known | None
    heard_at: datetime

    @property
    def sooner(self) -> timedelta | None:
        return self.known.at - self.heard_at if self.known else None

    @property
    def lag(self) -> str:
        """Say how long after its beginning it would have been told."""
        return lasting(self.heard_at - self.noticed.onset_at)

    @property
    def words(self) -> str:
        """Say how that compares with when somebody noticed."""
        return words_of(self.sooner) if self.sooner is not None else ""


KnownOf = Callable[[Metric, datetime, datetime], Sequence[Known]]


def page(request, slug: str, key: str, *, known_of: KnownOf):
    """Return the page of a backtest, of the last year where no range is asked for."""
    query = request.GET.copy()
    if not {"range", "from", "to"} & query.keys():
        query["range"] = YEAR
    asked = looked(request, slug, key, lambda *edges: (), query=query)
    context = {
        "metric": asked.metric,
        "system": asked.metric.system,
        "series": asked.series,
        "all_series": asked.all_series,
        "stretch": asked.stretch,
        "ranges": [(name, words) for name, (_, words) in RANGES.items()],
    }
    if asked.series is None:
        return render(request, "monitoring/backtest.html", context)
    spend("backtest", by=request.user)
    limits = list(asked.series.monitors.filter(kind=Monitor.Kind.LIMIT))
    by = request.GET.get("by", "normal")
    monitor = _monitor(asked.series, limits, by)
    begin, end = asked.stretch.from_at, asked.stretch.to_at
    done = backtest(monitor, from_at=begin, to_at=end)
    known = known_of(asked.metric, begin, end)
    told = [_beside(noticed, known, done) for noticed in done.found]
    marks = [Mark(one.at, "incident", one.text) for one in known]
    chart = chart_of(asked.series, from_at=begin, to_at=end, marks=marks, spans=_spans(done))[0]
    context |= {
        "drawing": charts.draw(chart),
        "done": done,
        "told": told[::-1],
        "by": by,
        "choices": [*SENSITIVITIES, *((f"limit-{one.pk}", f"the limit: {_words(one)}") for one in limits)],
        "matched": len({one.known.url for one in told if one.known}),
        "typical": _typical(told),
        "known": known,
    }
    return render(request, "monitoring/backtest.html", context)


def _monitor(series: Series, limits: Sequence[Monitor], by: str) -> Monitor:
    """Return the limit that is asked for, else a monitor of quiet change as sensitive as that."""
    limit = next((one for one in limits if by == f"limit-{one.pk}"), None)
    return limit or tried(series, by if by in dict(SENSITIVITIES) else "normal")


def _words(limit: Monitor) -> str:
    sides = {"below": "not below", "above": "not above"}
    return ", ".join(f"{words} {limit.settings[side]:g}" for side, words in sides.items() if side in limit.settings)


def words_of(sooner: timedelta) -> str:
    """Return "4 days sooner", or later."""
    if abs(sooner) < timedelta(minutes=1):
        return "at the same moment"
    return f"{lasting(abs(sooner))} {'sooner' if sooner > timedelta() else 'later'}"


def _beside(noticed: Noticed, known: Sequence[Known], done: Backtest) -> Told:
    first, last = noticed.onset_at - NEAR, (noticed.over_at or timezone.now()) + NEAR
    return Told(noticed, next((one for one in known if first <= one.at <= last), None), noticed.told_at + done.lag)


def _typical(told: Sequence[Told]) -> str:
    """Say how the middle one of them compares with when somebody noticed; empty where there is none."""
    sooner = sorted(one.sooner for one in told if one.sooner is not None)
    if not sooner:
        return ""
    words = words_of(sooner[len(sooner) // 2])
    return f"{words} as somebody noticed" if words.startswith("at the same") else f"{words} than somebody noticed"


def _spans(done: Backtest) -> list[Span]:
    return [Span(one.onset_at, one.over_at or done.to_at, one.sentence) for one in done.found]
