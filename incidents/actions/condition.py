"""What incidents report of a system downwards: the worst of its unresolved ones."""

from datetime import datetime

from incidents.models import Incident, Severity
from systems.actions.readiness import lapse_reviews
from systems.actions.status import report_condition
from systems.models import Level, System, Topic

SEVERE = (Severity.SEV1, Severity.SEV2)
# The topic of the questions whose answers an incident puts in doubt.
ASKED = {
    Incident.Topic.QUALITY: Topic.QUALITY,
    Incident.Topic.DATA: Topic.DATA,
    Incident.Topic.SERVICE: Topic.RESILIENCE,
    Incident.Topic.BUSINESS: Topic.QUALITY,
    Incident.Topic.OTHER: Topic.ERRORS,
}


def report(*, system: System, at: datetime) -> None:
    """Report the condition of `system` as its unresolved incidents make it; none counts as healthy."""
    worst = Incident.objects.unresolved().filter(systems=system).order_by("severity", "declared_at").first()
    level = worst.level if worst else Level.HEALTHY
    sentence = f"Incident {worst.number} is open: {worst.title}" if worst else "No incident is open."
    report_condition(system=system, who="incidents", level=level, sentence=sentence[:300], good_until=None, at=at)
    _let_lapse(system, at)


def _let_lapse(system: System, at: datetime) -> None:
    """End the approvals that a severe incident has overtaken: those of its topic that were given before it."""
    severe = Incident.objects.unresolved().filter(systems=system, severity__in=SEVERE, declared_at__lte=at)
    for incident in severe.order_by("declared_at"):
        because = f"Incident {incident.number} happened since."
        lapse_reviews(system=system, topic=ASKED[incident.topic], because=because, at=incident.declared_at)
