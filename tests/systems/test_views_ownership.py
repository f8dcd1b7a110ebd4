from datetime import timedelta

import pytest
from django.utils import timezone

from systems.models import Holding, System
from tests.factories import PersonFactory, SystemFactory

pytestmark = pytest.mark.django_db
PAGE = "/systems/churn/owners/product_owner/"


def _current():
    return Holding.objects.current().filter(role="product_owner").first()


def test_a_manager_names_somebody(client, manager, system, teammate):
    client.force_login(manager)
    assert (
        client.post(PAGE, {"person": teammate.pk, "note": "Agreed.", "version": 0}).url == "/systems/churn/#ownership"
    )
    assert (_current().person, _current().note) == (teammate, "Agreed.")


def test_handing_over_ends_the_one_before(client, manager, holder, teammate):
    client.force_login(manager)
    client.post(PAGE, {"person": teammate.pk, "version": 1})
    assert Holding.objects.get(person=holder).to is not None
    assert "Who held it, and when" in client.get(PAGE).content.decode()


def test_a_page_that_is_stale_hands_nothing_over(client, manager, holder, teammate, stranger):
    client.force_login(manager)
    client.post(PAGE, {"person": teammate.pk, "version": 1})
    answer = client.post(PAGE, {"person": stranger.pk, "version": 1})
    assert (answer.status_code, _current().person) == (412, teammate)
    client.post(PAGE, {"person": stranger.pk, "version": answer.context["form"]["version"].value()})
    assert _current().person == stranger


def test_nobody_else_names_somebody(client, holder, data_scientist, stranger):
    for person in (holder, data_scientist, stranger):
        client.force_login(person)
        assert client.post(PAGE, {"person": stranger.pk}).status_code == 403
    assert _current().person == holder


def test_who_may_not_assign_is_told_who_may(client, viewer, system):
    client.force_login(viewer)
    assert "Who may name somebody: Managers." in client.get(PAGE).content.decode()


def test_programs_and_people_who_left_cannot_be_named(client, manager, system):
    client.force_login(manager)
    for person in (PersonFactory(service=True), PersonFactory(is_active=False)):
        assert "person" in client.post(PAGE, {"person": person.pk}).context["form"].errors


def test_a_deputy_is_somebody_else(client, manager, system, teammate):
    client.force_login(manager)
    assert "deputy" in client.post(PAGE, {"person": teammate.pk, "deputy": teammate.pk}).context["form"].errors


def test_people_of_the_team_stand_first(client, manager, system, teammate):
    client.force_login(manager)
    groups = [name for name, _ in client.get(PAGE).context["form"].fields["person"].choices if name]
    assert groups == ["Growth", "Everybody else"]


@pytest.fixture
def long_ago(holder):
    Holding.objects.update(confirmed_at=timezone.now() - timedelta(days=100))
    return _current()


def test_the_holder_confirms(client, holder, long_ago):
    client.force_login(holder)
    client.post(f"{PAGE}confirm/", {"version": 1})
    assert _current().confirmed_at > long_ago.confirmed_at


def test_the_deputy_confirms(client, teammate, long_ago):
    Holding.objects.update(deputy=teammate)
    client.force_login(teammate)
    client.post(f"{PAGE}confirm/", {"version": 1})
    assert _current().confirmed_at > long_ago.confirmed_at


def test_nobody_confirms_for_another(client, manager, long_ago):
    client.force_login(manager)
    assert client.post(f"{PAGE}confirm/").status_code == 403


def test_what_changed_in_the_meantime_is_not_confirmed(client, holder, long_ago):
    Holding.objects.update(version=2)
    client.force_login(holder)
    client.post(f"{PAGE}confirm/", {"version": 1})
    assert _current().confirmed_at == long_ago.confirmed_at


def test_a_role_that_does_not_exist_is_not_there(client, viewer, system):
    client.force_login(viewer)
    assert client.get("/systems/churn/owners/king/").status_code == 404


def test_what_is_retired_keeps_the_chain_of_its_roles_to_read(client, manager, holder, teammate, now):
    client.force_login(manager)
    client.post(PAGE, {"person": teammate.pk, "version": 1})
    System.objects.update(retired_at=now)
    page = client.get(PAGE)
    assert (page.context["form"], len(page.context["chain"].links)) == (None, 2)
    client.post(PAGE, {"person": holder.pk, "version": 2})
    assert _current().person == teammate


def test_handing_over_says_from_and_until_when(client, manager, holder, teammate, now):
    Holding.objects.update(from_at=now - timedelta(days=9))
    day, end = (now - timedelta(days=2)).date(), (now + timedelta(days=40)).date()
    client.force_login(manager)
    client.post(PAGE, {"person": teammate.pk, "from_day": day, "until": end, "version": 1})
    assert (_current().from_at.date(), _current().until.date()) == (day, end)
    assert Holding.objects.get(person=holder).replaced_by == _current()


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"until": "2020-01-01"}, "until"),
        ({"until": "9999-12-31"}, "until"),
        ({"until": "someday"}, "until"),
        ({"from_day": "2099-01-01"}, "from_day"),
        ({"from_day": "2020-01-01"}, "from_day"),
        ({"note": "x" * 301}, "note"),
        ({"note": "Agreed\u202e"}, "note"),
        ({"note": "Agreed\x00"}, "note"),
        ({"note": "Agreed\x07"}, "note"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_kept(client, manager, holder, teammate, typed, field):
    client.force_login(manager)
    page = client.post(PAGE, {"person": teammate.pk, "version": 1, "note": "Kept."} | typed)
    form = page.context["form"]
    assert (page.status_code, list(form.errors), form["person"].value()) == (422, [field], str(teammate.pk))
    assert form["note"].value() == typed.get("note", "Kept.")
    assert _current().person == holder


def test_a_restricted_system_has_no_owners_for_strangers(client, viewer):
    SystemFactory(slug="secret", restricted=True)
    client.force_login(viewer)
    assert client.get("/systems/secret/owners/product_owner/").status_code == 404
