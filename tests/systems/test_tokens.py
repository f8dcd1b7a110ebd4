"""Tokens: recognised in the header alone, dead when they should be, good for their scopes, kept as a hash (S26)."""

import base64
from datetime import timedelta

import pytest
from rest_framework.authentication import get_authorization_header

from systems.actions.people import deactivate_person
from systems.models import Scope, Token
from systems.tokens import find_token, make_token, revoke_token
from tests.callers import Caller, caller
from tests.database import texts_of_database
from tests.protections import protects

pytestmark = pytest.mark.django_db


@pytest.fixture
def text(viewer):
    return make_token(person=viewer, scopes=[Scope.READ], by=viewer)[1]


def _from_anywhere(request):
    """Take a token as a careless portal would: out of the address, a cookie, or a password."""
    _, _, encoded = get_authorization_header(request).partition(b"Basic ")
    places = [*request.GET.values(), *request.COOKIES.values(), base64.b64decode(encoded).decode().partition(":")[2]]
    return f"Bearer {next(filter(None, places))}".encode()


def _in_query(client, text):
    return client.get(f"me/?token={text}")


def _in_cookie(client, text):
    client.cookies["token"] = text
    return client.get("me/")


def _as_password(client, text):
    pair = base64.b64encode(f"viewer:{text}".encode()).decode()
    return client.get("me/", headers={"Authorization": f"Basic {pair}"})


@protects("S26", off={"systems.tokens.get_authorization_header": _from_anywhere})
@pytest.mark.parametrize("ask", [_in_query, _in_cookie, _as_password])
def test_a_token_is_taken_from_its_header_alone(text, ask):
    answer = ask(Caller(), text)
    assert answer.status_code == 401
    assert text not in answer.content.decode()


@protects("S26", off={"systems.models.token.TokenQuerySet.alive": lambda tokens: tokens})
@pytest.mark.parametrize("end", ["expired", "revoked", "its owner deactivated"])
def test_a_token_that_has_ended_is_not_known(viewer, text, now, end):
    token = Token.objects.get()
    if end == "expired":
        Token.objects.update(expires_at=now - timedelta(seconds=1))
    elif end == "revoked":
        revoke_token(token=token, by=viewer, at=now)
    else:
        deactivate_person(person=viewer, by=None)
    assert find_token(text) is None


@protects("S26", off={"mlops_portal.engine.api.permissions.require_scope": lambda token, scope: None})
@pytest.mark.parametrize("scope", [scope for scope in Scope if scope != Scope.WRITE])
def test_a_token_does_only_what_it_is_meant_for(manager, system, scope):
    answer = caller(manager, scope).patch("systems/churn/", {"name": "Other"})
    assert answer.status_code == 403
    assert answer.json()["detail"] == "This token lacks the scope write."


@protects("S26", off={"systems.tokens._hash": lambda secret: secret})
def test_the_database_holds_no_token(text):
    assert text.rpartition("_")[2] not in texts_of_database()


@pytest.mark.parametrize(
    "wrong", ["", "mlp", "mlp__", "mlp_0123abcd_", "mlp_\0_x", "mlp_0123abcd_é", "x" * 9000, "MLP_0123abcd_" + "x" * 43]
)
def test_what_is_no_token_is_none(text, wrong):
    assert find_token(wrong) is None


@pytest.mark.parametrize("change", [lambda text: text[:-1] + "~", lambda text: f"{text}x", lambda text: text[:13]])
def test_the_prefix_alone_is_not_enough(text, change):
    assert find_token(change(text)) is None
    assert find_token(text[:13] + "A" * 43) is None


def test_its_use_is_stamped(viewer, text):
    find_token(text)
    assert Token.objects.get().last_used_at
