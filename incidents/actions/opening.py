"""Opening incidents by the portal itself: one unresolved incident per cause, however often it is seen."""

from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import Max

from incidents.actions.condition import report
from incidents.models import Entry, Incident, Severity
from systems.models import Notice, Role, System
from systems.notices import News, people_to_tell, tell

NUMBERING_LOCK = 7_465_001  # any number, the same in every process
# critical × tier 1, 2, 3–4 (DESIGN 3)
CRITICAL_SEVERITY = {1: Severity.SEV1, 2: Severity.SEV2, 3: Severity.SEV3, 4: Severity.SEV3}


def next_number() -> int:
    """Return the next incident number; whoever else asks waits for the end of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NUMBERING_LOCK])
    return (Incident.objects.aggregate(top=Max("number"))["top"] or 0) + 1


def open_for_cause(
    *, system: System, role: str, title: str, text: str, severity: str, first_visible_at: datetime | None, at: datetime
) -> tuple[Incident, bool]:
    """Return (the unresolved incident about `system`, whether it was opened by this call).

    A new one gets its timeline's first entry and a notice to the holder of `role`, all in one transaction. The
    partial unique index on the cause decides between two callers.
    """
    cause = f"system:{system.slug}"
    for _ in range(5):
        standing = Incident.objects.unresolved().filter(cause=cause, by_alert=True).first()
        if standing:
            return standing, False
        try:
            return _open(cause, system, role, title, text, severity, first_visible_at, at), True
        except IntegrityError:  # somebody else opened one at this very moment
            continue
    raise RuntimeError(f"No incident could be opened for {cause}.")


@transaction.atomic
def _open(cause, system, role, title, text, severity, first_visible_at, at) -> Incident:
    incident = Incident.objects.create(
        number=next_number(),
        cause=cause,
        title=title,
        severity=severity,
        by_alert=True,
        noticed_how=Incident.NoticedHow.MONITOR,
        first_visible_at=first_visible_at,
        noticed_at=at,
        declared_at=at,
    )
    incident.systems.add(system)
    append(incident=incident, kind=Entry.Kind.OPENED, text=text, at=at)
    news = News(system, f"incident:{incident.number}:opened", title, text, incident.get_absolute_url())
    tell([news], role=role, urgency=Notice.Urgency.NOW)
    append(incident=incident, kind=Entry.Kind.TOLD, text=_whom(system, role), at=at)
    report(system=system, at=at)
    return incident


def _whom(system: System, role: str) -> str:
    people = people_to_tell([system], role)[system.pk]
    if not people:
        return f"Nobody was told: {system} has no {Role(role).label.lower()}, and its team has no active member."
    return f"{', '.join(str(person) for person in people)}."


def append(*, incident: Incident, kind: str, text: str = "", by=None, at: datetime) -> Entry:
    """Append to the timeline, within the caller's transaction, and return the entry."""
    Incident.objects.select_for_update().get(pk=incident.pk)
    n = (incident.timeline.aggregate(top=Max("n"))["top"] or 0) + 1
    return incident.timeline.create(n=n, kind=kind, text=text, by=by, at=at)
