"""What the portal does about alerts by itself: each open one gets an incident, or joins that of its cause."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from incidents.actions.blindness import respond_to_blindness
from incidents.actions.joining import join
from incidents.actions.opening import (
    CRITICAL_SEVERITY,
    WARNING_SEVERITY,
    Trouble,
    append,
    open_for_cause,
    topic_of,
)
from incidents.models import Entry, Incident, IncidentAlert
from monitoring.models import Alert, Maintenance, Monitor

AT_ONCE = 500
OFTEN = 3  # times that an alert comes back, after which the timeline is not told each time
LONGEST_TITLE = Incident._meta.get_field("title").max_length or 200


def respond(*, at: datetime, quietly: bool = False) -> int:
    """Give every open alert its incident, write on timelines what has cleared; return how many alerts were handled.

    `quietly` tells nobody: for a past that is worked through. May run twice at once.
    """
    handled = [_take_in(alert, at, quietly) for alert in waiting(at)[:AT_ONCE]]
    done = sum(handled) + _note_recoveries(at) + _note_returns(at)
    return done + respond_to_blindness(at=at, quietly=quietly)


def waiting(at: datetime):
    """Return the open alerts that are in no incident, the oldest first.

    Left out are those that are snoozed beyond `at`, or in maintenance then, those that only ask, and silences for which
    one incident says that the portal is blind.
    """
    awake = Q(monitor__snoozed_until=None) | Q(monitor__snoozed_until__lte=at)
    resting = Alert.objects.open().of_systems(Maintenance.objects.at(at).values("system"))
    blind = Alert.objects.open().filter(membership=None).because_blind(at)
    alarming = Alert.objects.alarming().filter(awake, membership=None)
    alarming = alarming.exclude(pk__in=resting.values("pk")).exclude(pk__in=blind.values("pk"))
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
