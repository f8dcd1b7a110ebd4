"""One incident of the portal itself when it cannot see, in the place of one for each source that it cannot hear."""

from datetime import datetime, timedelta

from django.db import transaction

from incidents.actions.joining import join
from incidents.actions.opening import CRITICAL_SEVERITY, Trouble, append, open_for_cause
from incidents.models import Entry, Incident
from monitoring.models import Blindness
from systems.models import Role, System

TITLE = "The portal cannot see: most of what it asks does not answer"
LOOKED_BACK = timedelta(days=7)
BEGUN = (Entry.Kind.OPENED, Entry.Kind.JOINED)


def respond_to_blindness(*, at: datetime, quietly: bool = False) -> int:
    """Open the incident of a blindness that lasts, note on its timeline when it is over; return how many were."""
    lately = Blindness.objects.filter(seen_at__gte=at - LOOKED_BACK)
    return sum(_respond(one, at, quietly) for one in lately)


def _respond(blindness: Blindness, at: datetime, quietly: bool) -> int:
    about = {"blindness": blindness.pk}
    begun = Entry.objects.filter(data=about, kind__in=BEGUN).select_related("incident").first()
    if blindness.over_at is None:
        return 0 if begun else _tell(blindness, about, at, quietly)
    return _note_recovery(begun.incident, about, at) if begun else 0


def _tell(blindness: Blindness, about: dict, at: datetime, quietly: bool) -> int:
    portal = System.objects.get(slug="portal")
    trouble = Trouble(
        system=portal,
        role=Role.OPERATIONS_OWNER,
        title=TITLE,
        text=blindness.sentence,
        severity=CRITICAL_SEVERITY[portal.tier],
        topic=Incident.Topic.SERVICE,
        first_visible_at=blindness.from_at,
        data=about,
    )
    incident, is_new = open_for_cause(trouble, at=at, quietly=quietly)
    return 1 if is_new else _join_once(incident, trouble, at, quietly)


@transaction.atomic
def _join_once(incident: Incident, trouble: Trouble, at: datetime, quietly: bool) -> int:
    Incident.objects.select_for_update().get(pk=incident.pk)  # another worker may be as far as here
    if incident.timeline.filter(data=trouble.data, kind__in=BEGUN).exists():
        return 0
    return int(bool(join(incident=incident, trouble=trouble, at=at, quietly=quietly)))


@transaction.atomic
def _note_recovery(incident: Incident, about: dict, at: datetime) -> int:
    Incident.objects.select_for_update().get(pk=incident.pk)
    if incident.timeline.filter(data=about, kind=Entry.Kind.RECOVERED).exists():
        return 0
    text = "The portal sees again: most of its sources answer. What does not is said of each of them from now on."
    append(incident=incident, kind=Entry.Kind.RECOVERED, text=text, data=about, at=at)
    return 1
