"""What holds for every kind of source, also for those that teams add (RELIABILITY S1, S5, S6)."""

import socket
import sys
from contextlib import closing, nullcontext, suppress
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from itertools import product
from types import ModuleType
from urllib.parse import urlsplit

import pytest

from mlops_portal.engine import egress, fetching
from mlops_portal.engine.egress import REFUSAL, Place
from monitoring import connectors
from monitoring.actions.pulling import asking, pull_source
from monitoring.actions.sources import test_source as try_source
from monitoring.connectors.connector import Failed, Limits, Pulled
from monitoring.models import Source
from tests.callers import caller
from tests.factories import SourceFactory
from tests.hostile import Target
from tests.monitoring.conftest import Pages
from tests.protections import protects

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
NOT_JUDGED = {"mlops_portal.engine.egress.is_allowed": lambda *_: True}
NOT_GUARDED = {"monitoring.actions.asking.guarded": nullcontext}
FORMS = [
    "http://127.0.0.1:{port}/", "http://127.1:{port}/", "http://127.0.1:{port}/", "http://2130706433:{port}/",
    "http://0x7f.1:{port}/", "http://0x7f000001:{port}/", "http://0177.0.0.1:{port}/", "http://017700000001:{port}/",
    "http://127.000.000.001:{port}/", "http://127.0.0.1.:{port}/", "http://0:{port}/", "http://0.0.0.0:{port}/",
    "http://localhost:{port}/", "http://LocalHost:{port}/", "http://localhost.:{port}/", "http://[::1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/", "http://[::ffff:7f00:1]:{port}/", "http://[0:0:0:0:0:ffff:7f00:1]:{port}/",
    "http://[::127.0.0.1]:{port}/", "http://[64:ff9b::7f00:1]:{port}/", "http://[2002:7f00:1::]:{port}/",
    "http://[::1%25lo]:{port}/", "http://[::]:{port}/", "http://inside.example:{port}/", "http://①②⑦.⓪.⓪.①:{port}/",
    "http://127。0。0。1:{port}/", "http://%31%32%37.0.0.1:{port}/", "http://model.example@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}#@model.example/", "http://model.example:80\\@127.0.0.1:{port}/", "https://127.0.0.1:{port}/",
    "HTTP://127.0.0.1:{port}/", "http://127.0.0.1:{port}/?x=http://model.example", "http:////127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\t/", "ftp://127.0.0.1:{port}/", "file://127.0.0.1:{port}/", "gopher://127.0.0.1:{port}/",
]  # fmt: skip


class ByHand(Pages):
    """A team's own kind: it takes any address, and connects by Python's own library."""

    kind = "by_hand"

    def checked(self, settings):
        return settings

    async def discover(self, settings, credentials, *, at, limits):
        with suppress(OSError, ValueError, HTTPException):
            parts = urlsplit(settings["url"])
            with closing(HTTPConnection(parts.hostname or "", parts.port, timeout=1)) as door:
                door.request("GET", "/")
        return []

    async def pull(self, settings, credentials, wanted, *, since, at, limits):
        await self.discover(settings, credentials, at=at, limits=limits)
        return Pulled()


@pytest.fixture
def by_hand(monkeypatch):
    module = ModuleType("by_hand")
    module.Connector = ByHand
    known = connectors.kinds()
    monkeypatch.setitem(sys.modules, "monitoring.connectors.by_hand", module)
    monkeypatch.setattr(connectors, "kinds", lambda: (*known, "by_hand"))
    yield
    connectors.connector_of.cache_clear()


