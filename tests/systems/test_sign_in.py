import pytest
from django.contrib.auth import get_user
from django.contrib.sessions.models import Session
from django.test import Client

from mlops_portal.engine.models import Change
from mlops_portal.settings import MIDDLEWARE
from systems.actions.people import deactivate_person
from systems.models import Token
from systems.tokens import make_token
from tests.callers import caller
from tests.factories import PASSWORD, IncidentFactory
from tests.protections import protects

LOGIN = "/accounts/login/"
SESSION = "django.contrib.sessions.backends.base.SessionBase"
SESSIONS_OUTLIVE = {
    "systems.actions.people._end_sessions": lambda person: None,
    "django.contrib.auth.backends.ModelBackend.user_can_authenticate": lambda backend, person: True,
}


def _try(client, username, password=PASSWORD, **extra):
    return client.post(LOGIN, {"login": username, "password": password} | extra)


def _is_in(client) -> bool:
    return client.get("/incidents/").status_code == 200


def _rows():
    return list(Change.objects.filter(kind="session").values_list("verb", "object", "by", "door"))


@pytest.mark.parametrize("typed", ["viewer", "VIEWER", " Viewer "])
def test_capitals_make_no_difference(client, viewer, typed):
    _try(client, typed)
    assert get_user(client).username == "viewer"


def _answer_without_what_was_typed(client, username, password):
    response = _try(client, username, password)
    page = response.content.decode()
    for secret in (response.context["csrf_token"], username):
        page = page.replace(str(secret), "")
    body = page.partition("<main")[2]
    return response.status_code, body.replace(body.partition('csrfmiddlewaretoken" value="')[2].partition('"')[0], "")


def test_unknown_wrong_and_deactivated_get_the_same_answer(client, viewer, manager):
    deactivate_person(person=manager, by=None)
    unknown = _answer_without_what_was_typed(client, "nobody-here", PASSWORD)
    wrong = _answer_without_what_was_typed(client, "viewer", "wrong")
    deactivated = _answer_without_what_was_typed(client, "manager", PASSWORD)
    assert unknown == wrong == deactivated
    assert not _is_in(client)


@protects("S18", off={f"{SESSION}.cycle_key": lambda session: None})
def test_the_session_has_another_id_after_signing_in(client, viewer):
    client.get(LOGIN)
    session = client.session
    session["seen"] = "before"
    session.save()
    client.cookies["portal-session"] = session.session_key
    _try(client, "viewer")
    assert client.session.session_key != session.session_key


@protects("S18", off={f"{SESSION}.flush": lambda session: None})
def test_signing_out_is_a_post_and_ends_the_session_on_the_server(client, viewer):
    client.force_login(viewer)
    thief = Client()
    thief.cookies = client.cookies.copy()
    client.get("/accounts/logout/")
    assert _is_in(thief)
    client.post("/accounts/logout/")
    assert not _is_in(thief)


@pytest.mark.parametrize(
    "next_page",
    [
        "//evil.example/",
        r"/\evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "\t//evil",
    ],
)
def test_next_stays_in_the_house(client, viewer, next_page):
    assert _try(client, "viewer", next=next_page).url == "/"


def test_next_leads_on(client, viewer):
    assert client.get("/incidents/7/").url == f"{LOGIN}?next=/incidents/7/"
    assert _try(client, "viewer", next="/incidents/7/").url == "/incidents/7/"


def test_after_five_wrong_tries_not_even_the_right_one_counts_for_a_while(client, viewer):
    for number in range(5):
        _try(client, "viewer", "wrong", headers={"X-Forwarded-For": f"10.0.0.{number}"})
    response = client.post(LOGIN, {"login": "Viewer", "password": PASSWORD}, headers={"X-Forwarded-For": "10.0.0.99"})
    assert "Too many" in response.content.decode()
    assert not _is_in(client)


def test_many_tries_from_one_address_are_429_in_our_look(client, db):
    answers = [_try(client, f"name{number}", "wrong") for number in range(31)]
    assert answers[-1].status_code == 429
    assert "Too many tries" in answers[-1].content.decode()
    assert "Content-Security-Policy" in answers[-1].headers


