"""The watchdog: no Celery, no broker. When duties are late it opens the incident and tells people by itself."""

import threading
import time
from dataclasses import replace

import structlog
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from incidents.actions.joining import join
from incidents.actions.opening import CRITICAL_SEVERITY, Trouble, append, open_for_cause
from incidents.delivery import plan, send_due
from incidents.models import Entry, Incident
from mlops_portal.engine.audit import through
from mlops_portal.engine.health import DutyState, late_duties
from mlops_portal.engine.models import Change
from systems.models import Role, System

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 2.0
BELIEVE_AFTER_S = 10.0  # lateness must be seen for this long by a watchdog that was itself awake
OVERSLEPT_S = 15.0  # a gap between two looks that says: the machine slept, not the duties
SETTLE_S = 120.0  # after its own start, or a sleep, everything has this long to be on time for once
ABOUT_DUTIES = {"about": "duties"}  # marks those entries of a timeline that the watchdog wrote


def watch(stop: threading.Event) -> None:
    """Look at the duty table until `stop` is set; survives any database error."""
    watchdog = Watchdog(time.monotonic())
    while not stop.wait(LOOK_EVERY_S):
        try:
            with through(Change.Door.DUTY):
                watchdog.look(time.monotonic())
        except DatabaseError as error:
            log.warning("watchdog cannot see the database", error=type(error).__name__)
        finally:
            connection.close()


class Watchdog:
    """Remembers since when duties are late: neither a start nor a machine that slept raises a false alarm."""

    def __init__(self, now: float, settle_s: float = SETTLE_S):
        self.trusted_from = now + settle_s
        self.last_look = now
        self.late_since: float | None = None

    def look(self, now: float) -> None:
        """Act on what the duty table says at the monotonic time `now`."""
        if now - self.last_look > OVERSLEPT_S:
            self.trusted_from, self.late_since = now + SETTLE_S, None
        self.last_look = now
        late = late_duties()
        self.late_since = (self.late_since or now) if late else None
        if self.late_since is None:
            self.trusted_from = now
            note_recovery()
        elif now >= self.trusted_from and now - self.late_since >= BELIEVE_AFTER_S:
            raise_alarm(late)


def raise_alarm(late: list[DutyState]) -> Incident:
    """Open the incident on the system `portal`, or find it open, and deliver its notices from this process."""
    portal = System.objects.get(slug="portal")
    names = ", ".join(duty.name for duty in late)
    trouble = Trouble(
        system=portal,
        role=Role.OPERATIONS_OWNER,
        title="The portal is late: its duties are not done",
        text=f"Late: {names}. What is shown may be old, and nothing new is noticed until they run again.",
        severity=CRITICAL_SEVERITY[portal.tier],
        topic=Incident.Topic.SERVICE,
        first_visible_at=min((duty.finished_at for duty in late if duty.finished_at), default=None),
        data=ABOUT_DUTIES,
    )
    incident, is_new = open_for_cause(trouble, at=timezone.now())
    if is_new:
        log.error("duties are late", late=names, incident=incident.number)
    else:
        _note_relapse(incident, replace(trouble, text=f"Late again: {names}."))
    plan()  # at every look: the workers that would try again may be what is late
    send_due()
    return incident


@transaction.atomic
def _note_relapse(incident: Incident, trouble: Trouble) -> None:
    Incident.objects.select_for_update().get(pk=incident.pk)  # two watchdogs may run
    if _last_word(incident) in (None, Entry.Kind.RECOVERED):  # none: an alert opened it
        join(incident=incident, trouble=trouble, at=timezone.now())


@transaction.atomic
def note_recovery() -> None:
    """Write on the open incident of the portal, once, that every duty is on time again; people resolve it."""
    standing = Incident.objects.unresolved().filter(cause="system:portal", by_alert=True)
    incident = standing.select_for_update().first()
    if incident and _last_word(incident) in (Entry.Kind.OPENED, Entry.Kind.JOINED):
        text = "Every duty is on time again."
        append(incident=incident, kind=Entry.Kind.RECOVERED, text=text, data=ABOUT_DUTIES, at=timezone.now())


def _last_word(incident: Incident) -> str | None:
    """Return the kind of the last entry about the duties; None when there is none."""
    return incident.timeline.filter(data=ABOUT_DUTIES).order_by("-n").values_list("kind", flat=True).first()
