"""Cookies are for this portal and the browser alone: no script reads them, no other site sends them (S19)."""

import pytest

from mlops_portal import environment
from tests.factories import PASSWORD
from tests.guards.conftest import Browser
from tests.protections import protects

pytestmark = pytest.mark.django_db
IN_A_COOKIE = "django.contrib.messages.storage.cookie.CookieStorage"


def cookies_of_a_visit(*, secure: bool) -> dict:
    """Return every cookie that is set from the sign-in form over a toast to the sign-out, by name."""
    browser, found = Browser(), {}
    steps = [
        ("get", "/accounts/login/", {}),
        ("post", "/accounts/login/", {"login": "viewer", "password": "wrong"}),
        ("post", "/accounts/login/", {"login": "viewer", "password": PASSWORD}),
        ("post", "/components/?confirmed=yes", {}),
        ("get", "/systems/", {}),
        ("post", "/accounts/logout/", {}),
    ]
    for method, address, given in steps:
        answer = getattr(browser, method)(address, given, secure=secure)
        found |= {name: morsel for name, morsel in answer.cookies.items() if morsel["max-age"] != 0}
    return found


@protects("S19", off={"settings.SESSION_COOKIE_HTTPONLY": False})
@protects("S19", off={"settings.CSRF_COOKIE_HTTPONLY": False})
@protects("S19", off={"settings.SESSION_COOKIE_SAMESITE": None})
@protects("S19", off={"settings.CSRF_COOKIE_SAMESITE": "None"})
@protects("S19", off={"settings.MESSAGE_STORAGE": IN_A_COOKIE})
def test_cookies_are_three_and_for_the_browser_alone(viewer):
    found = cookies_of_a_visit(secure=False)
    assert set(found) == {"portal-session", "portal-csrf", "portal-browser"}
    for cookie in found.values():
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
        assert (cookie["path"], cookie["domain"]) == ("/", "")


@protects("S19", off={"mlops_portal.environment.is_loopback": lambda host: True})
@pytest.mark.parametrize("given", ["http://portal.example", "http://10.0.0.8:8000", "http://0.0.0.0:8000"])
def test_beyond_this_machine_there_is_no_portal_without_tls(monkeypatch, given):
    monkeypatch.setenv("PORTAL_BASE_URL", given)
    with pytest.raises(environment.WrongSetting, match=r"^PORTAL_BASE_URL .* TLS"):
        environment.web_address("PORTAL_BASE_URL", "")


@pytest.mark.parametrize(
    "given", ["https://portal.example", "http://127.0.0.1:8000", "http://localhost", "http://[::1]:80"]
)
def test_an_address_with_tls_or_on_this_machine_is_taken(monkeypatch, given):
    monkeypatch.setenv("PORTAL_BASE_URL", given)
    assert environment.web_address("PORTAL_BASE_URL", "") == given
