from datetime import timedelta

import pytest
from django.utils import timezone

from systems.models import Token
from systems.tokens import find_token, make_token

pytestmark = pytest.mark.django_db
PAGE = "/settings/tokens/"


@pytest.fixture
def signed_in(client, viewer):
    client.force_login(viewer)
    return client


def _make(client, **data):
    return client.post(PAGE, {"name": "nightly", "scopes": ["read", "ingest"], "days": "30"} | data)


def test_a_new_token_is_shown_once_and_works(signed_in, viewer):
    response = _make(signed_in)
    text = response.context["text"]
    assert text in response.content.decode()
    assert find_token(text).person == viewer
    assert text not in signed_in.get(PAGE).content.decode()


def test_the_page_that_shows_it_is_kept_by_nobody(signed_in):
    assert _make(signed_in).headers["Cache-Control"] == "no-store"
    assert "no-store" not in signed_in.get(PAGE).headers["Cache-Control"]


def test_it_has_the_scopes_and_the_end_that_were_chosen(signed_in):
    _make(signed_in)
    token = Token.objects.get()
    assert (token.scopes, token.name) == (["read", "ingest"], "nightly")
    assert timedelta(days=29) < token.expires_at - timezone.now() <= timedelta(days=30)


@pytest.mark.parametrize("wrong", [{"scopes": []}, {"scopes": ["all"]}, {"name": ""}, {"days": "1000000"}])
def test_what_is_wrong_makes_nothing(signed_in, wrong):
    assert _make(signed_in, **wrong).status_code == 422
    assert not Token.objects.exists()


def test_revoking_asks_first_and_ends_it_at_once(signed_in):
    text = _make(signed_in).context["text"]
    address = f"{PAGE}{Token.objects.get().prefix}/revoke/"
    assert "cannot be brought back" in signed_in.get(address).content.decode()
    assert find_token(text)
    signed_in.post(address)
    assert find_token(text) is None


def test_other_peoples_tokens_do_not_exist(signed_in, manager):
    token, text = make_token(person=manager, scopes=["read"], by=manager, name="of the manager")
    assert "of the manager" not in signed_in.get(PAGE).content.decode()
    assert signed_in.post(f"{PAGE}{token.prefix}/revoke/").status_code == 404
    assert find_token(text)
