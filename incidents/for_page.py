"""What a system's page shows of incidents."""

from django.db.models import Q

from incidents.models.incident import OF_A_ROW, Incident
from systems.models import System

PAST_SHOWN = 5


def for_page(system: System) -> dict:
    """Return what _of_system.html takes: open and past incidents, and whether one may be declared; one query."""
    past = system.incidents.exclude(resolved_at=None).order_by("-resolved_at", "severity", "-number")
    shown = Q(resolved_at=None) | Q(pk__in=past.values("pk")[:PAST_SHOWN])
    found = list(Incident.objects.filter(shown, systems=system).with_who().only(*OF_A_ROW).open_first())
    return {
        "open_incidents": [one for one in found if one.resolved_at is None],
        "past_incidents": [one for one in found if one.resolved_at],
        "may_declare": system.retired_at is None,
    }
