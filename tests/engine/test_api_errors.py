import json

import pytest
from django.db import OperationalError
from rest_framework.settings import api_settings

from mlops_portal.engine.api.errors import by_path
from systems.api.systems import Systems
from tests.callers import Caller, caller
from tests.protections import protects

MEMBERS = {"type", "title", "status", "detail", "request_id"}


def problem(response, status):
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    said = json.loads(response.content)
    assert set(said) >= MEMBERS
    assert said["status"] == status
    assert said["request_id"] == response["X-Request-ID"]
    return said


def test_every_error_has_the_same_shape(manager, system):
    client = caller(manager)
    problem(Caller().get("systems/"), 401)
    problem(client.get("systems/nope/"), 404)
    problem(client.get("nowhere/"), 404)
    problem(client.get("systems"), 404)
    problem(client.put("systems/"), 405)
    problem(client.options("systems/"), 405)
    problem(client.get("systems/", headers={"Accept": "text/html"}), 406)
    problem(client.post("systems/", "a=b", content_type="application/x-www-form-urlencoded"), 415)
    problem(client.post("systems/", "{", content_type="application/json"), 400)
    problem(client.get("systems/?q=%00"), 400)


@protects("S8", off={"mlops_portal.engine.api.parsing.MAX_BYTES": 10**9})
def test_a_body_over_10_mb_is_413(manager):
    body = b'"' + b"x" * (10 * 1024 * 1024) + b'"'
    problem(caller(manager).post("systems/", body, content_type="application/json"), 413)


def test_unknown_fields_parameters_and_pages_are_400(manager, system):
    client = caller(manager)
    assert set(problem(client.get("systems/?nope=1&tier=9"), 400)["errors"]) == {"nope"}
    assert set(problem(client.get("systems/?tier=9"), 400)["errors"]) == {"tier"}
    assert set(problem(client.get("systems/?sort=up"), 400)["errors"]) == {"sort"}
    assert set(problem(client.get("systems/churn/?fields=all"), 400)["errors"]) == {"fields"}
    assert set(problem(client.patch("systems/churn/", {"nope": 1, "status": "healthy"}), 400)["errors"]) == {
        "nope",
        "status",
    }


@pytest.mark.parametrize("asked", ["0", "501", "-1", "ten", "", "1e2", "9" * 30])
def test_a_page_size_from_1_to_500_or_400(manager, asked):
    problem(caller(manager).get(f"systems/?page_size={asked}"), 400)
    problem(caller(manager).get(f"audit/?page_size={asked}"), 400)


@protects("S8", off={"mlops_portal.engine.api.paging.MOST": 10**6})
@pytest.mark.parametrize("path", ["systems/", "audit/", "sources/", "incidents/"])
def test_no_page_is_longer_than_500(manager, path):
    problem(caller(manager).get(f"{path}?page_size=501"), 400)


def test_a_cursor_that_was_not_given_out_is_400(administrator):
    for cursor in ("x", "cD1hYmM=", "cD0lMDA=", "cD0xJTAw"):
        problem(caller(administrator).get(f"audit/?cursor={cursor}"), 400)


def test_what_nobody_foresaw_is_a_bare_500(manager, monkeypatch):
    def fall(view, request):
        raise RuntimeError("secret")

    monkeypatch.setattr(Systems, "list", fall)
    response = caller(manager).get("systems/")
    problem(response, 500)
    assert b"secret" not in response.content
    assert b"Traceback" not in response.content


@pytest.mark.fault("F14")
def test_without_a_database_it_is_503_and_says_when_to_come_again(manager, monkeypatch):
    def fall(view, request):
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(Systems, "list", fall)
    response = caller(manager).get("systems/")
    problem(response, 503)
    assert response["Retry-After"] == "5"


@protects("S33", off={"mlops_portal.engine.api.throttles.wait_for": lambda what, who: 0})
def test_too_many_requests_of_one_token_are_429(manager, settings, monkeypatch):
    monkeypatch.setattr("mlops_portal.engine.limits.now", lambda: 1000.5)
    settings.LIMITS = settings.LIMITS | {"api": (2, 60)}
    first, second = caller(manager), caller(manager)
    assert [first.get("me/").status_code for _ in range(2)] == [200, 200]
    response = first.get("me/")
    problem(response, 429)
    assert response["Retry-After"] == "20"
    assert second.get("me/").status_code == 200


def test_errors_are_named_by_the_path_of_the_field():
    nested = {"points": [{}, {"value": ["No number."]}], "non_field_errors": ["Both."], "tags": {"0": ["Long."]}}
    assert by_path(nested) == {"points.1.value": ["No number."], "body": ["Both."], "tags.0": ["Long."]}


def test_no_view_is_open_by_default():
    assert [one.__name__ for one in api_settings.DEFAULT_PERMISSION_CLASSES] == ["Denied"]
    assert api_settings.DEFAULT_PERMISSION_CLASSES[0]().has_permission(None, None) is False
