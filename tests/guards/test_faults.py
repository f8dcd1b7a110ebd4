"""Whatever breaks, and wherever: nobody gets in, nothing of the inside is told, a number finds it in the logs (S38)."""

import json

import pytest
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.query import QuerySet
from rest_framework.views import exception_handler

from mlops_portal.engine.api.throttles import PerCaller
from mlops_portal.pages import context
from systems import access
from tests.callers import caller
from tests.protections import protects

pytestmark = pytest.mark.django_db
SECRET = "hunter2 of 10.0.0.8"
INSIDE = [SECRET, "Traceback", "site-packages", "mlops_portal/", ".py", "SELECT", "ValueError", "OperationalError"]
PAGE, CALL = "/systems/", "/api/v1/systems/"


def broken(*args, **kwargs):
    raise ValueError(SECRET)


def broken_middleware(get_response):
    def middleware(request):
        answer = get_response(request)
        return broken() if request.path in (PAGE, CALL) else answer

    return middleware


def _break_view(monkeypatch, settings):
    monkeypatch.setattr(QuerySet, "count", broken)


def _break_template(monkeypatch, settings):
    monkeypatch.setattr(context, "lateness", broken)
    monkeypatch.setattr("systems.api.shapes.SystemShape.to_representation", broken)


def _break_middleware(monkeypatch, settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.broken_middleware"]


def _break_outer_middleware(monkeypatch, settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:3], f"{__name__}.broken_middleware", *settings.MIDDLEWARE[3:]]


def _break_a_rule(monkeypatch, settings):
    monkeypatch.setitem(access.RULES, "read", access.Rule("Nobody knows.", broken))


def _break_throttle(monkeypatch, settings):
    monkeypatch.setattr(PerCaller, "allow_request", broken)
    monkeypatch.setattr(context, "lateness", broken)


BREAKS = [
    _break_view,
    _break_template,
    _break_middleware,
    _break_outer_middleware,
    _break_a_rule,
    _break_throttle,
]


def told(answer) -> list[str]:
    """Return what of the inside the answer tells, and what it lacks."""
    text = answer.content.decode()
    number = answer.headers.get("X-Request-ID", "?")
    return [word for word in INSIDE if word in text] + ([] if number in text else ["no number"])


@protects("S38", off={"settings.DEBUG": True})
@pytest.mark.parametrize("break_it", BREAKS)
def test_a_page_that_breaks_tells_its_number_and_nothing_else(
    browser, manager, system, monkeypatch, settings, break_it
):
    browser.force_login(manager)
    break_it(monkeypatch, settings)
    answer = browser.get(PAGE)
    assert (answer.status_code, told(answer)) == (500, [])
    assert system.name not in answer.content.decode()


DJANGO_ALONE = {
    "settings.DEBUG": True,
    "rest_framework.views.APIView.get_exception_handler": lambda _: exception_handler,
}


@protects("S38", off=DJANGO_ALONE)
@pytest.mark.parametrize("break_it", BREAKS)
def test_a_call_that_breaks_gets_a_problem(manager, system, monkeypatch, settings, break_it):
    program = caller(manager)
    program.raise_request_exception = False
    break_it(monkeypatch, settings)
    answer = program.get(CALL)
    assert (answer.status_code, told(answer)) == (500, [])
    assert answer["Content-Type"] == "application/problem+json"
    assert "churn" not in answer.content.decode()


@pytest.fixture
def no_database(monkeypatch):
    def gone(self):
        raise OperationalError(SECRET)

    def lose():
        monkeypatch.setattr(BaseDatabaseWrapper, "ensure_connection", gone)
        monkeypatch.setattr("mlops_portal.engine.health._ask", lambda: False)

    return lose


@protects("S38", off={"mlops_portal.engine.middleware.SignInRequired": LoginRequiredMiddleware})
@pytest.mark.parametrize(("address", "status"), [("live", 200), ("ready", 503), ("pipeline", 503)])
def test_probes_answer_whoever_asks_when_the_database_is_gone(browser, manager, no_database, address, status):
    browser.force_login(manager)
    no_database()
    answer = browser.get(f"/healthz/{address}")
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/json")
    assert json.loads(answer.content)["ok"] is (status == 200)


@protects("S38", off={"settings.DEBUG": True})
def test_without_the_database_a_page_says_so_and_no_more(browser, manager, no_database):
    browser.force_login(manager)
    no_database()
    answer = browser.get(PAGE)
    assert (answer.status_code, told(answer), answer.get("Retry-After")) == (503, [], "10")


def test_without_the_database_a_call_gets_a_problem(manager, no_database):
    program = caller(manager)
    program.raise_request_exception = False
    no_database()
    answer = program.get(CALL)
    assert (answer.status_code, told(answer), answer["Content-Type"]) == (503, [], "application/problem+json")


def test_without_the_database_nobody_signs_in(browser, no_database):
    no_database()
    answer = browser.post("/accounts/login/", {"login": "manager", "password": "x"})
    assert (answer.status_code, told(answer)) == (503, [])
