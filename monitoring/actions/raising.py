"""Opening and clearing alerts, by what was found."""

from collections.abc import Iterable
from datetime import datetime

from monitoring.cases import Case
from monitoring.models import Alert, Monitor, Point, SchemaSeen
from monitoring.schemas import missed
from monitoring.states import Found, Judged
from monitoring.wording import schema_sentence

ALERT_FIELDS = ["onset_at", "first_visible_at", "sentence", "detail", "cleared_at", "not_evaluated_since"]
SCHEMAS_LOOKED_AT = 200


def write_alerts(judged: Iterable[tuple[Case, Judged]], at: datetime) -> int:
    """Open and clear alerts by what was found; return how many were opened or cleared.

    Without new data nothing is cleared but silence; an alert on values says since when it was not looked at again.
    """
    new, changed = [], []
    for case, judgement in judged:
        for found in judgement.found:
            alert = case.alerts.get(found.monitor.pk)
            if alert is None and found.sentence:
                new.append(_opened(case, found, at))
            elif alert is not None and _brought_up_to_date(case, alert, found, is_fresh=judgement.is_fresh, at=at):
                changed.append(alert)
    Alert.objects.bulk_create(new)
    Alert.objects.bulk_update(changed, ALERT_FIELDS)
    return len(new) + sum(alert.cleared_at is not None for alert in changed)


def _opened(case: Case, found: Found, at: datetime) -> Alert:
    return Alert(
        monitor=found.monitor,
        opened_at=at,
        onset_at=found.onset_at,
        first_visible_at=_visible(case, found),
        severity=found.monitor.severity,
        sentence=found.sentence or "",
        detail=found.detail or {},
    )


def _visible(case: Case, found: Found) -> datetime | None:
    """Return when the portal first saw the point at which it began; of silence, when a point was missed."""
    if found.monitor.kind == Monitor.Kind.SILENCE or found.onset_at is None:
        return found.onset_at
    points = Point.objects.filter(series=case.series, at=found.onset_at)
    return points.values_list("first_seen_at", flat=True).first()


def _brought_up_to_date(case: Case, alert: Alert, found: Found, *, is_fresh: bool, at: datetime) -> bool:
    """Set what the finding changes of an open alert; return whether anything did."""
    before = [getattr(alert, name) for name in ALERT_FIELDS]
    is_silence = found.monitor.kind == Monitor.Kind.SILENCE
    if found.sentence:
        alert.sentence, alert.detail = found.sentence, found.detail or {}
        if alert.onset_at != found.onset_at:  # a late or corrected point told otherwise
            alert.onset_at, alert.first_visible_at = found.onset_at, _visible(case, found)
    if is_silence or is_fresh:
        alert.not_evaluated_since = None
        alert.cleared_at = None if found.sentence else max(at, alert.opened_at)
    else:
        alert.not_evaluated_since = alert.not_evaluated_since or at
    return before != [getattr(alert, name) for name in ALERT_FIELDS]


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
