"""Opening and clearing alerts, by what was found."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from monitoring.judging.cases import Case
from monitoring.judging.schemas import missed
from monitoring.judging.states import Found, Judged
from monitoring.models import Alert, Monitor, Point, SchemaSeen
from monitoring.wording import cut, day, schema_sentence

ALERT_FIELDS = [
    *("onset_at", "first_visible_at", "sentence", "detail", "cleared_at", "not_evaluated_since"),
    *("asks", "amended", "returned", "returned_at", "explained_until"),
]
FLAPS_WITHIN, FLAPS_POINTS = timedelta(days=1), 7  # what comes back so soon, or after so few points, is the same alert
SCHEMAS_LOOKED_AT = 200


def write_alerts(judged: Iterable[tuple[Case, Judged]], at: datetime) -> int:
    """Open and clear alerts by what was found; return how many were opened or cleared.

    Without new data nothing is cleared but silence; an alert on values says since when it was not looked at again.
    What was over and comes back within a while is the same alert.
    """
    judged = list(judged)
    began = [(case, found) for case, judgement in judged for found in judgement.found if _begins(case, found)]
    before = _lately_over(began, at)
    new, changed, back, turned = [], [], [], 0
    for case, found in began:
        alert = before.get(found.monitor.pk)
        if alert:
            back.append(_back(alert, found, at))
        else:
            new.append(_opened(case, found, at))
    for case, judgement in judged:
        for found in judgement.found:
            alert = case.alerts.get(found.monitor.pk)
            if alert is not None:
                moved = _brought_up_to_date(case, alert, found, is_fresh=judgement.is_fresh, at=at)
                changed += [alert] if moved else []
                turned += bool({"cleared_at", "asks"} & moved)
    Alert.objects.bulk_create(new)
    Alert.objects.bulk_update([*changed, *back], ALERT_FIELDS)
    return len(new) + len(back) + turned


def _begins(case: Case, found: Found) -> bool:
    return bool(found.sentence) and found.monitor.pk not in case.alerts


def _lately_over(began: list[tuple[Case, Found]], at: datetime) -> dict[int, Alert]:
    """Return by monitor the alert that was over shortly before, if no person has ended its incident since."""
    if not began:
        return {}
    since = {found.monitor.pk: at - _while(case) for case, found in began}
    over = Alert.objects.filter(monitor__in=since, settled_at=None, cleared_at__gte=min(since.values()))
    rows = over.select_for_update(of=("self",)).order_by("cleared_at", "pk")
    return {one.monitor_id: one for one in rows if one.cleared_at and one.cleared_at >= since[one.monitor_id]}


def _while(case: Case) -> timedelta:
    return max(FLAPS_WITHIN, FLAPS_POINTS * timedelta(seconds=case.series.rhythm_s or 0.0))


def _back(alert: Alert, found: Found, at: datetime) -> Alert:
    alert.cleared_at, alert.returned, alert.returned_at = None, alert.returned + 1, at
    alert.onset_at, alert.sentence, alert.detail = found.onset_at, found.sentence or "", found.detail or {}
    alert.asks, alert.not_evaluated_since = found.asks, None
    return alert


def _opened(case: Case, found: Found, at: datetime) -> Alert:
    return Alert(
        monitor=found.monitor,
        opened_at=at,
        onset_at=found.onset_at,
        first_visible_at=_visible(case, found),
        severity=found.monitor.severity,
        sentence=found.sentence or "",
        detail=found.detail or {},
        asks=found.asks,
    )


def _visible(case: Case, found: Found) -> datetime | None:
    """Return when the portal first saw the point at which it began; of silence, when a point was missed."""
    if found.monitor.kind == Monitor.Kind.SILENCE or found.onset_at is None:
        return found.onset_at
    points = Point.objects.filter(series=case.series, at=found.onset_at)
    return points.values_list("first_seen_at", flat=True).first()


def _brought_up_to_date(case: Case, alert: Alert, found: Found, *, is_fresh: bool, at: datetime) -> set[str]:
    """Set what the finding changes of an open alert; return the names of the fields that it did."""
    before = {name: getattr(alert, name) for name in ALERT_FIELDS}
    is_silence = found.monitor.kind == Monitor.Kind.SILENCE
    if found.sentence:
        alert.sentence, alert.detail, alert.asks = found.sentence, found.detail or {}, found.asks
        if alert.onset_at != found.onset_at:  # a late or corrected point told otherwise
            alert.amended, alert.explained_until = _otherwise(case, alert, found, at), None
            alert.onset_at, alert.first_visible_at = found.onset_at, _visible(case, found)
    if is_silence or is_fresh:
        alert.not_evaluated_since = None
        alert.cleared_at = None if found.sentence else max(at, alert.opened_at)
        if alert.cleared_at and not is_silence and _was_corrected(case, alert):
            alert.amended = f"Late or corrected values of {day(at, at)} took back what it said."
    else:
        alert.not_evaluated_since = alert.not_evaluated_since or at
    return {name for name in ALERT_FIELDS if before[name] != getattr(alert, name)}


def _otherwise(case: Case, alert: Alert, found: Found, at: datetime) -> str:
    """Say that the beginning is another now; of silence, which has no values, nothing."""
    if found.monitor.kind == Monitor.Kind.SILENCE or not alert.onset_at or not found.onset_at:
        return alert.amended
    then, now = (day(moment, at, case.series.rhythm_s) for moment in (alert.onset_at, found.onset_at))
    why = "Late or corrected values" if _was_corrected(case, alert) else "What it is judged by has changed: that"
    return cut(f"{why} moved its beginning from {then} to {now}.") if then != now else alert.amended


def _was_corrected(case: Case, alert: Alert) -> bool:
    """Whether values from the alert's beginning on were judged again, and not only new ones."""
    again = case.series.unjudged_from
    return bool(again and alert.onset_at and again <= alert.onset_at)


