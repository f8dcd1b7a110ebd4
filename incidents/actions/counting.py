"""An incident of a situation counts as a drill of it: what people did was tried in earnest."""

from incidents.models import Incident
from systems.actions.drills import count_incident
from systems.models import Drill

EVIDENCE = Drill._meta.get_field("evidence").max_length


def count_as_drill(incident: Incident, *, by, text: str = "") -> None:
    """Let the resolved incident count, as of when it was resolved; one that is open, or of no situation, does not."""
    count_incident(
        number=incident.number,
        systems=incident.systems.all(),
        situation=incident.situation if incident.resolved_at else "",
        result=Drill.Result.PASSED if incident.held else Drill.Result.FAILED,
        by=incident.resolved_by or by,
        at=incident.resolved_at or incident.declared_at,
        evidence=text[:EVIDENCE],
    )
