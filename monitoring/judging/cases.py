"""All that is needed to judge a batch of series, read with a fixed number of queries."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import OuterRef, Subquery

from monitoring.judging.replaying import REPLAYED, Replayed, Sample, asked_of, replay
from monitoring.models import Alert, Baseline, Metric, Monitor, Pull, Series, Source
from systems.models import Deployment

AT_ONCE = 2000  # points of one series that are judged in one transaction
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)


@dataclass
class Case:
    """A series that is to be judged, with what it is judged by."""

    series: Series
    monitors: list[Monitor] = field(default_factory=list)
    baselines: list[Baseline] = field(default_factory=list)
    alerts: dict[int, Alert] = field(default_factory=dict)  # open ones, by monitor
    states: dict[int, tuple[datetime, dict]] = field(default_factory=dict)  # kept before `unjudged_from`, by monitor
    samples: list[Sample] = field(default_factory=list)
    pull: Pull | None = None  # the last one that is finished
    came_at: datetime | None = None  # when the newest point was first seen
    replayed: dict[int, Replayed] = field(default_factory=dict)
    new_versions: list[tuple[datetime, str]] = field(default_factory=list)  # what was deployed in place of another
    has_whole: bool = False  # it is a part of a metric whose whole is there

    @property
    def is_whole(self) -> bool:
        """Whether all its points were read, so that what is found is about now."""
        return len(self.samples) < AT_ONCE

    @property
    def start(self) -> datetime:
        """The time after which points are to be judged: where the monitor that is furthest behind stands."""
        asked = [one.pk for one in self.monitors if one.kind in REPLAYED]
        return min((self.states.get(pk, (BEGINNING, {}))[0] for pk in asked), default=BEGINNING)

    @property
    def is_judged_for_change(self) -> bool:
        """Whether change of it alarms: of quality alone, and of parts only where there is no whole."""
        return self.series.metric.kind == Metric.Kind.QUALITY and not self.has_whole

    @property
    def change(self) -> Monitor | None:
        return next((one for one in self.monitors if one.kind == Monitor.Kind.CHANGE), None)

    @property
    def silence(self) -> Monitor | None:
        return next((one for one in self.monitors if one.kind == Monitor.Kind.SILENCE), None)

    def replay(self) -> None:
        """Judge the points by each monitor that looks at values."""
        for monitor in self.monitors:
            if monitor.kind in REPLAYED:
                since, state = self.states.get(monitor.pk, (BEGINNING, None))
                ahead = [sample for sample in self.samples if sample.at > since]
                self.replayed[monitor.pk] = replay(monitor, self.series.metric, self.baselines, state, ahead)


def read_cases(series: Sequence[Series]) -> list[Case]:
    """Return a case for each series: eleven queries, however many there are."""
    cases = {one.pk: Case(one) for one in series}
    ids = list(cases)
    for monitor in Monitor.objects.filter(series__in=ids).order_by("pk"):
        cases[monitor.series_id].monitors.append(monitor)
    for baseline in Baseline.objects.filter(series__in=ids):
        cases[baseline.series_id].baselines.append(baseline)
    for alert in Alert.objects.open().filter(monitor__series__in=ids).select_related("monitor"):
        cases[alert.monitor.series_id].alerts[alert.monitor_id] = alert
    _read_wholes(cases)
    _read_versions(cases)
    _read_states(cases)
    _read_samples(cases)
    _read_pulls(cases)
    _read_arrivals(cases)
    return list(cases.values())


def _read_wholes(cases: dict[int, Case]) -> None:
    wholes = Series.objects.whole().filter(metric__in=[case.series.metric_id for case in cases.values()])
    there = {metric: pk for pk, metric in wholes.order_by().values_list("pk", "metric")}
    for pk, case in cases.items():
        case.has_whole = there.get(case.series.metric_id, pk) != pk


def _read_versions(cases: dict[int, Case]) -> None:
    """Note the deployments that put a version in the place of another."""
    systems = {case.series.metric.system_id for case in cases.values() if case.change}
    done = Deployment.objects.in_production().filter(system__in=systems).order_by("system", "at")
    by_system: dict[int, list[tuple[datetime, str]]] = defaultdict(list)
    running: dict[int, str] = {}
    for system, at, name in done.values_list("system", "at", "model_version__name"):
        if running.get(system, name) != name:
            by_system[system].append((at, name))
        running[system] = name
    for case in cases.values():
        case.new_versions = by_system[case.series.metric.system_id]


def _read_states(cases: dict[int, Case]) -> None:
    """The newest state of each monitor from before the first point that is not judged, if it asks the same as then."""
    wanted = [
        (monitor.pk, case.series.unjudged_from)
        for case in cases.values()
        for monitor in case.monitors
        if monitor.kind in REPLAYED
    ]
    rows = _lateral(
        """
        SELECT m.series_id, m.id, s.at, s.state FROM unnest(%s::bigint[], %s::timestamptz[]) AS given(id, before)
        JOIN monitoring_monitor m USING (id)
        CROSS JOIN LATERAL (
            SELECT at, state FROM monitoring_snapshot WHERE monitor_id = m.id AND at < given.before
            ORDER BY at DESC LIMIT 1
        ) s
        """,
        wanted,
    )
    for series_id, monitor_id, at, text in rows:
        case, state = cases[series_id], json.loads(text)
        monitor = next(one for one in case.monitors if one.pk == monitor_id)
        if state["asked"] == asked_of(monitor, case.series.metric):
            case.states[monitor_id] = (at, state)


def _read_samples(cases: dict[int, Case]) -> None:
    wanted = [(pk, case.start) for pk, case in cases.items() if any(one.kind in REPLAYED for one in case.monitors)]
    rows = _lateral(
        """
        SELECT given.id, p.at, p.value, p.samples, p.maturity
        FROM unnest(%s::bigint[], %s::timestamptz[]) AS given(id, since)
        CROSS JOIN LATERAL (
            SELECT at, value, samples, maturity FROM monitoring_point WHERE series_id = given.id AND at > given.since
            ORDER BY at LIMIT %s
        ) p
        ORDER BY given.id, p.at
        """,
        wanted,
        AT_ONCE,
    )
    for series_id, *point in rows:
        cases[series_id].samples.append(Sample(*point))


def _read_pulls(cases: dict[int, Case]) -> None:
    by_source = defaultdict(list)
    for case in cases.values():
        if case.series.source_id:
            by_source[case.series.source_id].append(case)
    newest = Pull.objects.filter(source=OuterRef("pk"), finished_at__isnull=False).order_by("-due_at")
    sources = Source.objects.filter(pk__in=by_source).order_by().annotate(newest=Subquery(newest.values("pk")[:1]))
    for pull in Pull.objects.filter(pk__in=list(sources.values_list("newest", flat=True))):
        for case in by_source[pull.source_id]:
            case.pull = pull


def _read_arrivals(cases: dict[int, Case]) -> None:
    wanted = [(pk, case.series.last_at) for pk, case in cases.items() if case.series.last_at]
    rows = _lateral(
        """
        SELECT given.id, p.first_seen_at FROM unnest(%s::bigint[], %s::timestamptz[]) AS given(id, at)
        JOIN monitoring_point p ON p.series_id = given.id AND p.at = given.at
        """,
        wanted,
    )
    for series_id, came_at in rows:
        cases[series_id].came_at = came_at


def _lateral(statement: str, pairs: list[tuple[int, datetime]], *more) -> list[tuple]:
    """Return the rows of a statement over pairs of (id, moment)."""
    if not pairs:
        return []
    ids, moments = (list(column) for column in zip(*pairs, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(statement, [ids, moments, *more])
        return cursor.fetchall()
