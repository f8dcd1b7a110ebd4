import pytest
from django.core.exceptions import ValidationError

from systems.actions.people import ADMINISTRATORS, first_administrator_link, save_person
from systems.models import Group, Holding, Person, Team
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
BASE = "http://127.0.0.1:8000"


def _use(link, client, password=PASSWORD):
    """Open the link as a browser would and set a password by its form; return the last answer."""
    page = client.get(link.removeprefix(BASE), follow=True)
    return client.post(page.request["PATH_INFO"], {"password1": password, "password2": password}, follow=True)


def test_an_administrator_is_in_the_team_that_owns_the_portal():
    person = save_person(username="root", by=None, groups=[Group.ADMINISTRATOR])
    assert Team.objects.get(slug=ADMINISTRATORS).members.contains(person)


def test_who_is_administrator_no_more_leaves_that_team(administrator):
    person = save_person(username="root", by=None, groups=[Group.ADMINISTRATOR])
    save_person(username="ROOT", by=None, groups=[Group.VIEWER])
    assert not Team.objects.get(slug=ADMINISTRATORS).members.contains(person)


def test_the_first_administrator_answers_for_the_portal_and_the_second_leaves_it_so():
    for name in ("first", "second"):
        save_person(username=name, by=None, groups=[Group.ADMINISTRATOR])
    held = Holding.objects.current().filter(system__slug="portal").values_list("role", "person__username")
    assert sorted(held) == [(role, "first") for role in ("operations_owner", "product_owner", "service_owner")]


def test_an_unknown_group_is_refused():
    with pytest.raises(ValidationError):
        save_person(username="root", by=None, groups=["emperor"])


def test_the_first_administrator_cannot_sign_in_before_the_link_is_used():
    assert first_administrator_link(BASE).startswith(BASE)
    assert not Person.objects.get(username="admin").has_usable_password()


def test_the_link_of_the_first_administrator_sets_the_password(client):
    _use(first_administrator_link(BASE), client)
    assert Person.objects.get(username="admin").check_password(PASSWORD)


def test_the_link_of_the_first_administrator_works_once(client):
    link = first_administrator_link(BASE)
    _use(link, client)
    _use(link, client, password="another-long-password")
    assert Person.objects.get(username="admin").check_password(PASSWORD)


def test_there_is_no_link_once_an_administrator_has_a_password(client):
    _use(first_administrator_link(BASE), client)
    assert first_administrator_link(BASE) is None


def test_a_link_that_was_lost_is_given_again():
    assert first_administrator_link(BASE) is not None
    assert first_administrator_link(BASE) is not None
    assert Person.objects.filter(username="admin").count() == 1
