"""Whether the portal can see: when most of what it asks stops answering at once, the fault is near, not out there.

Judged by the sources that were asked lately; what has failed for long says nothing about now. It begins when more than
half of them fail, at several hosts, and ends when fewer than a quarter do (docs/decisions/0018).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Count, Min, Q

from mlops_portal.engine.duties import nudge
from monitoring import connectors
from monitoring.actions.schedule import jitter, next_due
from monitoring.models import Blindness, Source

LATELY = timedelta(minutes=15)
BEGINS_ABOVE, ENDS_BELOW = 1 / 2, 1 / 4
FEWEST_SOURCES = 5  # fewer each speak for themselves
FEWEST_HOSTS = 3  # one host that is away takes its sources along, and is no fault of ours
HOSTS_LOOKED_AT = 500
HELD_BACK_AT_MOST = timedelta(minutes=3)  # while the portal is blind, or what it lost would be missed for an hour more
WOKEN_AT_ONCE = 1000


@dataclass(frozen=True)
class Seen:
    """Of the sources asked since some moment: how many, how many could not be, since when at the longest."""

    asked: int
    failing: int
    began_at: datetime | None

    @property
    def share(self) -> float:
        return self.failing / self.asked if self.asked else 0.0


def look(*, at: datetime) -> Blindness | None:
    """Note that the portal is blind, or that it sees again; return the blindness that lasts, if one does."""
    standing = Blindness.objects.now().first()
    if standing is None:
        return _begin(at)
    seen = _seen_since(standing.from_at)
    if seen.share < ENDS_BELOW:
        _end(standing, at)
        return None
    _wake(standing, at)
    return standing


def _seen_since(since: datetime) -> Seen:
    unreachable = Q(back_off_until__isnull=False)
    heard = Q(back_off_until=None) & (Q(last_success_at__gte=since) | Q(failing_since__gte=since))
    failing = Q(unreachable, failing_since__gte=since)
    counts = Source.objects.in_use().aggregate(
        asked=Count("pk", filter=heard | failing),
        failing=Count("pk", filter=failing),
        began_at=Min("failing_since", filter=failing),
    )
    return Seen(**counts)


def _begin(at: datetime) -> Blindness | None:
    seen = _seen_since(at - LATELY)
    if seen.asked < FEWEST_SOURCES or seen.share <= BEGINS_ABOVE or seen.began_at is None:
        return None
    hosts = len(_hosts(_failing_since(at - LATELY)))
    if hosts < FEWEST_HOSTS:
        return None
    sentence = (
        f"The portal cannot see: {seen.failing} of the {seen.asked} sources that it asked lately do not answer, "
        f"at {hosts} hosts, since {seen.began_at:%H:%M} UTC. It may be the portal's own network."
    )
    counts = {"failing": seen.failing, "asked": seen.asked, "hosts": hosts}
    try:
        with transaction.atomic():
            blindness = Blindness.objects.create(from_at=seen.began_at, seen_at=at, sentence=sentence, **counts)
            nudge("respond")
            return blindness
    except IntegrityError:  # another worker saw it at this very moment
        return Blindness.objects.now().first()


@transaction.atomic
def _end(blindness: Blindness, at: datetime) -> None:
    if Blindness.objects.now().filter(pk=blindness.pk).update(over_at=max(at, blindness.seen_at)):
        _ask_soon(_failing_since(blindness.from_at), at, timedelta(0))
        nudge("respond")


def _wake(blindness: Blindness, at: datetime) -> None:
    """Let what failed in it not be held back for long: nobody would see that it is over."""
    held = _failing_since(blindness.from_at).filter(back_off_until__gt=at + HELD_BACK_AT_MOST * 1.5)
    _ask_soon(held, at, HELD_BACK_AT_MOST)


def _failing_since(since: datetime):
    return Source.objects.in_use().filter(back_off_until__isnull=False, failing_since__gte=since)


def _ask_soon(sources, at: datetime, after: timedelta) -> None:
    """Let the sources be asked again after about so long, each at its own time of its interval."""
    with transaction.atomic():
        rows = list(sources.select_for_update(skip_locked=True, no_key=True, of=("self",))[:WOKEN_AT_ONCE])
        for source in rows:
            source.back_off_until = at + after * jitter(source, source.failures)
            source.next_due_at = next_due(source, source.back_off_until)
        Source.objects.bulk_update(rows, ["back_off_until", "next_due_at"])


def _hosts(sources: Iterable[Source]) -> set:
    """Return the places that these sources are asked at; what is read without a network is one place."""
    found: set = set()
    for source in list(sources)[:HOSTS_LOOKED_AT]:
        known = source.kind in connectors.kinds()
        places = connectors.connector_of(source.kind).places(source.settings) if known else set()
        found |= {place[1] if len(place) > 1 else place[0] for place in places} or {source.kind}
    return found
