"""What people say of alerts."""

from datetime import datetime

from django.db import transaction
from django.db.models.functions import Coalesce, Least

from mlops_portal.engine.audit import record
from mlops_portal.engine.duties import nudge
from monitoring.actions.baselines import set_baseline
from monitoring.detection.change import BAND
from monitoring.drawing.bands import band_at
from monitoring.models import Alert, Baseline, Monitor, SchemaSeen, Series


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


def settle(alerts, *, at: datetime) -> int:
    """Note that people ended what `alerts` (a QuerySet) belonged to: what comes back is new. Return how many."""
    return alerts.filter(settled_at=None).update(settled_at=at)


class NotAsked(Exception):
    """The alert asks nothing, or no more."""


@transaction.atomic
def answer_version(alert: Alert, *, expected: bool, by, at: datetime) -> Alert:
    """Say whether the level since a new version is what is to be expected; return the alert. Raises NotAsked.

    If it is, it becomes the baseline from its beginning on, and nothing alarms; if not, the alert alarms as any other.
    """
    alert = Alert.objects.select_for_update(of=("self",)).with_origin().get(pk=alert.pk)
    series, version = alert.monitor.series, alert.asks
    if not version or alert.cleared_at or series is None:
        raise NotAsked("Nothing is asked here any more.")
    if expected:
        reason = f"The level since version {version}, taken as the new normal."
        _take_level(alert, series, reason, by=by, at=at)
        alert.cleared_at = max(at, alert.opened_at)
    else:
        alert.asks = ""
        Series.objects.filter(pk=series.pk).update(unjudged_from=Least(Coalesce("unjudged_from", at), at))
        nudge("judge")
        nudge("respond")
    alert.save(update_fields=["asks", "cleared_at"])
    after = {"version": version, "expected": expected}
    record(by=by, verb="answered", kind="alert", object=alert, system=alert.system, after=after)
    return alert


def _take_level(alert: Alert, series: Series, reason: str, *, by, at: datetime) -> None:
    band = band_at(series, alert.onset_at or at)
    spread = (band[1] - band[0]) / (2 * BAND) if band and band[1] > band[0] else None
    set_baseline(
        series,
        value=alert.detail["level"],
        spread=spread,
        origin=Baseline.Origin.LEARNED,
        reason=reason,
        from_at=alert.onset_at,
        by=by,
        at=at,
    )


def _accept(monitor: Monitor) -> None:
    newest = SchemaSeen.objects.filter(source=monitor.source_id).first()
    if newest is not None:
        monitor.settings = monitor.settings | {"accepted_at": newest.at.isoformat()}
        monitor.save(update_fields=["settings"])