@protects("S37", off={"systems.sign_ins.record": lambda **row: None})
def test_signing_in_writes_one_row(client, viewer):
    _try(client, "viewer")
    assert _rows() == [("signed_in_as", "viewer", "viewer", "page")]


@protects("S37", off={"systems.sign_ins.record": lambda **row: None})
def test_a_wrong_password_writes_one_row(client, viewer):
    _try(client, "VIEWER", "wrong")
    assert _rows() == [("failed_to_sign_in_as", "viewer", "", "page")]


def test_what_was_typed_as_an_unknown_name_is_not_kept(client, db):
    _try(client, "my-password-in-the-wrong-field", "wrong")
    assert _rows() == [("failed_to_sign_in_as", "an unknown name", "", "page")]


def test_a_nul_in_the_name_is_no_error_of_ours(client, db):
    assert _try(client, "vie\x00wer").status_code == 200


@protects("S37", off={"mlops_portal.engine.middleware.audit.record": lambda **row: None})
def test_a_refusal_writes_one_row(client, viewer):
    IncidentFactory(number=7)
    client.force_login(viewer)
    assert client.post("/incidents/7/acknowledge/", {"version": 1}).status_code == 403
    rows = Change.objects.filter(verb="refused").values_list("by", "object")
    assert list(rows) == [("viewer", "POST /incidents/7/acknowledge/")]


@protects("S18", off=SESSIONS_OUTLIVE | {"systems.models.token.TokenQuerySet.alive": lambda tokens: tokens})
def test_deactivating_ends_open_sessions_and_tokens_at_once(client, viewer):
    client.force_login(viewer)
    _, text = make_token(person=viewer, scopes=["metrics"], by=viewer)
    assert _is_in(client)
    assert Client().get("/metrics", headers={"Authorization": f"Bearer {text}"}).status_code == 200
    deactivate_person(person=viewer, by=None)
    assert not _is_in(client)
    assert Client().get("/metrics", headers={"Authorization": f"Bearer {text}"}).status_code == 401


@protects("S18", off={"systems.models.token.TokenQuerySet.alive": lambda tokens: tokens})
@pytest.mark.parametrize("ends", ["revoked_at", "expires_at"])
def test_a_token_ends_when_it_is_revoked_and_when_its_time_is_over(viewer, now, ends):
    token, text = make_token(person=viewer, scopes=["read"], by=viewer)
    Token.objects.filter(pk=token.pk).update(**{ends: now})
    assert Client().get("/api/v1/me/", headers={"Authorization": f"Bearer {text}"}).status_code == 401


@protects("S18", off={"systems.models.person.Person.get_session_auth_hash": lambda person: "one"})
def test_a_new_password_ends_the_other_sessions(client, viewer):
    client.force_login(viewer)
    other = Client()
    other.force_login(viewer)
    new = {"oldpassword": PASSWORD, "password1": "another-long-one", "password2": "another-long-one"}
    client.post("/accounts/password/change/", new)
    assert (_is_in(client), _is_in(other)) == (True, False)


def test_nobody_signs_up(client, db):
    assert client.get("/accounts/signup/").status_code == 404


@protects("S20", off={"settings.MIDDLEWARE": [one for one in MIDDLEWARE if "Csrf" not in one]})
def test_a_form_without_its_token_is_refused(viewer):
    client = Client(enforce_csrf_checks=True)
    assert _try(client, "viewer").status_code == 403
    assert not _is_in(client)


@protects("S20", off={"rest_framework.authentication.SessionAuthentication.enforce_csrf": lambda *request: None})
def test_a_session_asks_the_api_for_nothing_without_the_forms_token(viewer):
    client = Client(enforce_csrf_checks=True)
    client.force_login(viewer)
    assert client.post("/api/v1/tokens/", {"scopes": ["read"]}, content_type="application/json").status_code == 403


def test_a_script_sends_the_forms_token_by_itself(client, viewer):
    client.force_login(viewer)
    assert 'hx-headers=\'{"X-CSRFToken": ' in client.get("/").content.decode()


def test_a_token_makes_no_session(viewer):
    answer = caller(viewer).get("me/")
    assert (answer.status_code, answer.cookies, Session.objects.count()) == (200, {}, 0)
    assert caller(viewer).get("/incidents/").status_code == 302
