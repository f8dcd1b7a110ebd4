"""Duties of incidents."""

from django.utils import timezone

from incidents.actions import responding
from incidents.delivery import plan, send_due
from mlops_portal.engine.duties import duty


@duty(queue="tell", every_s=5)
def deliver() -> int:
    """Plan deliveries for new notices and send those that are due; return how many were sent."""
    plan()
    return send_due()


@duty(queue="work", every_s=5)
def respond() -> int:
    """Give open alerts their incidents and note what has cleared; return how many alerts were handled."""
    return responding.respond(at=timezone.now())
