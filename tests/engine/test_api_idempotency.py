from django.db import connections

from mlops_portal.engine.api import idempotency
from mlops_portal.engine.models import IdempotencyKey
from systems.models import System
from tests.callers import caller

BODY = {"slug": "fraud", "name": "Fraud", "team": "growth"}
KEY = {"Idempotency-Key": "first-try"}


def test_the_same_request_again_is_answered_alike_and_not_done_again(manager, team):
    client = caller(manager)
    first, again = (client.post("systems/", BODY, headers=KEY) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert System.objects.filter(slug="fraud").count() == 1


def test_another_request_under_the_same_key_is_422(manager, team):
    client = caller(manager)
    client.post("systems/", BODY, headers=KEY)
    assert client.post("systems/", BODY | {"slug": "other"}, headers=KEY).status_code == 422


def test_a_key_is_its_persons_own(manager, data_scientist, team):
    caller(manager).post("systems/", BODY, headers=KEY)
    assert caller(data_scientist).post("systems/", BODY | {"slug": "other"}, headers=KEY).status_code == 201


def test_an_error_keeps_nothing_so_that_the_next_try_counts(manager, team):
    client = caller(manager)
    assert client.post("systems/", BODY | {"team": "nope"}, headers=KEY).status_code == 400
    assert client.post("systems/", BODY, headers=KEY).status_code == 201


def test_a_crash_between_doing_and_answering_undoes_both(manager, team, monkeypatch):
    client = caller(manager)
    with monkeypatch.context() as crash:
        crash.setattr(IdempotencyKey.objects, "update_or_create", None)
        assert client.post("systems/", BODY, headers=KEY).status_code == 500
    assert not System.objects.filter(slug="fraud").exists()
    assert client.post("systems/", BODY, headers=KEY).status_code == 201


def test_while_the_first_is_at_work_the_second_is_409(manager, team, monkeypatch):
    monkeypatch.setattr(idempotency, "_locked", lambda name: False)
    assert caller(manager).post("systems/", BODY, headers=KEY).status_code == 409


def test_the_lock_is_one_for_all_connections_and_ends_with_the_transaction(db, monkeypatch):
    other = connections.create_connection("default")
    try:
        assert idempotency._locked("manager k")
        with monkeypatch.context() as elsewhere:
            elsewhere.setattr(idempotency, "connection", other)
            assert not idempotency._locked("manager k")
            assert idempotency._locked("manager another")
            assert idempotency._locked("manager another")  # the statement was a transaction of its own
    finally:
        other.close()


def test_where_an_answer_holds_a_secret_no_key_is_taken(viewer):
    assert caller(viewer).post("tokens/", {"scopes": ["read"]}, headers=KEY).status_code == 400


def test_a_key_that_is_none_is_400(manager, team):
    assert caller(manager).post("systems/", BODY, headers={"Idempotency-Key": "a b"}).status_code == 400
