"""What people say of alerts."""

from datetime import datetime

from django.db import transaction

from mlops_portal.engine.audit import record
from mlops_portal.engine.duties import nudge
from monitoring.models import Alert, Monitor, SchemaSeen


@transaction.atomic
def say_real(alert: Alert, *, real: bool, by, at: datetime) -> Alert:
    """Record whether the alert was about something real, and return it.

    A change of format that is no trouble is the new format: its alert is over, and what is missing is not missed.
    """
    alert = Alert.objects.select_for_update(of=("self",)).with_origin().get(pk=alert.pk)
    before = {"real": alert.real}
    alert.real, alert.said_by, alert.said_at = real, by, at
    if alert.monitor.kind == Monitor.Kind.SCHEMA and not real and alert.cleared_at is None:
        _accept(alert.monitor)
        alert.cleared_at = max(at, alert.opened_at)
        nudge("respond")
    alert.save(update_fields=["real", "said_by", "said_at", "cleared_at"])
    record(by=by, verb="judged", kind="alert", object=alert, system=alert.system, before=before, after={"real": real})
    return alert


def _accept(monitor: Monitor) -> None:
    newest = SchemaSeen.objects.filter(source=monitor.source_id).first()
    if newest is not None:
        monitor.settings = monitor.settings | {"accepted_at": newest.at.isoformat()}
        monitor.save(update_fields=["settings"])
