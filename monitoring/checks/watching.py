"""Checks of what the machines see: is quality watched, does it hold, does data come, would anybody be told?"""

from collections import defaultdict
from collections.abc import Callable, Iterator

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from monitoring.models import Alert, Baseline, Metric, Monitor, Series, Source, State
from monitoring.promises.freshness import evidence_of, judged
from monitoring.wording import cut
from systems.checking import Finding, check
from systems.checks.applicable import asked, not_asked
from systems.feeds import feeds_of
from systems.models import Level, Outcome, Role, System
from systems.models.system import PORTAL
from systems.notices import people_to_tell

PASS, FAIL, UNKNOWN = Outcome.Result.PASS, Outcome.Result.FAIL, Outcome.Result.UNKNOWN
NOT_APPLICABLE = Outcome.Result.NOT_APPLICABLE
OWN_QUALITY = "The portal watches its own duties; it makes no predictions."

Judge = Callable[[System, list[Series]], tuple[str, str, str]]


def quality_of(systems: QuerySet[System]) -> dict[int, list[Series]]:
    """Return by system the series that speak for its quality, the leading one first: wholes, parts where none is.

    Each is with_state(), `has_baseline`, and `is_held` against something by a monitor. One query.
    """
    rows = (
        Series.objects.with_state()
        .filter(metric__system__in=systems, metric__kind=Metric.Kind.QUALITY)
        .annotate(
            has_baseline=Exists(Baseline.objects.filter(series=OuterRef("pk"))),
            is_held=Exists(Monitor.objects.filter(series=OuterRef("pk"), kind__in=["change", "limit"])),
        )
        .select_related("metric__system")
        .order_by("estimated", "segment", "-metric__leading", "pk")
    )
    found: dict[int, list[Series]] = defaultdict(list)
    whole = set()
    for series in rows:
        is_whole = not series.segment and not series.estimated
        if is_whole:
            whole.add(series.metric_id)
        if is_whole or series.metric_id not in whole:
            found[series.metric.system_id].append(series)
    return found


def of_quality(systems: QuerySet[System], judge: Judge) -> Iterator[Finding]:
    """Judge each system by its quality series; the portal itself has none, and needs none."""
    quality = quality_of(systems)
    for system in systems:
        if system.slug == PORTAL:
            yield Finding(system.pk, NOT_APPLICABLE, OWN_QUALITY)
            continue
        result, why, url = judge(system, quality.get(system.pk, []))
        yield Finding(system.pk, result, cut(why), url)


def _page(name: str, *args, system: System) -> str:
    try:
        return reverse(f"monitoring:{name}", args=args)
    except NoReverseMatch:  # a door that is not there yet
        return system.get_absolute_url()


def metric_page(system: System, series: Series) -> str:
    """Return where the series stands on the page of its metric."""
    return _page("metric", system.slug, series.metric.key, system=system)


def _connect_page(system: System) -> str:
    return _page("connect", system.slug, system=system)


@check(key="quality_watched", topic="quality", title="Prediction quality is watched", for_role=Role.MODEL_OWNER)
def quality_watched(systems):
    """Pass when values of quality come, are held against something by a monitor, and its alert reaches a person."""
    reached = people_to_tell(systems, Role.MODEL_OWNER)

    def judge(system: System, series: list[Series]) -> tuple[str, str, str]:
        if not series:
            return FAIL, "No quality metric is watched: connect where predictions meet labels.", _connect_page(system)
        url = metric_page(system, series[0])
        if silent := [one for one in series if one.last_at is None]:
            return FAIL, f"No value of {silent[0]} has come yet.", metric_page(system, silent[0])
        if bare := [one for one in series if not one.is_held]:
            return FAIL, f"No monitor looks at {bare[0]}.", metric_page(system, bare[0])
        if not reached.get(system.pk):
            return FAIL, "Quality is watched, and an alert would reach nobody.", _owner_page(system, Role.MODEL_OWNER)
        names = ", ".join(str(one.metric) for one in series[:3])
        return PASS, f"Watched: {names}. An alert goes to {reached[system.pk][0]}.", url

    yield from of_quality(systems, judge)


@check(key="quality_baseline", topic="quality", title="Quality has a baseline", for_role=Role.MODEL_OWNER)
def quality_baseline(systems):
    """Pass when every quality metric is held against a baseline, given or learned."""

    def judge(system: System, series: list[Series]) -> tuple[str, str, str]:
        if not series:
            return FAIL, "No quality metric is watched, so there is nothing to compare.", _connect_page(system)
        bare = [one for one in series if not one.has_baseline]
        if bare:
            why = f"{bare[0]} has no baseline yet: say what the experiment reached."
            return FAIL, f"{why[:1].upper()}{why[1:]}", metric_page(system, bare[0])
        return PASS, "Every quality metric has a baseline.", metric_page(system, series[0])

    yield from of_quality(systems, judge)


