"""Checks of incidents: is somebody on what is open?"""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from incidents.models import Incident, Severity
from systems.checking import Finding, check
from systems.models import Outcome, Role

PASS, FAIL = Outcome.Result.PASS, Outcome.Result.FAIL
# How long an incident may wait for somebody to be on it.
WAITS = {
    Severity.SEV1: timedelta(minutes=15),
    Severity.SEV2: timedelta(minutes=30),
    Severity.SEV3: timedelta(hours=8),
    Severity.SEV4: timedelta(days=2),
}


@check(
    key="incidents_acknowledged",
    topic="errors",
    title="Somebody is on every open incident",
    for_role=Role.OPERATIONS_OWNER,
)
def incidents_acknowledged(systems):
    """Pass while no unresolved incident has waited longer for a person than its severity allows."""
    waiting = Incident.objects.filter(acknowledged_at=None, resolved_at=None).of_systems(systems)
    now = timezone.now()
    for pk, slug in systems.values_list("pk", "slug"):
        late = [one for one in waiting.get(pk, []) if now - one.declared_at > WAITS[Severity(one.severity)]]
        if late:
            worst = late[0]
            since = f"{worst.declared_at:%-d %B at %H:%M} UTC"
            why = f"Nobody is on incident {worst.number}, open since {since}: {worst.title}"
            yield Finding(pk, FAIL, why[:300], worst.get_absolute_url())
        else:
            url = f"{reverse('incidents:list')}?system={slug}"
            yield Finding(pk, PASS, "No open incident waits for somebody.", url)
