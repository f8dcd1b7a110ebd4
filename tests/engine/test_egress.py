"""Where the portal may connect to (RELIABILITY S1, S2, S5, S6)."""

import ipaddress

import pytest

from mlops_portal import environment
from mlops_portal.engine import egress
from mlops_portal.engine.egress import BadUrl, Place, Refused, check_url, is_allowed
from tests.protections import protects


@pytest.fixture
def allowed(settings):
    def allow(*places, local=()):
        settings.EGRESS_ALLOW = [Place.parse(place) for place in places]
        settings.EGRESS_ALLOW_LOCAL = [Place.parse(place) for place in local]

    allow()
    return allow


def may(address, port=80, name=""):
    return is_allowed(ipaddress.ip_address(address), name, port)


@protects("S1", off={"settings.EGRESS_ALLOW": [Place.parse("0.0.0.0/0")]})
def test_without_an_entry_nothing_is_allowed():
    assert not may("8.8.8.8")
    assert not may("10.0.0.1")


@pytest.mark.parametrize(
    ("place", "port", "is_so"),
    [
        ("10.0.0.0/8", 9000, True),
        ("10.0.0.0/8:9000", 9000, True),
        ("10.0.0.0/8:9000", 9001, False),
        ("10.0.0.0/8:9000-9100", 9100, True),
        ("10.0.0.5", 1, True),
        ("10.0.0.6", 1, False),
        ("model.example", 80, True),
        (".example", 80, True),
        ("example", 80, False),
        ("odel.example", 80, False),
    ],
)
def test_an_entry_allows_what_it_names(allowed, place, port, is_so):
    allowed(place)
    assert may("10.0.0.5", port, "model.example") is is_so


def test_networks_of_the_newer_protocol_stand_in_brackets(allowed):
    allowed("[fd12::]/16:8080")
    assert may("fd12::1", 8080)
    assert not may("fd12::1", 8081)


CLOSED = [
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.1.1", "100.100.100.200",
    "168.63.129.16", "192.0.0.192", "224.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "ff02::1",
    "fd00:ec2::254", "fd20:ce::254", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
    "64:ff9b::7f00:1", "2002:a9fe:a9fe::1", "2002:7f00:1::", "::127.0.0.1", "2001:0:7f00:1::",
]  # fmt: skip


@protects("S2", off={"mlops_portal.engine.egress.NEVER": []})
@pytest.mark.parametrize("address", CLOSED)
def test_some_addresses_stay_closed_whatever_is_allowed(allowed, address):
    allowed("0.0.0.0/0", "[::]/0", ".example")
    assert not may(address, name="model.example")


def test_loopback_opens_for_one_port_by_its_own_setting(allowed):
    allowed(local=["127.0.0.1:9090", "[::1]:9091"])
    assert [may("127.0.0.1", 9090), may("127.0.0.1", 9091), may("127.0.0.2", 9090)] == [True, False, False]
    assert may("::1", 9091)


@protects("S1", off={"mlops_portal.engine.egress.own_addresses": set})
def test_the_portals_own_places_stay_closed(allowed, settings, monkeypatch):
    monkeypatch.setitem(settings.DATABASES["default"], "HOST", "10.0.0.7")
    monkeypatch.setitem(settings.DATABASES["default"], "PORT", "5432")
    settings.REDIS_URL, settings.BASE_URL = "redis://10.0.0.8", "http://10.0.0.9:8000"
    settings.KNOCK_URL = "http://127.0.0.1:8001"
    allowed("10.0.0.0/8", local=["127.0.0.1:8001"])
    own = [("10.0.0.7", 5432), ("10.0.0.8", 6379), ("10.0.0.9", 8000), ("127.0.0.1", 8001)]
    assert not any(may(address, port) for address, port in own)
    assert may("10.0.0.7", 9090)


def test_an_own_place_stays_closed_while_its_name_cannot_be_looked_up(allowed, settings, monkeypatch):
    settings.REDIS_URL = "redis://10.0.0.8"
    allowed("10.0.0.0/8")
    assert not may("10.0.0.8", 6379)
    monkeypatch.setattr(egress, "_own_until", 0.0)
    monkeypatch.setattr(egress, "_resolved", lambda *place: set())
    assert not may("10.0.0.8", 6379)


@protects("S2", off={"mlops_portal.engine.egress._literal": lambda host: None})
@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f.1", "127.1", "0", "0177.0.0.1", "169.254.43518", "[::ffff:7f00:1]", "[::1%25lo]"]
)
def test_old_ways_of_writing_an_address_are_seen_through(allowed, host):
    allowed("0.0.0.0/0", "[::]/0")
    with pytest.raises(Refused, match="PORTAL_EGRESS_ALLOW"):
        check_url(f"http://{host}/metrics")


@pytest.mark.parametrize(
    "url",
    [
        "", "model.example", "ftp://10.0.0.1/", "file:///etc/passwd", "gopher://10.0.0.1", "javascript:alert(1)",
        "http://", "http:///x", "http://user:pw@10.0.0.1/", "http://user@10.0.0.1/", "http://10.0.0.1:99999/",
        "http://10.0.0.1:0/", "http://10.0.0.1/#x", "http://10.0.0.1/a b", "http://10.0.0.1/\r\nX: y",
        "http://10.0.0.1\\@model.example/", "http://10.0.0.1/\x00", "http://[::1", "http://10.0.0.1\t/", None,
    ],
)  # fmt: skip
def test_a_url_of_another_form_is_refused_and_says_why(allowed, url):
    allowed("0.0.0.0/0")
    with pytest.raises(BadUrl):
        check_url(url)


@pytest.mark.parametrize("url", ["http://10.0.0.1/metrics?x=1", "https://10.0.0.1:8443", "http://model.example"])
def test_a_plain_url_is_taken(allowed, url):
    allowed("10.0.0.0/8")
    assert check_url(url) is None


@pytest.mark.parametrize("value", ["10.0.0.0/40", "a b", "x:0", "x:9-8", "x:70000", "http://x", "-", "a..b:1"])
def test_a_wrong_entry_names_its_setting(monkeypatch, value):
    monkeypatch.setenv("PORTAL_SOMETHING", value)
    with pytest.raises(environment.WrongSetting, match=r"^PORTAL_SOMETHING "):
        environment.places("PORTAL_SOMETHING")


@pytest.mark.parametrize("value", ["10.0.0.1:80", "127.0.0.1", "127.0.0.0/8:80", "localhost:80", "127.0.0.1:80-81"])
def test_the_exception_is_one_port_of_loopback_and_nothing_else(monkeypatch, value):
    monkeypatch.setenv("PORTAL_SOMETHING", value)
    with pytest.raises(environment.WrongSetting, match=r"^PORTAL_SOMETHING "):
        environment.places("PORTAL_SOMETHING", on_loopback=True)