@pytest.fixture
def canary(settings, monkeypatch):
    """Listens on loopback, where nothing may ever come, though everything is on the list."""
    settings.EGRESS_ALLOW = [Place.parse(place) for place in ("0.0.0.0/0", "[::]/0", ".example", "localhost")]
    resolve = egress.look_up
    known = {"inside.example": "127.0.0.1", "localhost": "127.0.0.1"}  # nobody outside is asked for the others

    def look_up(host, port, family=0, type=0, proto=0, flags=0):
        host = known.get(str(host).lower().rstrip("."), host)
        return resolve(host, port, family, type, proto, socket.AI_NUMERICHOST)

    monkeypatch.setattr(egress, "look_up", look_up)
    canary = Target()
    yield canary
    canary.end()


def kinds_with_a_url():
    kinds = {kind: connectors.connector_of(kind).settings["properties"] for kind in connectors.kinds()}
    return [kind for kind, rules in kinds.items() if any(rule.get("format") == "uri" for rule in rules.values())]


async def ask(kind, url, limits):
    """Ask in both ways, with settings that nobody has checked."""
    connector, settings = connectors.connector_of(kind), {"url": url}
    with suppress(Failed):
        async with asking(limits):
            await connector.discover(settings, {}, at=NOON, limits=limits)
    with suppress(Failed):
        async with asking(limits):
            await connector.pull(settings, {}, [], since=None, at=NOON, limits=limits)


@pytest.mark.usefixtures("by_hand")
@protects("S1", off=NOT_JUDGED)
def test_no_way_of_writing_an_address_leads_to_the_canary(canary):
    kinds = kinds_with_a_url()
    assert {"prometheus_text", "by_hand"} <= set(kinds)
    for kind, form in product(kinds, FORMS):
        fetching.run(ask(kind, form.format(port=canary.port), Limits(deadline_s=0.5)))
    assert canary.touched == 0


@pytest.mark.django_db
@pytest.mark.usefixtures("by_hand")
@protects("S1", off=NOT_GUARDED)
def test_a_kind_that_connects_by_itself_is_refused_when_it_pulls(system, canary, now):
    source = SourceFactory(system=system, kind="by_hand", settings={"url": f"http://127.0.0.1:{canary.port}/"})
    pull = pull_source(source, due_at=now, at=now)
    assert (pull.outcome, pull.error, canary.touched) == ("refused", REFUSAL, 0)


@pytest.mark.usefixtures("by_hand")
@protects("S1", off=NOT_GUARDED)
def test_a_kind_that_connects_by_itself_is_refused_when_it_is_tried(canary):
    with pytest.raises(Failed) as failed:
        try_source(kind="by_hand", settings={"url": f"http://127.0.0.1:{canary.port}/"}, credentials={}, at=NOON)
    assert (failed.value.outcome, str(failed.value), canary.touched) == ("refused", REFUSAL, 0)


BAD = [
    "model.example", "//model.example", "ftp://10.0.0.1/", "file:///etc/passwd", "gopher://10.0.0.1/",
    "javascript:alert(1)", "data:text/plain,up%201", "http://", "http:///metrics", "http://user:pw@10.0.0.1/",
    "http://user@10.0.0.1/", "http://10.0.0.1:99999/", "http://10.0.0.1:0/", "http://10.0.0.1/#x", "http://10.0.0.1/a ",
    "http://10.0.0.1/\r\nX: y", "http://10.0.0.1\\@model.example/", "http://[::1", "http://10.0.0.1\t/", "jar:http://a!/",
    "unix:///var/run/docker.sock", "HTTP//10.0.0.1/",
]  # fmt: skip


@pytest.mark.django_db
@protects("S6", off={"mlops_portal.engine.egress.check_url": lambda url: None})
@pytest.mark.parametrize("url", BAD)
def test_a_url_of_another_form_is_a_400_beside_its_field(data_scientist, system, settings, url):
    settings.EGRESS_ALLOW = [Place.parse("10.0.0.0/8")]
    body = {"system": "churn", "kind": "prometheus_text", "name": "Pages", "settings": {"url": url}}
    answer = caller(data_scientist).post("sources/", body)
    assert (answer.status_code, list(answer.json().get("errors", {}))) == (400, ["settings.url"])
    assert not Source.objects.exists()
