"""The rules for the browser stand on every answer there is (S24), nobody else keeps what is not for all (S42)."""

import pytest
from django.conf import settings as portal_settings
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from mlops_portal.engine.middleware import POLICY
from mlops_portal.pages import health
from mlops_portal.pages.settings import tabs
from tests.callers import caller
from tests.guards.addresses import addresses
from tests.guards.conftest import without
from tests.protections import protects

pytestmark = pytest.mark.django_db
WANTED = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
}
A_YEAR = "max-age=31536000; includeSubDomains"


def lacking(answer, wanted=WANTED) -> list[str]:
    return [name for name, value in wanted.items() if answer.headers.get(name) != value]


def test_the_policy_trusts_own_files_alone():
    rules = dict(rule.split(" ", 1) for rule in POLICY.split("; "))
    assert (rules["default-src"], rules["frame-ancestors"], rules["form-action"]) == ("'self'", "'none'", "'self'")
    assert not {"script-src", "style-src", "connect-src"} & set(rules)
    assert "unsafe" not in POLICY
    assert "http" not in POLICY


@protects("S24", off={"settings.MIDDLEWARE": without("security_headers")})
@protects("S24", off={"mlops_portal.engine.middleware.POLICY": f"{POLICY}; script-src 'self' 'unsafe-inline'"})
@protects("S24", off={"settings.SECURE_CONTENT_TYPE_NOSNIFF": False})
@protects("S24", off={"settings.SECURE_REFERRER_POLICY": None})
@protects("S24", off={"settings.MIDDLEWARE": without("XFrameOptionsMiddleware")})
@pytest.mark.parametrize("who", ["anonymous", "manager"])
def test_every_route_answers_with_the_rules(browser, request, system, who):
    if who != "anonymous":
        browser.force_login(request.getfixturevalue(who))
    answers = {address: browser.get(address) for address in addresses()}
    answers["a post"] = browser.post("/notices/read/")
    assert len(answers) > 100
    assert {address: lacking(answer) for address, answer in answers.items() if lacking(answer)} == {}


def broken(*args, **kwargs):
    raise ValueError


def refused(*args, **kwargs):
    raise PermissionDenied


def _throttled(browser, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    return [browser.post("/accounts/login/") for _ in range(2)][-1]


def _failing(browser, monkeypatch, view):
    monkeypatch.setattr(health, "database_answers", view)
    return browser.get("/healthz/ready")


WAYS = {
    200: lambda at: at.browser.get(at.static_file),
    302: lambda at: at.browser.get("/systems/"),
    301: lambda at: at.browser.get("/systems"),
    400: lambda at: at.browser.get("/%00"),
    401: lambda at: at.browser.get("/systems/", headers={"HX-Request": "true"}),
    403: lambda at: _failing(at.browser, at.monkeypatch, refused),
    404: lambda at: at.browser.get("/static/nothing.css"),
    405: lambda at: at.browser.post("/healthz/live"),
    429: lambda at: _throttled(at.browser, at.settings),
    500: lambda at: _failing(at.browser, at.monkeypatch, broken),
}


class At:
    def __init__(self, **things):
        vars(self).update(things)


@pytest.fixture
def at(browser, static_file, monkeypatch, settings):
    return At(browser=browser, static_file=static_file, monkeypatch=monkeypatch, settings=settings)


@protects("S24", off={"settings.MIDDLEWARE": without("security_headers")})
@protects("S24", off={"settings.MIDDLEWARE": without("SecurityMiddleware")})
@pytest.mark.parametrize("status", WAYS)
def test_answers_of_every_kind_have_the_rules(at, status):
    answer = WAYS[status](at)
    assert (answer.status_code, lacking(answer)) == (status, [])


def test_a_host_that_is_not_ours_is_refused_with_the_rules(browser):
    answer = browser.get("/systems/", headers={"Host": "evil.example"})
    assert (answer.status_code, lacking(answer)) == (400, [])


@protects("S24", off={"settings.MIDDLEWARE": without("SecurityMiddleware")})
@pytest.mark.parametrize(
    "address", ["/accounts/login/", "/no/such/page/", "/api/v1/systems/", "/%00", "/static/style.css"]
)
def test_over_tls_browsers_are_told_to_stay_there(browser, settings, static_file, address):
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = 31_536_000, True
    assert lacking(browser.get(address, secure=True), {"Strict-Transport-Security": A_YEAR}) == []


def how_kept(answer) -> set[str]:
    return {one.strip() for one in answer.headers.get("Cache-Control", "").split(",")}


@protects("S42", off={"settings.MIDDLEWARE": without("security_headers")})
@pytest.mark.parametrize("who", ["anonymous", "manager"])
def test_no_page_is_kept_for_others(browser, request, system, static_file, who):
    if who != "anonymous":
        browser.force_login(request.getfixturevalue(who))
    answers = {address: how_kept(browser.get(address)) for address in [*addresses(), "/static/nothing.css"]}
    kept = {at: how for at, how in answers.items() if "no-store" not in how and not {"private", "no-cache"} <= how}
    assert kept == {reverse("api:spec-schema"): {"public", "max-age=86400"}}  # which says nothing of anybody
    assert "public" in how_kept(browser.get(static_file))


def _token(client):
    return client.post("/settings/tokens/", {"name": "nightly", "scopes": ["read"], "days": "30"})


SHOWN = {"token": _token, "link": lambda client: client.post("/settings/people/viewer/link/")}
SHOWS = "mlops_portal.pages.settings.{}.show_once".format


@protects("S42", off={SHOWS("tokens"): tabs.show, SHOWS("people"): tabs.show})
@pytest.mark.parametrize("what", SHOWN)
def test_what_shows_a_secret_is_kept_by_nobody(browser, administrator, viewer, what):
    browser.force_login(administrator)
    answer = SHOWN[what](browser)
    assert (answer.status_code, how_kept(answer)) == (200, {"no-store"})


def test_a_program_that_gets_a_token_keeps_no_answer(administrator):
    answer = caller(administrator).post("tokens/", {"scopes": ["read"]})
    assert (answer.status_code, "no-store" in how_kept(answer)) == (201, True)


@protects("S39", off={"settings.MIDDLEWARE": [f"{__name__}.open_to_all", *portal_settings.MIDDLEWARE]})
@pytest.mark.parametrize("who", ["anonymous", "manager"])
def test_no_other_site_may_read_an_answer(browser, request, system, who):
    if who != "anonymous":
        browser.force_login(request.getfixturevalue(who))
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    answers = [ask(at, headers=asked) for at in addresses() for ask in (browser.get, browser.options)]
    assert [name for answer in answers for name in answer.headers if name.lower().startswith("access-control-")] == []


def open_to_all(get_response):
    """What a portal has that was opened to scripts of other sites."""

    def middleware(request):
        answer = get_response(request)
        answer["Access-Control-Allow-Origin"] = request.headers.get("Origin", "*")
        return answer

    return middleware
