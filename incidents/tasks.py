"""Duties of incidents."""

from incidents.delivery import plan, send_due
from mlops_portal.engine.duties import duty


@duty(queue="tell", every_s=5)
def deliver() -> int:
    """Plan deliveries for new notices and send those that are due; return how many were sent."""
    plan()
    return send_due()
