"""Incidents around the beginning of a change: of the system itself, and of what it depends on."""

from collections.abc import Iterable

from django.db.models import Q
from django.db.models.functions import Coalesce

from incidents.models import Incident, IncidentSystem
from monitoring.explaining.recorded import MOST, Around, Recorded, recorded
from systems.models import Dependency, Feed, System

BEGAN = Coalesce("incident__impact_started_at", "incident__first_visible_at", "incident__noticed_at")
MOST_ROWS = 50
DATA, QUALITY = Incident.Topic.DATA, Incident.Topic.QUALITY


@recorded
def incidents(around: Around) -> Iterable[Recorded]:
    """Return the newest of those that began around then or were going on.

    Of a feed is told what other systems suffer in their data that take it, or show how fresh it is. Left out is what
    the alert itself led to, and what alerts about the system's quality did: that is the same trouble. Four queries.
    """
    own = around.system
    whose = {own.pk: ""} | _needed(own)
    sharing = {pk: words for pk, words in _sharing(own).items() if pk not in whose}
    concerned = Q(system__in=whose) | Q(system__in=sharing, incident__topic=DATA)
    lasting = (
        Q(began__gte=around.from_at) | Q(incident__resolved_at=None) | Q(incident__resolved_at__gte=around.from_at)
    )
    of_own = Q(system=own, incident__by_alert=True)
    led_to = of_own & (Q(incident__topic=QUALITY) | Q(incident__declared_at__gte=around.alert.opened_at))
    touching = IncidentSystem.objects.annotate(began=BEGAN).filter(concerned, lasting, began__lte=around.to_at)
    rows = touching.exclude(led_to).select_related("incident").order_by("-began", "-pk")[:MOST_ROWS]
    words, found = whose | sharing, {}
    ranks = {pk: n for n, pk in enumerate(words)}  # its own first, where an incident touches several
    for row in sorted(rows, key=lambda row: ranks[row.system_id]):
        found.setdefault(row.incident_id, _recorded(row, words[row.system_id], around))
    return sorted(found.values(), key=lambda one: one.at)[-MOST:]


def _recorded(row: IncidentSystem, whose: str, around: Around) -> Recorded:
    when = "began on" if row.began >= around.from_at else "was going on since"
    words = f"incident {row.incident.number}{whose} {when} {around.on(row.began)}"
    return Recorded(row.began, "incident", words, row.incident.get_absolute_url(), row.system_id if whose else None)


def _needed(own: System) -> dict[int, str]:
    """Return the systems that it depends on, by id, as words; a restricted one is not told of."""
    found = System.objects.filter(dependents__system=own, restricted=False)
    return {one.pk: f" of {one}" for one in found}


def _sharing(own: System) -> dict[int, str]:
    """Return the systems that take, or show, a feed which it takes, by id, as words; without restricted ones."""
    feeds = {one.pk: one for one in Feed.objects.filter(dependencies__system=own).select_related("evidence_system")}
    taking = Dependency.objects.filter(on_feed__in=feeds).exclude(system=own).select_related("system")
    pairs = [(one.system, feeds[one.on_feed_id]) for one in taking]
    pairs += [(feed.evidence_system, feed) for feed in feeds.values() if feed.evidence_system]
    return {other.pk: f" of {other}, which takes {feed} too," for other, feed in pairs if not other.restricted}
