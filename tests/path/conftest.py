"""A real portal on the shape that the environment names, with people and a team, for the tests that walk through it."""

import os
import shutil
import signal
from contextlib import suppress

import pytest

from tests.faults.running import EmbeddedServers, OwnServers, eventually
from tests.path.world import Api, PathPortal, free_place

HAS_SERVERS = bool(os.environ.get("DATABASE_URL"))
PEOPLE = {
    "administrator": "administrator",
    "manager": "manager",
    "data-scientist": "data_scientist",
    "on-call": "on_call",
    "product-owner": "viewer",
}


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    if HAS_SERVERS and not shutil.which("redis-server"):
        pytest.skip("redis-server is not installed")
    folder = tmp_path_factory.mktemp("path")
    servers = (OwnServers if HAS_SERVERS else EmbeddedServers)(folder)
    portal = PathPortal(servers, logs=folder / "prediction-logs", model_server=free_place())
    portal.logs.mkdir()
    try:
        portal.start()
        _settle(portal)
        yield portal
    finally:
        for pid in portal.processes():
            with suppress(ProcessLookupError):  # its parent has gone first, and it with it
                os.kill(pid, signal.SIGKILL)
        portal.process.wait()
        servers.end()


def _settle(portal: PathPortal) -> None:
    for username, group in PEOPLE.items():
        portal.add_person(username, group)
    admin = Api(portal, "administrator")
    admin.post("teams/", {"slug": "growth", "name": "Growth"})
    admin.put("teams/growth/members/data-scientist/", {})
    eventually(portal.is_on_time, 60)


@pytest.fixture
def open_window(chromium, portal):
    """Return a function that signs somebody in, by the form, and returns the browser's page."""
    contexts = []

    def open_as(username: str, size: tuple[int, int] = (1440, 900), scheme: str = "light"):
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        portal.sign_in(page, username)
        return page

    yield open_as
    for context in contexts:
        context.close()
