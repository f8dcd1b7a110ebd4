"""What incidents report of a system downwards: the worst of its unresolved ones."""

from datetime import datetime

from incidents.models import Incident
from systems.actions.status import report_condition
from systems.models import Level, System


def report(*, system: System, at: datetime) -> None:
    """Report the condition of `system` as its unresolved incidents make it; none counts as healthy."""
    worst = Incident.objects.unresolved().filter(systems=system).order_by("severity", "declared_at").first()
    level = worst.level if worst else Level.HEALTHY
    sentence = f"Incident {worst.number} is open: {worst.title}" if worst else "No incident is open."
    report_condition(system=system, who="incidents", level=level, sentence=sentence[:300], good_until=None, at=at)
