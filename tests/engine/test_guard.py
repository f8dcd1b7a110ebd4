"""Whichever library makes a connection inside the guard, it is judged (RELIABILITY S1, S4)."""

import asyncio
import contextlib
import smtplib
import socket
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from http.client import HTTPConnection

import pytest

from mlops_portal.engine import egress, fetching
from mlops_portal.engine.egress import Place, Refused
from mlops_portal.engine.guard import guarded
from tests.hostile import Target
from tests.loops import run_alone
from tests.protections import protects

NOT_JUDGED = {"mlops_portal.engine.guard._judge": lambda *_: None}


@pytest.fixture
def target():
    target = Target()
    yield target
    target.end()


@pytest.fixture
def resolver(monkeypatch):
    """Names that a test sets lead where it says; the others where they always do."""
    places, resolve = {}, egress.look_up

    def look_up(host, *arguments, **more):
        return resolve(places.get(host, host), *arguments, **more)

    monkeypatch.setattr(egress, "look_up", look_up)
    return places


def ask(port, host="127.0.0.1"):
    with contextlib.closing(HTTPConnection(host, port, timeout=2)) as door:
        door.request("GET", "/ok")
        door.getresponse().read()


def datagram(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x", ("127.0.0.1", port))


def message(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendmsg([b"x"], [], 0, ("127.0.0.1", port))


def bare(family, address):
    with contextlib.suppress(Refused), socket.socket(family) as opened:
        opened.connect_ex(address)


def in_a_thread(port):
    thread = threading.Thread(target=bare, args=[socket.AF_INET, ("127.0.0.1", port)])
    thread.start()
    thread.join()


def in_a_pool(port):
    with ThreadPoolExecutor(1) as pool:
        pool.submit(bare, socket.AF_INET, ("127.0.0.1", port)).result()


async def streams(port):
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    await writer.wait_closed()


WAYS = {
    "http.client": ask,
    "urllib": lambda port: urllib.request.urlopen(f"http://127.0.0.1:{port}/ok", timeout=2).close(),
    "smtplib": lambda port: smtplib.SMTP("127.0.0.1", port, timeout=2).close(),
    "a bare socket": lambda port: bare(socket.AF_INET, ("127.0.0.1", port)),
    "a bare socket by name": lambda port: bare(socket.AF_INET, ("localhost", port)),
    "a bare socket by bytes": lambda port: bare(socket.AF_INET, (b"127.0.0.1", port)),
    "IPv4 inside IPv6": lambda port: bare(socket.AF_INET6, ("::ffff:127.0.0.1", port)),
    "a path": lambda port: bare(socket.AF_UNIX, "/tmp/nobody-listens-here"),
    "a datagram": datagram,
    "a message": message,
    "a thread": in_a_thread,
    "a pool": in_a_pool,
    "asyncio": lambda port: run_alone(streams(port)),
    "asyncio's threads": lambda port: run_alone(asyncio.to_thread(ask, port)),
    "the portal's threads": lambda port: fetching.run(asyncio.to_thread(ask, port)),
}


@protects("S1", off=NOT_JUDGED)
@pytest.mark.parametrize("way", WAYS)
def test_whichever_way_is_taken_the_address_is_judged(target, way):
    with pytest.raises(Refused), guarded(), contextlib.suppress(Exception):  # a library may hide what it is told
        WAYS[way](target.port)
    assert target.touched == 0


def test_what_is_allowed_is_reached_and_what_is_outside_is_not_asked(target, settings):
    settings.EGRESS_ALLOW_LOCAL = [Place.parse(f"127.0.0.1:{target.port}")]
    with guarded():
        ask(target.port)
    settings.EGRESS_ALLOW_LOCAL = []
    ask(target.port)
    assert target.touched == 2


def test_every_address_of_a_name_is_judged(target, settings):
    settings.EGRESS_ALLOW_LOCAL = [Place.parse("127.0.0.2:80")]
    with pytest.raises(Refused), guarded():
        ask(target.port, "localhost")
    assert target.touched == 0


@protects("S1", off=NOT_JUDGED)
def test_an_entry_with_a_name_opens_what_that_name_leads_to_and_nothing_else(target, settings, resolver, monkeypatch):
    monkeypatch.setattr(egress, "NEVER", [])
    settings.EGRESS_ALLOW = [Place.parse("metrics.example")]
    resolver |= {"Metrics.Example.": "127.0.0.1", "other.example": "127.0.0.1"}
    with guarded():
        ask(target.port, "Metrics.Example.")
    with pytest.raises(Refused), guarded():
        ask(target.port, "other.example")
    with pytest.raises(Refused), guarded():
        bare(socket.AF_INET, ("127.0.0.1", target.port))
    assert target.touched == 1


@protects("S1", off={"mlops_portal.engine.guard.copy_context": Context})
@pytest.mark.parametrize("way", ["a thread", "a pool"])
def test_a_thread_is_judged_as_whoever_began_it(target, way):
    with pytest.raises(Refused), guarded():
        WAYS[way](target.port)