def judge_schemas(sources: Iterable[int | None], at: datetime) -> int:
    """Open and clear the alerts about columns of these sources; return how many were opened or cleared."""
    monitors = Monitor.objects.filter(source__in=[pk for pk in sources if pk], kind=Monitor.Kind.SCHEMA)
    locked = list(monitors.order_by("pk").select_for_update(of=("self",), skip_locked=True, no_key=True))
    alerts = {alert.monitor_id: alert for alert in Alert.objects.open().filter(monitor__in=locked)}
    seen: dict[int, list] = {}
    for row in SchemaSeen.objects.filter(source__in=[one.source_id for one in locked]).order_by("at"):
        seen.setdefault(row.source_id, []).append((row.at, row.columns))
    moved = sum([_judge_schema(one, seen.get(one.source_id or 0, []), alerts.get(one.pk), at) for one in locked])
    Monitor.objects.filter(pk__in=[one.pk for one in locked]).update(evaluated_at=at)
    return moved


def _judge_schema(monitor: Monitor, seen: list, alert: Alert | None, at: datetime) -> int:
    accepted = monitor.settings.get("accepted_at")
    now = missed(seen[-SCHEMAS_LOOKED_AT:], datetime.fromisoformat(accepted) if accepted else None)
    if now.since is None:
        return Alert.objects.filter(pk=alert.pk).update(cleared_at=max(at, alert.opened_at)) if alert else 0
    sentence = schema_sentence(now.gone, now.new, now.since, at)
    detail = {"gone": now.gone, "new": now.new}
    if alert:
        Alert.objects.filter(pk=alert.pk).exclude(sentence=sentence).update(sentence=sentence, detail=detail)
        return 0
    Alert.objects.create(
        monitor=monitor,
        opened_at=at,
        onset_at=now.since,
        first_visible_at=now.since,
        severity=monitor.severity,
        sentence=sentence,
        detail=detail,
    )
    return 1
