"""Opening incidents by the portal itself: one unresolved incident per cause, however often it is seen."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import Max

from incidents.actions.condition import report
from incidents.models import Entry, Incident, IncidentAlert, Severity
from incidents.models.incident import ONE_PER_CAUSE
from monitoring.models import Alert
from systems.models import Notice, Role, System
from systems.notices import News, people_to_tell, tell

NUMBERING_LOCK = 7_465_001  # any number, the same in every process
# critical × tier 1, 2, 3–4; a warning × the same (DESIGN 3)
CRITICAL_SEVERITY = {1: Severity.SEV1, 2: Severity.SEV2, 3: Severity.SEV3, 4: Severity.SEV3}
WARNING_SEVERITY = {1: Severity.SEV3, 2: Severity.SEV3, 3: Severity.SEV4, 4: Severity.SEV4}
PAST = "Nobody: this lies in the past and was found when its data was worked through."


@dataclass(frozen=True)
class Trouble:
    """Something wrong with `system` that the portal found by itself, to be told to the holder of `role`.

    `data` goes on the timeline for machines; `alert` is the alert that says it, if one does.
    """

    system: System
    role: str
    title: str
    text: str
    severity: str
    topic: str = Incident.Topic.OTHER
    first_visible_at: datetime | None = None
    data: dict = field(default_factory=dict)
    alert: Alert | None = None

    @property
    def cause(self) -> str:
        return f"system:{self.system.slug}"


def topic_of(alert: Alert) -> str:
    """Return what the alert is about: the kind of its metric; of a source, its data."""
    series = alert.monitor.series
    return series.metric.kind if series else Incident.Topic.DATA


def next_number() -> int:
    """Return the next incident number; whoever else asks waits for the end of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NUMBERING_LOCK])
    return (Incident.objects.aggregate(top=Max("number"))["top"] or 0) + 1


def open_for_cause(trouble: Trouble, *, at: datetime, quietly: bool = False) -> tuple[Incident, bool]:
    """Return (the unresolved incident about the trouble's cause, whether it was opened by this call).

    A new one gets its timeline's first entry and, unless `quietly`, a notice to the holder of the role, all in one
    transaction. The partial unique index on the cause decides between two callers.
    """
    for _ in range(5):
        standing = Incident.objects.unresolved().filter(cause=trouble.cause, by_alert=True).first()
        if standing:
            return standing, False
        try:
            return _open(trouble, at, quietly), True
        except IntegrityError as error:
            if not _is_one_per_cause(error):
                raise
    raise RuntimeError(f"No incident could be opened for {trouble.cause}.")


def _is_one_per_cause(error: IntegrityError) -> bool:
    """Whether somebody else opened one at this very moment."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) == ONE_PER_CAUSE


@transaction.atomic
def _open(trouble: Trouble, at: datetime, quietly: bool) -> Incident:
    incident = Incident.objects.create(
        number=next_number(),
        cause=trouble.cause,
        title=trouble.title,
        severity=trouble.severity,
        topic=trouble.topic,
        by_alert=True,
        noticed_how=Incident.NoticedHow.MONITOR,
        first_visible_at=trouble.first_visible_at,
        noticed_at=at,
        declared_at=at,
    )
    incident.systems.add(trouble.system)
    if trouble.alert:
        IncidentAlert.objects.create(incident=incident, alert=trouble.alert, joined_at=at)
    append(incident=incident, kind=Entry.Kind.OPENED, text=trouble.text, data=trouble.data, at=at)
    if quietly:
        append(incident=incident, kind=Entry.Kind.TOLD, text=PAST, at=at)
    else:
        tell_role(incident, trouble.system, trouble.role, subject=trouble.title, text=trouble.text, at=at)
    report(system=trouble.system, at=at)
    return incident


def tell_role(
    incident: Incident, system: System, role: str, *, subject: str, text: str, at: datetime, event: str = "opened"
) -> None:
    """Tell the holder of `role`, and write on the timeline who was told; nobody is told twice of one `event`."""
    key = f"incident:{incident.number}:{event}"
    people = people_to_tell([system], role)[system.pk]
    told = Notice.objects.filter(key__in=[f"{key}:{person.username}" for person in people])
    new = [person for person in people if person.pk not in told.values_list("person_id", flat=True)]
    whom = _whom(system, role, new) if new or not people else ""
    tell([News(system, key, subject, text, incident.get_absolute_url())], role=role, urgency=Notice.Urgency.NOW)
    data = {"event": event, "system": system.slug}
    if whom and not incident.timeline.filter(kind=Entry.Kind.TOLD, text=whom, data=data).exists():
        append(incident=incident, kind=Entry.Kind.TOLD, text=whom, data=data, at=at)


def _whom(system: System, role: str, people: list) -> str:
    if not people:
        return f"Nobody was told: {system} has no {Role(role).label.lower()}, and its team has no active member."
    return f"{', '.join(str(person) for person in people)}."


def append(*, incident: Incident, kind: str, text: str = "", data: dict | None = None, by=None, at: datetime) -> Entry:
    """Append to the timeline, within the caller's transaction, and return the entry."""
    Incident.objects.select_for_update().get(pk=incident.pk)
    n = (incident.timeline.aggregate(top=Max("n"))["top"] or 0) + 1
    return incident.timeline.create(n=n, kind=kind, text=text, data=data or {}, by=by, at=at)
