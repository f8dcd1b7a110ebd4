from datetime import timedelta

import pytest
from django.test import Client

from mlops_portal.engine.models import Change
from systems.models import Outcome, Person, System
from systems.tokens import make_token
from tests.factories import PASSWORD, PersonFactory

pytestmark = pytest.mark.django_db
PEOPLE = "/settings/people/"


@pytest.fixture
def as_administrator(client, administrator):
    client.force_login(administrator)
    return client


def _save(client, person, **data):
    given = {"name": "Vera", "email": "vera@portal.test", "groups": ["viewer"], "version": person.version}
    return client.post(f"{PEOPLE}{person.username}/", given | data)


def test_those_who_may_sign_in_stand_first_and_can_be_found(as_administrator, viewer):
    PersonFactory(username="aaron", is_active=False)
    page = as_administrator.get(PEOPLE).context["page"]
    assert [person.username for person in page] == ["administrator", "viewer", "aaron"]
    found = as_administrator.get(f"{PEOPLE}?q=VIEW").context["page"]
    assert [person.username for person in found] == ["viewer"]


def test_a_new_person_gets_a_link_that_is_shown_once(as_administrator, team):
    new = {"username": "ana", "name": "Ana", "groups": ["on_call"], "team": team.pk}
    response = as_administrator.post("/settings/add-person/", new)
    ana = Person.objects.get(username="ana")
    assert (ana.groups, list(ana.teams.all()), ana.has_usable_password()) == (["on_call"], [team], False)
    assert response.context["link"] in response.content.decode()
    assert response.headers["Cache-Control"] == "no-store"


def test_the_link_lets_the_person_set_a_password_and_sign_in(as_administrator, viewer, settings):
    link = as_administrator.post(f"{PEOPLE}viewer/link/").context["link"].removeprefix(settings.BASE_URL)
    visitor = Client()
    page = visitor.get(link, follow=True)
    visitor.post(page.request["PATH_INFO"], {"password1": "one-of-my-own", "password2": "one-of-my-own"})
    visitor.post("/accounts/login/", {"login": "viewer", "password": "one-of-my-own"})
    assert visitor.get("/incidents/").status_code == 200


def test_a_program_gets_no_link(as_administrator):
    response = as_administrator.post("/settings/add-person/", {"username": "ci", "service": "on"})
    assert response.url == f"{PEOPLE}ci/"
    assert as_administrator.post(f"{PEOPLE}ci/link/").status_code == 404


@pytest.mark.parametrize("wrong", [{"username": "VIEWER"}, {"username": "a b"}, {"username": "b", "groups": ["boss"]}])
def test_what_is_wrong_adds_nobody(as_administrator, viewer, wrong):
    assert as_administrator.post("/settings/add-person/", wrong).status_code == 422
    assert Person.objects.count() == 2


def test_a_change_is_saved_and_on_the_trail(as_administrator, viewer):
    _save(as_administrator, viewer, groups=["viewer", "on_call"])
    viewer.refresh_from_db()
    assert (viewer.name, viewer.groups) == ("Vera", ["on_call", "viewer"])
    row = Change.objects.get(kind="person", verb="edited")
    assert (row.by, row.after["groups"]) == ("administrator", ["on_call", "viewer"])


def test_whoever_saves_second_reads_what_stands_and_keeps_what_was_typed(as_administrator, viewer):
    _save(as_administrator, viewer, name="First")
    response = _save(as_administrator, viewer, name="Second")
    page = response.content.decode()
    assert response.status_code == 412
    assert "now it says: First" in page
    assert 'value="Second"' in page
    assert 'name="version" value="2"' in page
    assert Person.objects.get(username="viewer").name == "First"


def test_deactivating_says_what_will_happen(as_administrator, holder, system):
    make_token(person=holder, scopes=["read"], by=holder)
    page = as_administrator.get(f"{PEOPLE}holder/deactivate/").content.decode()
    assert "1 token for ever" in page
    assert "Nobody will answer as product owner of Churn model" in page


def test_deactivating_ends_cookie_and_token_at_once(as_administrator, viewer):
    theirs = Client()
    theirs.force_login(viewer)
    _, text = make_token(person=viewer, scopes=["read"], by=viewer)
    with_token = {"Authorization": f"Bearer {text}"}
    assert Client().get("/api/v1/me/", headers=with_token).status_code == 200
    as_administrator.post(f"{PEOPLE}viewer/deactivate/")
    assert theirs.get("/incidents/").status_code == 302
    assert Client().get("/api/v1/me/", headers=with_token).status_code == 401
    assert theirs.post("/accounts/login/", {"login": "viewer", "password": PASSWORD}).status_code == 200


def test_let_in_again_old_tokens_stay_dead(as_administrator, viewer):
    _, text = make_token(person=viewer, scopes=["read"], by=viewer)
    as_administrator.post(f"{PEOPLE}viewer/deactivate/")
    as_administrator.post(f"{PEOPLE}viewer/reactivate/")
    visitor = Client()
    visitor.post("/accounts/login/", {"login": "viewer", "password": PASSWORD})
    assert visitor.get("/incidents/").status_code == 200
    assert Client().get("/api/v1/me/", headers={"Authorization": f"Bearer {text}"}).status_code == 401


def test_the_last_administrator_can_neither_leave_nor_be_let_out(as_administrator, administrator):
    assert _save(as_administrator, administrator, groups=["viewer"]).status_code == 422
    page = as_administrator.post(f"{PEOPLE}administrator/deactivate/", follow=True).content.decode()
    assert "is the last administrator" in page
    administrator.refresh_from_db()
    assert (administrator.is_active, administrator.groups) == (True, ["administrator"])


def test_a_day_to_leave_on_is_kept_and_asks_for_successors(as_administrator, holder, now):
    until = (now + timedelta(days=20)).date()
    _save(as_administrator, holder, until=until)
    assert Person.objects.get(pk=holder.pk).until.date() == until
    assert Outcome.objects.get(check_key="holders_stay").outcome == "fail"
    page = as_administrator.get(f"{PEOPLE}holder/")
    assert page.context["form"]["until"].value() == until


def test_a_day_that_has_passed_is_refused_beside_the_field(as_administrator, holder):
    page = _save(as_administrator, holder, until="2020-01-01")
    assert (page.status_code, list(page.context["form"].errors)) == (422, ["until"])


def test_roles_of_systems_that_an_administrator_may_not_see_are_not_named(as_administrator, holder):
    System.objects.filter(slug="churn").update(restricted=True)
    for address in (f"{PEOPLE}holder/", f"{PEOPLE}holder/deactivate/"):
        assert "Churn model" not in as_administrator.get(address).content.decode()