@check(key="quality_holds", topic="quality", title="Quality holds", for_role=Role.MODEL_OWNER)
def quality_holds(systems):
    """Fail while a quality metric is degraded or failing; unknown while one of them is not known."""

    def judge(system: System, series: list[Series]) -> tuple[str, str, str]:
        if not series:
            return UNKNOWN, "No quality metric is watched.", _connect_page(system)
        order = [State.FAILING, State.DEGRADED, State.ERROR, State.NO_DATA, State.UNKNOWN, Level.UNMONITORED, State.OK]
        worst = min(series, key=lambda one: order.index(one.shown_now))
        url = metric_page(system, worst)
        if worst.shown_now in (State.FAILING, State.DEGRADED):
            return FAIL, worst.sentence, url
        if worst.shown_now == Level.UNMONITORED:
            return UNKNOWN, f"Nothing watches {worst}.", url
        if worst.shown_now != State.OK:
            is_over = worst.state_now != worst.state
            return UNKNOWN, f"{worst} has not been looked at in time." if is_over else worst.sentence, url
        return PASS, "Every quality metric is as it usually is.", url

    yield from of_quality(systems, judge)


@check(key="sources_answer", topic="data", title="Sources answer", for_role=Role.DATA_OWNER)
def sources_answer(systems):
    """Fail while a source could not be read; unknown where one was never asked."""
    sources: dict[int, list[Source]] = defaultdict(list)
    for source in Source.objects.filter(system__in=systems, enabled=True).order_by("failing_since", "pk"):
        sources[source.system_id].append(source)
    for system in systems:
        own = sources[system.pk]
        if not own:
            why = "No source is connected, so nothing is asked."
            yield Finding(system.pk, NOT_APPLICABLE, why, _connect_page(system))
            continue
        failing = [one for one in own if one.failing_since]
        new = [one for one in own if one.last_success_at is None and not one.failing_since]
        shown = (failing or new or own)[0]
        url = _page("source", shown.pk, system=system)
        if failing:
            why = f"{shown} has not answered since {shown.failing_since:%-d %B, %H:%M} UTC: {shown.last_error}"
            yield Finding(system.pk, FAIL, cut(why), url)
        elif new:
            yield Finding(system.pk, UNKNOWN, f"{shown} has not been asked yet.", url)
        else:
            yield Finding(system.pk, PASS, "Every source answers.", url)


@check(key="feeds_fresh", topic="data", title="Feeds are as fresh as promised", for_role=Role.DATA_OWNER)
def feeds_fresh(systems):
    """Pass when each of its feeds keeps its promise, by the metric named as evidence; fail where none is named."""
    by_system, now = feeds_of(systems), timezone.now()
    evidence = evidence_of([feed for feeds in by_system.values() for feed in feeds])
    for pk, _, _, why in asked(systems):
        feeds = [feed for feed in by_system[pk] if not feed.retired_at]
        if why or not feeds:
            yield not_asked(pk, why or "No feed is named, so none is late.")
            continue
        found = [
            (*judged(one, evidence.get((one.evidence_system_id, one.evidence_metric), []), now), one) for one in feeds
        ]
        result, said, feed = min(found, key=lambda one: [FAIL, UNKNOWN, PASS].index(one[0]))
        names = ", ".join(str(one) for one in feeds)
        yield Finding(
            pk, result, cut(said or f"Each of its feeds is as fresh as promised: {names}."), feed.get_absolute_url()
        )


@check(key="data_format_stable", topic="data", title="The format of the data is stable", for_role=Role.DATA_OWNER)
def data_format_stable(systems):
    """Fail while columns are missed that were there before; not applicable where no source has columns."""
    watched = set(
        Monitor.objects.filter(source__system__in=systems, kind=Monitor.Kind.SCHEMA, source__schemas_seen__isnull=False)
        .order_by()
        .values_list("source__system", flat=True)
    )
    alerts = Alert.objects.open().filter(monitor__kind=Monitor.Kind.SCHEMA, monitor__source__system__in=systems)
    lost = {alert.monitor.source.system_id: alert for alert in alerts.select_related("monitor__source")}
    for system in systems:
        alert = lost.get(system.pk)
        if alert:
            url = _page("source", alert.monitor.source_id, system=system)
            yield Finding(system.pk, FAIL, alert.sentence, url)
        elif system.pk in watched:
            yield Finding(system.pk, PASS, "No column is missed.", system.get_absolute_url())
        else:
            why = "No source with columns has been read."
            yield Finding(system.pk, NOT_APPLICABLE, why, system.get_absolute_url())


@check(key="alerts_reach_somebody", topic="errors", title="Alerts reach somebody", for_role=Role.PRODUCT_OWNER)
def alerts_reach_somebody(systems):
    """Pass when behind each role that an alert may go to stands a person with an e-mail address."""
    by_role = {role: people_to_tell(systems, role) for role in (Role.MODEL_OWNER, Role.SERVICE_OWNER, Role.DATA_OWNER)}
    for system in systems:
        deaf = [role for role, people in by_role.items() if not any(p.email for p in people.get(system.pk, []))]
        if deaf:
            why = f"An alert for the {deaf[0].label.lower()} would reach nobody outside the portal."
            yield Finding(system.pk, FAIL, why, _owner_page(system, deaf[0]))
        else:
            first = by_role[Role.MODEL_OWNER][system.pk][0]
            why = f"Alerts about quality reach {first}."
            yield Finding(system.pk, PASS, why, _owner_page(system, Role.MODEL_OWNER))


def _owner_page(system: System, role: str) -> str:
    return reverse("systems:owner", args=[system.slug, role])
