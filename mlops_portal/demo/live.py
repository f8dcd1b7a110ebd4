"""The present of the demo world: what was missed while it was off, then row by row over HTTP, as they come."""

import http.client
import json
import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta

import numpy as np

from mlops_portal.demo.business import push
from mlops_portal.demo.calendar import night_after
from mlops_portal.demo.history import World, hand_in_labels, serve_day
from mlops_portal.demo.logs import append, logged, predictions_file
from mlops_portal.demo.models import Answer
from mlops_portal.demo.services import SERVICES, Service
from mlops_portal.demo.stream import Requests, requests_of

LOOK_EVERY_S = 5.0
ROWS_AT_ONCE = 50


def go_on(world: World, *, clock: Callable[[], datetime], stop: threading.Event) -> None:
    """Let rows come as their times come, until `stop`; days on which nobody was there are made up for first."""
    seen_until = make_up(world, now=clock())
    while not stop.wait(LOOK_EVERY_S):
        now = clock()
        world.server.age = world.calendar.age(now.date())
        for service in SERVICES:
            for day in dict.fromkeys((seen_until.date(), now.date())):
                ask_what_came(service, day, world, now=now)
            hand_in_labels(service, seen_until, now, world)
        if seen_until.date() < now.date():
            count_business(world, seen_until.date(), now=now)
        seen_until = now


def make_up(world: World, *, now: datetime) -> datetime:
    """Write the logs of the days since the past that have none, and the labels that came since; return `now`."""
    day = world.calendar.origin
    while day < now.date():
        world.server.age = world.calendar.age(day)
        for service in SERVICES:
            finish_day(service, day, world)
        day += timedelta(days=1)
    past_ended_at = night_after(world.calendar.origin - timedelta(days=1))
    for service in SERVICES:
        hand_in_labels(service, past_ended_at, now, world)
    count_business(world, world.calendar.first_day, now=now)  # all at once: nobody misses what was never pushed
    return now


def count_business(world: World, since: date, *, now: datetime) -> None:
    """Push what the business counted on the days from `since` on that are over."""
    yesterday = now.date() - timedelta(days=1)
    if since <= yesterday:
        push(since, yesterday, world.calendar.origin, by=world.by, at=now)


def finish_day(service: Service, day: date, world: World) -> None:
    """Write what a day's log lacks, now that the day is over."""
    asked = requests_of(service, day, world.calendar.origin)
    path = predictions_file(world.folder, service, day)
    done = logged(path)
    if not done:
        serve_day(service, day, world)
    elif done < len(asked):
        rest = asked.between(done, len(asked))
        version, answer = world.server.predict(service.slug, rest.inputs)
        append(path, service, rest, answer, version)


def ask_what_came(service: Service, day: date, world: World, *, now: datetime) -> int:
    """Ask the model server about the day's rows that have come by now, and log them; return how many there were."""
    asked = requests_of(service, day, world.calendar.origin)
    path = predictions_file(world.folder, service, day)
    come = sum(at <= now for at in asked.times)
    asked_for = 0
    for first in range(logged(path), come, ROWS_AT_ONCE):
        rows = asked.between(first, min(first + ROWS_AT_ONCE, come))
        version, answer = ask(world.server.address, service, rows)
        append(path, service, rows, answer, version)
        asked_for += len(rows)
    return asked_for


def ask(address: str, service: Service, rows: Requests) -> tuple[str, Answer]:
    """Return (version, answer) of the model server. Raises OSError or http.client.HTTPException when it has none."""
    host = address.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=10)
    try:
        inputs = [[None if value != value else value for value in row] for row in rows.inputs.tolist()]
        connection.request("POST", f"/predict/{service.slug}", json.dumps({"rows": inputs}))
        response = connection.getresponse()
        said = json.loads(response.read())
    finally:
        connection.close()
    scores = None if said["scores"] is None else np.array(said["scores"])
    return said["version"], Answer(np.array(said["predictions"]), scores)
