"""The portal's own figures for Prometheus, read from the database at each scrape."""

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from incidents.models import Delivery, Incident
from mlops_portal.engine.health import read_duties
from systems.models import Level, Person, System


class _Figures:
    """What `person` may see of the portal, counted."""

    def __init__(self, person: Person):
        self.person = person

    def collect(self):
        yield from _duties()
        systems = GaugeMetricFamily("portal_systems", "Systems in use, by status.", labels=["status"])
        seen = System.objects.visible_to(self.person).in_use().with_status()
        statuses = list(seen.values_list("status_now", flat=True))
        for level in Level.values:
            systems.add_metric([level], statuses.count(level))
        yield systems
        unresolved = Incident.objects.visible_to(self.person).unresolved().count()
        yield GaugeMetricFamily("portal_incidents_unresolved", "Incidents not resolved yet.", value=unresolved)
        waiting = Delivery.objects.oldest_due_age_s()
        yield GaugeMetricFamily("portal_outbox_oldest_age_seconds", "Age of the oldest due delivery.", value=waiting)


def _duties():
    age = GaugeMetricFamily("portal_duty_age_seconds", "Time since a duty was last done.", labels=["duty"])
    late = GaugeMetricFamily("portal_duty_late", "1 when a duty is late.", labels=["duty"])
    ahead = GaugeMetricFamily(
        "portal_duty_clock_ahead_seconds", "By how much the clock of who did a duty is ahead.", labels=["duty"]
    )
    for duty in read_duties():
        if duty.age_s is not None:
            age.add_metric([duty.name], duty.age_s)
        late.add_metric([duty.name], int(duty.late))
        ahead.add_metric([duty.name], duty.ahead_s)
    return age, late, ahead


def exposition(person: Person) -> bytes:
    """Return the figures in the Prometheus text format; systems and incidents that `person` may see are counted.

    Raises DatabaseError when there is no database.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(person))
    return generate_latest(registry)
