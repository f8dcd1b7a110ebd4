"""What the portal does about alerts by itself: each open one gets an incident, or joins that of its cause."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from incidents.actions.condition import report
from incidents.actions.opening import (
    CRITICAL_SEVERITY,
    WARNING_SEVERITY,
    Trouble,
    append,
    open_for_cause,
    tell_role,
    topic_of,
)
from incidents.models import Entry, Incident, IncidentAlert, Severity
from monitoring.models import Alert, Maintenance, Monitor

AT_ONCE = 500
OFTEN = 3  # times that an alert comes back, after which the timeline is not told each time
LONGEST_TITLE = Incident._meta.get_field("title").max_length or 200


def respond(*, at: datetime, quietly: bool = False) -> int:
    """Give every open alert its incident, write on timelines what has cleared; return how many alerts were handled.

    `quietly` tells nobody: for a past that is worked through. May run twice at once.
    """
    handled = [_take_in(alert, at, quietly) for alert in waiting(at)[:AT_ONCE]]
    return sum(handled) + _note_recoveries(at) + _note_returns(at)


def waiting(at: datetime):
    """Return the open alerts that are in no incident, the oldest first.

    Left out are those that are snoozed beyond `at`, or in maintenance then, and those that only ask.
    """
    awake = Q(monitor__snoozed_until=None) | Q(monitor__snoozed_until__lte=at)
    resting = Alert.objects.open().of_systems(Maintenance.objects.at(at).values("system"))
    alarming = Alert.objects.alarming().filter(awake, membership=None).exclude(pk__in=resting.values("pk"))
    return alarming.with_origin().order_by("opened_at", "pk")


def _take_in(alert: Alert, at: datetime, quietly: bool) -> bool:
    trouble = trouble_of(alert)
    for _ in range(5):
        incident, is_new = open_for_cause(trouble, at=at, quietly=quietly)
        if is_new:
            return True
        joined = join(incident=incident, trouble=trouble, at=at, quietly=quietly)
        if joined is not None:
            return joined
    return False  # resolved again and again at this very moment: the next round takes it


def trouble_of(alert: Alert) -> Trouble:
    """Return what the alert says, as something that an incident is opened for."""
    by_tier = CRITICAL_SEVERITY if alert.severity == Monitor.Severity.CRITICAL else WARNING_SEVERITY
    return Trouble(
        system=alert.system,
        role=alert.role,
        title=_title(alert.sentence),
        text=alert.sentence,
        severity=by_tier[alert.system.tier],
        topic=topic_of(alert),
        first_visible_at=alert.first_visible_at,
        data={"alert": alert.pk},
        alert=alert,
    )


def _title(sentence: str) -> str:
    title = sentence.removesuffix(".")
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1]}…"


@transaction.atomic
def join(*, incident: Incident, trouble: Trouble, at: datetime, quietly: bool = False) -> bool | None:
    """Add the trouble to the incident; return whether it did, or None when the incident was resolved meanwhile.

    Who answers for the trouble is told, unless somebody is on the incident already and it is no worse than before.
    """
    incident = Incident.objects.select_for_update().get(pk=incident.pk)
    if incident.resolved_at:
        return None
    if trouble.alert and not _is_first(incident, trouble.alert, at):
        return False
    append(incident=incident, kind=Entry.Kind.JOINED, text=trouble.text, data=trouble.data, at=at)
    is_worse = _raise_severity(incident, trouble, at)
    if not quietly and (is_worse or not incident.acknowledged_at):
        event = str(trouble.severity) if is_worse else "opened"
        said = {"subject": trouble.title, "text": trouble.text}
        tell_role(incident, trouble.system, trouble.role, **said, event=event, at=at)
    return True


def _is_first(incident: Incident, alert: Alert, at: datetime) -> bool:
    values = {"incident": incident, "joined_at": at}
    return IncidentAlert.objects.get_or_create(alert=alert, defaults=values)[1]


def _raise_severity(incident: Incident, trouble: Trouble, at: datetime) -> bool:
    """Raise the severity to that of the trouble, and say so; return whether it was lower."""
    if trouble.severity >= incident.severity:  # sev1 is the worst
        return False
    before, incident.severity = Severity(incident.severity), trouble.severity
    incident.save(update_fields=["severity"])
    text = f"Severity raised from {before.label} to {Severity(trouble.severity).label}: {trouble.text}"
    append(incident=incident, kind=Entry.Kind.CHANGED, text=text, at=at)
    report(system=trouble.system, at=at)
    return True


def _note_recoveries(at: datetime) -> int:
    cleared = IncidentAlert.objects.filter(recovered_at=None, alert__cleared_at__isnull=False)
    return sum(_note_recovery(one, at) for one in cleared.select_related("alert", "incident")[:AT_ONCE])


@transaction.atomic
def _note_recovery(one: IncidentAlert, at: datetime) -> int:
    """Write once that the alert has cleared; the incident stays as it is, for people resolve it."""
    first = IncidentAlert.objects.filter(pk=one.pk, recovered_at=None).update(recovered_at=at)
    if first and one.alert.returned < OFTEN:
        text = f"It is over: {one.alert.sentence}"
        append(incident=one.incident, kind=Entry.Kind.RECOVERED, text=text, data={"alert": one.alert_id}, at=at)
    return first


def _note_returns(at: datetime) -> int:
    """Let what has come back be open in its incident again; return how many there were."""
    back = IncidentAlert.objects.filter(recovered_at__isnull=False, alert__cleared_at=None)
    return sum(_note_return(one, at) for one in back.select_related("alert", "incident")[:AT_ONCE])


@transaction.atomic
def _note_return(one: IncidentAlert, at: datetime) -> int:
    first = IncidentAlert.objects.filter(pk=one.pk, recovered_at__isnull=False).update(recovered_at=None)
    if first and one.alert.returned <= OFTEN:
        often = " It comes and goes: from here on it is not written each time." if one.alert.returned == OFTEN else ""
        text = f"It is back: {one.alert.sentence}{often}"
        append(incident=one.incident, kind=Entry.Kind.JOINED, text=text, data={"alert": one.alert_id}, at=at)
    return first
