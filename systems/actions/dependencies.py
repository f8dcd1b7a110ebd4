"""Saying what a system depends on."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection, transaction

from mlops_portal.engine.audit import differences, record
from mlops_portal.engine.versions import locked
from systems.actions.feeds import HIDDEN, FeedRetired
from systems.actions.registry import recheck
from systems.models import Dependency, Feed, System

_TURN = 5_010_729  # the number of the lock under which circles are looked for


class Circular(Exception):
    """Systems would depend on each other in a circle; the message names it."""


@transaction.atomic
def set_dependencies(
    *,
    system: System,
    systems: Iterable[System] | None = None,
    feeds: Iterable[Feed] | None = None,
    by,
    at: datetime,
    seen: int | None = None,
) -> System:
    """Make these the systems and feeds that `system` depends on (None: leave them as they are) and return it.

    Systems that `by` may not see stay as they are. Raises Circular, FeedRetired for a feed that is new here, Stale when
    `seen` is not the version of the system.
    """
    _one_at_a_time()
    system = locked(system, seen)
    before = _facts(system)
    if systems is not None:
        _set_systems(system, list(systems), by)
    if feeds is not None:
        _set_feeds(system, list(feeds))
    old, new = differences(before, _facts(system))
    if not new:
        return system
    system.version += 1
    system.save(update_fields=["version"])
    record(by=by, verb="set", kind="dependencies", object=system.slug, system=system, before=old, after=new)
    recheck(system)
    return system


def _one_at_a_time() -> None:
    """Wait for whoever sets dependencies: two halves of a circle, set at once, would each see none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TURN])


def _facts(system: System) -> dict:
    """Return the dependencies for the trail, which more people read than may know of a restricted system."""
    rows = system.dependencies.select_related("on_system", "on_feed")
    on = [one.on_system for one in rows if one.on_system]
    return {
        "systems": sorted(HIDDEN if one.restricted else one.slug for one in on),
        "feeds": sorted(one.on_feed.slug for one in rows if one.on_feed),
    }


def _set_systems(system: System, wanted: list[System], by) -> None:
    circle = next(filter(None, (_circle(system, one) for one in wanted)), None)
    if circle:
        raise Circular(f"They would depend on each other in a circle: {' → '.join(_named(circle, by))}.")
    seen = System.objects.visible_to(by).values("pk")
    system.dependencies.filter(on_system__in=seen).exclude(on_system__in=wanted).delete()
    _add([Dependency(system=system, on_system=one) for one in wanted])


def _set_feeds(system: System, wanted: list[Feed]) -> None:
    system.dependencies.filter(on_feed__isnull=False).exclude(on_feed__in=wanted).delete()
    had = set(system.dependencies.filter(on_feed__in=wanted).values_list("on_feed", flat=True))
    new = [one.pk for one in wanted if one.pk not in had]
    _add([Dependency(system=system, on_feed=one) for one in wanted])
    if retired := Feed.objects.filter(pk__in=new, retired_at__isnull=False).first():  # asked once its row is held
        raise FeedRetired(retired)


def _add(rows: list[Dependency]) -> None:
    Dependency.objects.bulk_create(rows, ignore_conflicts=True)


def _circle(system: System, on: System) -> list[int]:
    """Return the ids along the way from `system` over `on` back to `system`; empty when there is no such way."""
    ways = [[system.pk, on.pk]]
    known = {on.pk}
    while ways:
        if closed := next((way for way in ways if way[-1] == system.pk), None):
            return closed
        ends = {way[-1]: way for way in ways}
        rows = Dependency.objects.filter(system__in=ends, on_system__isnull=False).order_by("pk")
        ways = []
        for start, end in rows.values_list("system", "on_system"):
            if end == system.pk or end not in known:
                known.add(end)
                ways.append([*ends[start], end])
    return []


def _named(circle: list[int], by) -> list[str]:
    names = dict(System.objects.visible_to(by).filter(pk__in=circle).values_list("pk", "name"))
    return [names.get(pk, "a system that you may not see") for pk in circle]
