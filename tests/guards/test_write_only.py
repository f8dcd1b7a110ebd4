"""Credentials go in and never come out, and do not follow an address to another place (RELIABILITY S28)."""

import pytest

from mlops_portal.engine.models import Change
from mlops_portal.engine.plain_yaml import write_yaml
from mlops_portal.spec import export
from monitoring.actions import sources
from monitoring.actions.sources import connect_source, edit_source, leads_elsewhere
from monitoring.api.shapes import SourceShape
from monitoring.connectors import connector_of
from monitoring.models import Source
from tests.callers import caller
from tests.doors.cast import ANONYMOUS, KINDS
from tests.doors.conftest import open_world, people, world  # noqa: F401  fixtures
from tests.doors.routes import ROUTES
from tests.protections import protects

pytestmark = pytest.mark.django_db
SECRET = "marker-of-a-bearer-0123"
HERE, ELSEWHERE = "http://model.example:8000/metrics", "http://other.example:8000/metrics"
ASKED = "The address leads to another place now: give the credentials again"


@pytest.fixture
def source(system, manager, now):
    said = {"kind": "prometheus_text", "settings": {"url": HERE}, "credentials": {"bearer": SECRET}}
    return connect_source(system=system, name="Pages", by=manager, at=now, **said)


def by_page(client, person, source, url):
    client.force_login(person)
    typed = {"name": "Pages", "interval_s": "300", "settings.url": url, "version": source.version}
    return client.post(f"/sources/{source.pk}/edit/", typed)


def by_api(client, person, source, url):
    return caller(person).patch(f"sources/{source.pk}/", {"settings": {"url": url}, "interval_s": 300})


def by_file(client, person, source, url):
    document = export(source.system)
    document["sources"][0] |= {"settings": {"url": url}, "interval_s": 300}
    return caller(person).put("systems/churn/spec/?take=file", {"version": 1, "sources": document["sources"]})


DOORS = pytest.mark.parametrize("door", [by_page, by_api, by_file])


@protects("S28", off={"monitoring.actions.sources.leads_elsewhere": lambda connector, old, new: False})
@DOORS
def test_another_place_asks_for_the_credentials_again(client, manager, source, door):
    answer = door(client, manager, source, ELSEWHERE)
    assert answer.status_code in (400, 422)
    assert ASKED in answer.content.decode()
    assert Source.objects.get().settings == {"url": HERE}


SEAL = sources._seal


def _wipes(source, credentials):
    SEAL(source, credentials or {})


@protects("S28", off={"monitoring.actions.sources._seal": _wipes})
@DOORS
def test_what_says_nothing_of_credentials_keeps_them(client, manager, source, door):
    assert door(client, manager, source, HERE).status_code in (200, 302)
    edited = Source.objects.get()
    assert (edited.interval_s, edited.secret) == (300, source.secret)


@pytest.mark.parametrize(
    ("new", "is_elsewhere"),
    [
        ("http://model.example:8000/other?a=b", False),
        ("http://MODEL.example:8000/metrics", False),
        ("https://model.example:8000/metrics", True),
        ("http://model.example:8001/metrics", True),
        ("http://model.example/metrics", True),
        ("http://model.example.evil.example:8000/metrics", True),
        ("http://model.example:99999/metrics", True),
    ],
)
def test_a_place_is_scheme_host_and_port_however_deep_it_stands(new, is_elsewhere):
    connector = connector_of("prometheus_text")
    assert leads_elsewhere(connector, {"url": HERE}, {"url": new}) is is_elsewhere
    deep = {"servers": [{"primary": new}], "url": HERE}
    assert leads_elsewhere(connector, {"servers": [{"primary": HERE}], "url": HERE}, deep) is is_elsewhere


@protects("S28", off={"monitoring.actions.sources._said": lambda credentials: credentials or {}})
def test_the_trail_says_that_there_are_new_ones_and_not_which(manager, source):
    again = {"credentials": {"header": {"X-Key": "marker-of-a-header"}}}
    assert caller(manager).patch(f"sources/{source.pk}/", again).status_code == 200
    told = str(list(Change.objects.values()))
    assert "new ones" in told
    assert "marker-of" not in told


def test_a_file_takes_no_credentials_and_does_not_repeat_them(manager, source):
    wrong = {"version": 1, "sources": [{"name": "Pages", "kind": "prometheus_text", "settings": {"url": HERE}}]}
    wrong["sources"][0]["credentials"] = {"bearer": SECRET}
    answer = caller(manager).put("systems/churn/spec/", wrong)
    assert answer.status_code == 400
    assert SECRET not in answer.content.decode()


def test_a_file_gives_no_credentials(source):
    text = write_yaml(export(source.system))
    assert HERE in text
    assert SECRET not in text
    assert source.secret not in text


@pytest.mark.parametrize("wrong", [{"credentials": {"bearer": [SECRET]}}, {"credentials": SECRET, "x": SECRET}])
def test_what_is_refused_is_not_repeated(manager, source, wrong):
    answer = caller(manager).patch(f"sources/{source.pk}/", wrong)
    assert answer.status_code == 400
    assert SECRET not in answer.content.decode()


SHOWN = {"monitoring.api.shapes.SourceShape.Meta.fields": [*SourceShape.Meta.fields, "secret"]}


@protects("S28", off=SHOWN)
@pytest.mark.parametrize("world", ["open"], indirect=True)
def test_nobody_is_shown_credentials_at_any_address(client, world, manager, now):  # noqa: F811
    source = Source.objects.first()
    Source.objects.update(kind="prometheus_text", settings={"url": HERE})
    source = edit_source(source=source, credentials={"bearer": SECRET}, by=manager, at=now)
    addresses = {world.address(route, "manager") for route in ROUTES if route.is_page or "get" in route.actions}
    for kind in KINDS:
        client.logout()
        if kind != ANONYMOUS:
            client.force_login(world.people[kind])
        texts = {address: client.get(address).content.decode() for address in addresses}
        assert [address for address, text in texts.items() if SECRET in text or source.secret in text] == []


def test_there_is_no_door_that_shows_rows_as_they_are(settings, client, administrator):
    client.force_login(administrator)
    assert "django.contrib.admin" not in settings.INSTALLED_APPS
    assert client.get("/admin/").status_code == 404
