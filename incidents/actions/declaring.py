"""People declare an incident, and put right what they first said of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from incidents.actions.condition import report
from incidents.actions.counting import count_as_drill
from incidents.actions.opening import append, next_number, tell_role, topic_of
from incidents.models import Entry, Incident, Severity
from mlops_portal.engine.versions import locked
from monitoring.judging.backtesting import first_visible, seen_at
from monitoring.models import Alert, Metric, Series
from systems.models import Role, System

CLOCKS_DIFFER = timedelta(minutes=5)
TAPPED_TWICE = timedelta(minutes=1)
LOOKED_BACK = timedelta(days=7)
MOST_SERIES, DEADLINE_S = 5, 3.0  # of which the stored values are judged, and how long that may take in all


@transaction.atomic
def declare(
    *,
    title: str,
    systems: Sequence[System],
    severity: str,
    noticed_how: str,
    by,
    at: datetime,
    noticed_by=None,
    noticed_at: datetime | None = None,
    impact_started_at: datetime | None = None,
    what: str = "",
    situation: str = "",
) -> Incident:
    """Return the incident that `by` declares; the operations owners of its systems are told.

    When it was first visible comes from the stored series (alerts, else a backtest), not from memory. Sent twice within
    a minute, it is one.
    Raises ValidationError for a time that has not come yet.
    """
    _refuse_the_future(at, noticed_at=noticed_at, impact_started_at=impact_started_at)
    seen = first_seen(systems, at=at)
    judged = None if seen else judged_first(systems, at=at)
    number = next_number()  # from here on nobody else declares until this is committed
    if before := _declared_just_now(title, by, at):
        return before
    incident = Incident.objects.create(
        number=number,
        title=title,
        severity=severity,
        noticed_how=noticed_how,
        noticed_by=noticed_by or by,
        noticed_at=noticed_at or at,
        impact_started_at=impact_started_at,
        first_visible_at=seen.first_visible_at if seen else judged.at if judged else None,
        topic=topic_of(seen) if seen else judged.topic if judged else Incident.Topic.OTHER,
        situation=situation,
        declared_at=at,
    )
    incident.systems.set(systems)
    _begin_timeline(incident, systems, what, seen or judged, by, at)
    return incident


def _refuse_the_future(at: datetime, **moments: datetime | None) -> None:
    late = {
        name: "This has not come yet." for name, moment in moments.items() if moment and moment > at + CLOCKS_DIFFER
    }
    if late:
        raise ValidationError(late)


def _declared_just_now(title: str, by, at: datetime) -> Incident | None:
    entries = Entry.objects.filter(kind=Entry.Kind.DECLARED, by=by, at__gt=at - TAPPED_TWICE)
    return Incident.objects.filter(title=title, timeline__in=entries).first()


def first_seen(systems: Sequence[System], *, at: datetime) -> Alert | None:
    """Return the alert of `systems`, open in the last seven days, whose first bad point is the earliest; or None."""
    recent = Q(cleared_at=None) | Q(cleared_at__gte=at - LOOKED_BACK)
    alerts = Alert.objects.of_systems(systems).filter(recent, first_visible_at__isnull=False, opened_at__lte=at)
    return alerts.with_origin().order_by("first_visible_at").first()


@dataclass(frozen=True)
class Judged:
    """What the stored values show although nothing has alarmed: since when, and a sentence."""

    at: datetime
    sentence: str
    system: System
    topic: str


def judged_first(systems: Sequence[System], *, at: datetime) -> Judged | None:
    """Return what an eager monitor would have told of the quality of `systems` by `at`, if it was not told; or None.

    By the code of backtests; bounded in time, and nothing is written.
    """
    quality = Series.objects.whole().filter(metric__system__in=systems, metric__kind=Metric.Kind.QUALITY)
    likely = quality.select_related("metric__system").order_by("-metric__leading", "pk")[:MOST_SERIES]
    found = first_visible(likely, at=at, deadline_s=DEADLINE_S)
    if found is None:
        return None
    noticed, series = found
    began = seen_at(series, noticed.onset_at)
    if began is None or began > at:
        return None
    return Judged(began, noticed.sentence, series.metric.system, series.metric.kind)


def _begin_timeline(
    incident: Incident, systems: Sequence[System], what: str, seen: Alert | Judged | None, by, at: datetime
) -> None:
    append(incident=incident, kind=Entry.Kind.DECLARED, text=what, by=by, at=at)
    if isinstance(seen, Judged):
        text = f"When it was first visible was found in the stored values of {seen.system}: {seen.sentence}"
        append(incident=incident, kind=Entry.Kind.NOTE, text=text, data={"system": seen.system.slug}, at=at)
    elif seen:
        text = f"When it was first visible was taken from an alert of {seen.system}: {seen.sentence}"
        data = {"alert": seen.pk, "system": seen.system.slug}
        append(incident=incident, kind=Entry.Kind.NOTE, text=text, data=data, at=at)
    for system in sorted(systems, key=lambda system: system.slug):
        text = what or f"Declared by {by}."
        tell_role(incident, system, Role.OPERATIONS_OWNER, subject=incident.title, text=text, at=at)
        report(system=system, at=at)


@transaction.atomic
def change_incident(
    *,
    incident: Incident,
    by,
    at: datetime,
    title: str | None = None,
    severity: str | None = None,
    situation: str | None = None,
    held: bool | None = None,
    reason: str = "",
    seen: int | None = None,
) -> Incident:
    """Give the incident another title, severity or situation, say so on its timeline, and return it.

    `held` says whether what is written for the situation did. What is resolved counts as a drill anew.

    Raises ValidationError when the severity changes without a reason, Stale when `seen` is old.
    """
    incident = locked(incident, seen)
    said = []
    if title and title != incident.title:
        said.append(f"The title was: {incident.title}")
        incident.title = title
    if severity and severity != incident.severity:
        if not reason:
            raise ValidationError({"reason": "Say why the severity changes."})
        said.append(f"Severity from {incident.get_severity_display()} to {Severity(severity).label}.")
        incident.severity = severity
    said += _said_of_situation(incident, situation, held)
    if not said:
        return incident
    incident.version += 1
    incident.save(update_fields=["title", "severity", "situation", "held", "version"])
    count_as_drill(incident, by=by)
    append(incident=incident, kind=Entry.Kind.CHANGED, text="\n".join([*said, reason]).strip(), by=by, at=at)
    for system in incident.systems.all():
        report(system=system, at=at)
    return incident


def _said_of_situation(incident: Incident, situation: str | None, held: bool | None) -> list[str]:
    """Set what is given, and return it in words where it is new."""
    said = []
    if situation is not None and situation != incident.situation:
        incident.situation = situation
        said.append(f"The situation: {incident.get_situation_display()}." if situation else "It is of no situation.")
    if held is not None and held != incident.held:
        incident.held = held
        said.append(
            "What is written for the situation held." if held else "What is written for the situation did not hold."
        )
    return said
