"""The past of the demo world, day by day, through the code that runs live: ask, log, pull, judge, respond.

Each day is one transaction, so that whoever looks meanwhile sees whole days, and a run that is killed goes on at the
day that it had not finished.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from django.db import transaction
from django.db.models.functions import Now

from incidents.actions.responding import respond
from mlops_portal.demo.calendar import Calendar, night_after
from mlops_portal.demo.logs import labels_file, predictions_file, write_day, write_labels
from mlops_portal.demo.people_on_call import deal_with_incidents
from mlops_portal.demo.places import note_past
from mlops_portal.demo.promises import keep_promises
from mlops_portal.demo.server import ModelServer
from mlops_portal.demo.services import SERVICES, Service
from mlops_portal.demo.stream import labels_come_at, requests_of
from mlops_portal.demo.watching import LOG, SERVER, connect_log, connect_server, may_be_asked, slugs_by_system
from monitoring.actions.explaining import explain_due
from monitoring.actions.judging import judge_due
from monitoring.actions.pulling import pull_source
from monitoring.actions.sources import edit_source
from monitoring.models import Pull, Source
from monitoring.store.partitions import make_months
from systems.actions.registry import judged_once
from systems.models import Notice, Person

LOOK_EVERY_NIGHTS = 2  # twice as quick as every night, and no stamp is off by more than a day
SAY_EVERY_DAYS = 14
SERVER_WATCHED_FROM = 30


@dataclass
class World:
    """What the demo's days need: when it began, the models, the folder of the logs, and who connected the sources."""

    calendar: Calendar
    server: ModelServer
    folder: Path
    by: Person


def relive(world: World) -> Iterator[str]:
    """Work through the nights of the past that are missing, then let the sources be asked; yield a line at times."""
    nights = world.calendar.moments()
    done = Pull.objects.filter(why=Pull.Why.BACKFILL).order_by("due_at").values_list("due_at", flat=True).last()
    if nights:
        make_months(nights[0], nights[-1])
    for n, night in enumerate(nights, start=1):
        if done is None or night > done:
            note_past(world.folder.parent, f"{night:%-d %B}, {n} of {len(nights)} days")
            live_day(night.date() - timedelta(days=1), world, looks=(len(nights) - n) % LOOK_EVERY_NIGHTS == 0)
            if n % SAY_EVERY_DAYS == 0 or n == len(nights):
                yield f"history: {n} of {len(nights)} days"
    _wake(world)
    note_past(world.folder.parent, "")


def _wake(world: World) -> None:
    """Let the sources be asked from now on, once; of all that was written meanwhile nobody is told: it is past."""
    sources = sources_of(world, at=night_after(world.calendar.origin - timedelta(days=1)))
    asleep = [one for one in sources if not one.pulls.exclude(why=Pull.Why.BACKFILL).exists()]
    if asleep:
        Notice.objects.unread().filter(system__in={one.system_id for one in sources}).update(read_at=Now())
    with judged_once():
        for source in asleep:
            edit_source(source=source, enabled=True, by=world.by, at=world.calendar.begins_at)


def live_day(day: date, world: World, *, looks: bool) -> None:
    """Let one past day happen, and, if it `looks`, the portal see it on the night after."""
    night = night_after(day)
    world.server.age = world.calendar.age(day)
    for service in SERVICES:
        serve_day(service, day, world)
        hand_in_labels(service, night - timedelta(days=1), night, world)
    with transaction.atomic():
        if looks:
            look(world, night)
        keep_promises(world.server.age, night)


def look(world: World, night: datetime) -> None:
    """Ask every source as of this night, and let the portal and the people do what follows from it."""
    deal_with_incidents(night)
    for source in sources_of(world, at=night):
        pull_source(source, due_at=night, at=night, why=Pull.Why.BACKFILL)
    judge_due(at=night)
    explain_due(at=night)
    respond(at=night, quietly=True)


def sources_of(world: World, *, at: datetime) -> list[Source]:
    """Return the sources that there are at the moment, each connected when its time has come.

    The model server's own figures are watched of late only, and not at all where the portal may not ask it.
    """
    slugs = slugs_by_system()
    standing = {(slugs[source.system_id], source.name): source for source in _demo_sources(slugs)}
    age, began = world.calendar.age(at.date()), {"by": world.by, "at": at}
    for service in SERVICES:
        if service.since_age > age and (service.slug, LOG) not in standing:
            standing[service.slug, LOG] = connect_log(service, **began)
        if service.has_server and (service.slug, SERVER) not in standing and _server_is_watched(world, age):
            standing[service.slug, SERVER] = connect_server(service, world.server.address, **began)
    return list(standing.values())


def _demo_sources(systems: Iterable[int]):
    found = Source.objects.filter(system__in=list(systems), name__in=(LOG, SERVER))
    return found.select_related("system").order_by("pk")


def _server_is_watched(world: World, age: int) -> bool:
    return age <= SERVER_WATCHED_FROM and may_be_asked(world.server.address)


def serve_day(service: Service, day: date, world: World) -> None:
    """Have a whole day's rows predicted, and write them into the log."""
    asked = requests_of(service, day, world.calendar.origin)
    if len(asked):
        version, answer = world.server.predict(service.slug, asked.inputs)
        midnight = night_after(day).replace(hour=0, minute=0)
        write_day(predictions_file(world.folder, service, day), service, asked, answer, version, at=midnight)


def hand_in_labels(service: Service, after: datetime, until: datetime, world: World) -> int:
    """Write the label files that come after one moment and until another; return how many there were."""
    written = 0
    day = (after - service.labels_after).date()
    while (comes_at := labels_come_at(service, day)) <= until:
        asked = requests_of(service, day, world.calendar.origin)
        path = labels_file(world.folder, service, day)
        if comes_at > after and day >= world.calendar.first_day and len(asked) and not path.exists():
            write_labels(path, asked, at=comes_at)
            written += 1
        day += timedelta(days=1)
    return written
