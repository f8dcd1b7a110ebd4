"""The demo world from its first person to its present: the order of things."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from mlops_portal.demo.calendar import kept_calendar
from mlops_portal.demo.filling import fill
from mlops_portal.demo.history import World, relive
from mlops_portal.demo.live import go_on
from mlops_portal.demo.places import kept_port
from mlops_portal.demo.server import ModelServer
from mlops_portal.demo.services import SERVICES
from mlops_portal.demo.watching import follow_server, may_be_asked
from systems.models import Person


def run(
    folder: Path, password: str, *, days: int, once: bool, clock: Callable[[], datetime], stop: threading.Event
) -> Iterator[str]:
    """Fill the portal, work through the past, then live on until `stop`; yield a line for each step."""
    calendar = kept_calendar(folder / "calendar", clock(), days)
    yield from fill(password, at=calendar.begins_at)
    server = ModelServer(SERVICES, kept_port(folder))
    server.start()
    try:
        yield f"the model server answers at {server.address}"
        if not may_be_asked(server.address):
            place = server.address.removeprefix("http://")
            yield f"its own figures are not watched: PORTAL_EGRESS_ALLOW_LOCAL does not name {place}"
        world = World(calendar, server, folder / "logs", Person.objects.get(username="data-scientist"))
        follow_server(server.address, by=world.by, at=calendar.begins_at)
        yield from relive(world)
        if not once:
            yield "live: the models are asked, and labels arrive"
            go_on(world, clock=clock, stop=stop)
    finally:
        server.stop()
