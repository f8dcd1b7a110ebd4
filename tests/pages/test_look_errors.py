import json

import pytest
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.test import Client
from psycopg import errors as postgres

from mlops_portal.pages import errors


def after(failure, request, cause=None):
    """The answer that the portal gives when a view ended in `failure`."""
    try:
        raise failure from cause
    except Exception:
        return errors.broken(request)


@pytest.fixture
def page(rf):
    request = rf.get("/systems/")
    request.id = "a-request-id"
    return request


@pytest.fixture
def call(rf):
    request = rf.get("/api/v1/systems/")
    request.id = "a-request-id"
    return request


@pytest.mark.parametrize("failure", [OperationalError("gone"), InterfaceError("closed")])
def test_a_lost_database_is_said_so_and_asks_to_come_back(page, failure):
    response = after(failure, page)
    assert response.status_code == 503
    assert response["Retry-After"] == "10"
    assert errors.UNREACHABLE in response.content.decode()


def test_a_slow_database_is_not_called_lost(page):
    response = after(OperationalError("slow"), page, cause=postgres.QueryCanceled())
    assert response.status_code == 503
    assert errors.TOO_SLOW in response.content.decode()


def test_any_other_failure_tells_nothing_but_its_number(page):
    response = after(ValueError("the secret"), page)
    assert response.status_code == 500
    assert b"the secret" not in response.content
    assert b"a-request-id" in response.content


@pytest.mark.parametrize(("failure", "status"), [(OperationalError("gone"), 503), (ValueError("x"), 500)])
def test_programs_get_a_problem(call, failure, status):
    response = after(failure, call)
    assert response["Content-Type"] == "application/problem+json"
    body = json.loads(response.content)
    assert body.keys() == {"type", "title", "status", "detail", "request_id"}
    assert (body["status"], body["request_id"]) == (status, "a-request-id")


def test_a_refusal_says_who_may(page):
    response = errors.forbidden(page, PermissionDenied("Who may: Managers."))
    assert response.status_code == 403
    assert "Who may: Managers." in response.content.decode()


def test_an_address_that_leads_nowhere_answers_a_stranger_with_a_page(client, db):
    response = client.get("/no/such/page/")
    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()
    assert response["X-Request-ID"] in response.content.decode()


def test_a_form_without_its_token_is_refused_in_words(viewer):
    client = Client(enforce_csrf_checks=True)
    client.force_login(viewer)
    response = client.post("/components/")
    assert response.status_code == 403
    assert "The form was too old" in response.content.decode()


def test_the_page_stands_when_the_database_is_gone(page, monkeypatch):
    def gone(*args, **kwargs):
        raise OperationalError("gone")

    monkeypatch.setattr(errors, "render", gone)
    assert "There is nothing here" in errors.not_found(page).content.decode()
