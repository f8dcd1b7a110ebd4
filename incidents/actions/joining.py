"""Adding to an incident that is open what has the same cause."""

from datetime import datetime

from django.db import transaction

from incidents.actions.condition import report
from incidents.actions.opening import Trouble, append, tell_role
from incidents.models import Entry, Incident, IncidentAlert, Severity
from monitoring.models import Alert


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
