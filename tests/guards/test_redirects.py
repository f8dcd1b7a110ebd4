"""Where somebody asks to be sent on, it is never to another site (S21)."""

from urllib.parse import quote, urlsplit

import pytest
from django.test import Client

from tests.factories import PASSWORD
from tests.protections import protects

pytestmark = pytest.mark.django_db
ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "////evil.example/%2f..",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "http://evil.example",
    "HTTPS://evil.example",
    "ftp://evil.example",
    "http://testserver@evil.example/",
    "http://testserver.evil.example/",
    "http://evil.example\\@testserver/",
    "\t//evil.example",
    " //evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\x0b//evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "//evil.example\r\nSet-Cookie: a=b",
    "http://[::1",
    "http:\\evil.example",
]


def is_local(address: str) -> bool:
    """Whether a browser that is here stays here: it takes backslashes for slashes and drops tabs and line breaks."""
    read = address.strip(" \t\r\n\x0b").translate(str.maketrans({"\\": "/", "\t": None, "\n": None, "\r": None}))
    try:
        parts = urlsplit(read)
    except ValueError:
        return False
    if parts.scheme or parts.netloc:
        return parts.scheme in ("", "http", "https") and parts.netloc == "testserver"
    return not read.startswith("//")


def _sign_in(client, to):
    return client.post("/accounts/login/", {"login": "viewer", "password": PASSWORD, "next": to})


def _sign_in_by_address(client, to):
    return client.post(f"/accounts/login/?next={quote(to)}", {"login": "viewer", "password": PASSWORD})


def _signed_in_already(client, to):
    client.login(username="viewer", password=PASSWORD)
    return client.get("/accounts/login/", {"next": to})


def _sign_out(client, to):
    client.login(username="viewer", password=PASSWORD)
    return client.post("/accounts/logout/", {"next": to})


def _sign_out_by_address(client, to):
    client.login(username="viewer", password=PASSWORD)
    return client.post(f"/accounts/logout/?next={quote(to)}")


def _out_already(client, to):
    return client.get("/accounts/logout/", {"next": to})


def _change_password(client, to):
    client.login(username="viewer", password=PASSWORD)
    new = "another-long-password"
    given = {"oldpassword": PASSWORD, "password1": new, "password2": new, "next": to}
    return client.post(f"/accounts/password/change/?next={quote(to)}", given)


WAYS = [
    _sign_in,
    _sign_in_by_address,
    _signed_in_already,
    _sign_out,
    _sign_out_by_address,
    _out_already,
    _change_password,
]


@protects("S21", off={"systems.accounts.Adapter.is_safe_url": lambda self, url: True})
def test_the_way_on_stays_in_the_portal(viewer, settings):
    settings.ACCOUNT_RATE_LIMITS = False
    left = {}
    for way in WAYS:
        for to in ELSEWHERE:
            answer = way(Client(), to)
            assert answer.status_code == 302, (way, to)
            if not is_local(answer["Location"]):
                left[way.__name__, to] = answer["Location"]
            viewer.set_password(PASSWORD)
            viewer.save()
    assert left == {}


@pytest.mark.parametrize("way", [_sign_in, _sign_in_by_address, _signed_in_already])
def test_a_way_on_inside_the_portal_is_taken(viewer, way):
    assert way(Client(), "/systems/?q=a")["Location"] == "/systems/?q=a"


@pytest.mark.parametrize("path", ["//evil.example", "//evil.example/systems/", "/\\evil.example", "/%09//evil.example"])
def test_no_path_of_ours_is_taken_for_another_host(viewer, path):
    for client in (Client(), signed_in := Client()):
        signed_in.force_login(viewer)
        answer = client.get(path)
        assert is_local(answer.get("Location", ""))


@pytest.mark.parametrize("to", ELSEWHERE)
def test_the_judge_of_addresses_would_see_them(to):
    assert not is_local(to)


@pytest.mark.parametrize("to", ["/", "/systems/?next=//evil.example", "http://testserver/x", "?a=b", ""])
def test_the_judge_of_addresses_lets_ours_be(to):
    assert is_local(to)
