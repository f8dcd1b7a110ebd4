from datetime import timedelta

import pytest
from django.utils import timezone

from systems.models import HandOver, Holding, Role, System
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
        errors = client.post(PAGE, {"person": person.pk}).context["form"].errors
        assert "may not sign in" in errors["person"][0]


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
    page = client.post(f"{PAGE}confirm/", {"version": 1}, follow=True).content.decode()
    assert "holder answers for Churn model as its product owner" in page
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


def _days(now, count):
    return (now + timedelta(days=count)).date()


@pytest.fixture
def planned(client, manager, holder, teammate, now):
    """The manager has planned that the teammate takes over in ten days."""
    client.force_login(manager)
    said = {"person": teammate.pk, "from_day": _days(now, 10), "note": "As agreed.", "version": 1}
    page = client.post(PAGE, said, follow=True).content.decode()
    assert "teammate takes over as product owner of Churn model on" in page
    return HandOver.objects.get()


def test_a_day_to_come_plans_it_and_the_pages_say_so(client, planned, holder):
    assert (_current().person, planned.from_at.hour) == (holder, 0)
    role = client.get(PAGE)
    assert (role.context["plan"], "Take it back" in role.content.decode()) == (planned, True)
    assert "Product owner: handed over to" in client.get("/systems/churn/").content.decode()


def test_what_is_planned_is_taken_back_by_who_has_seen_it(client, planned):
    seen = client.get(PAGE).context["version"]
    assert "changed in the meantime" in client.post(f"{PAGE}take-back/", {"version": 1}, follow=True).content.decode()
    client.post(f"{PAGE}take-back/", {"version": seen})
    assert not HandOver.objects.exists()


def test_who_saves_after_somebody_planned_is_told_what_and_loses_nothing(client, planned, viewer):
    answer = client.post(PAGE, {"person": viewer.pk, "note": "Typed.", "version": 1})
    page = answer.content.decode()
    assert (answer.status_code, "planned to hand over role product owner" in page, "Typed." in page) == (
        412,
        True,
        True,
    )
    seen = answer.context["form"]["version"].value()
    client.post(PAGE, {"person": viewer.pk, "note": "Typed.", "version": seen})
    assert (_current().person, HandOver.objects.exists()) == (viewer, False)


def test_a_role_is_left_empty_with_a_note(client, manager, holder):
    client.force_login(manager)
    page = client.get(f"{PAGE}empty/")
    assert "From now on nobody will be" in page.content.decode()
    said = {"note": "The work is done.", "version": page.context["form"]["version"].value()}
    assert "Nobody is the product owner" in client.post(f"{PAGE}empty/", said, follow=True).content.decode()
    assert _current() is None
    assert client.get(f"{PAGE}empty/").status_code == 404


def test_who_empties_what_somebody_changed_is_told_what_and_loses_nothing(client, manager, holder, teammate):
    client.force_login(manager)
    client.post(PAGE, {"person": teammate.pk, "version": 1})
    answer = client.post(f"{PAGE}empty/", {"note": "Typed.", "version": 1})
    page = answer.content.decode()
    assert (answer.status_code, "handed over role product owner" in page, "Typed." in page) == (412, True, True)
    client.post(f"{PAGE}empty/", {"note": "Typed.", "version": answer.context["form"]["version"].value()})
    assert _current() is None


@pytest.mark.parametrize("note", ["x" * 301, "Agreed\u202e", "Agreed\x07"])
def test_a_note_that_cannot_be_empties_nothing(client, manager, holder, note):
    client.force_login(manager)
    page = client.post(f"{PAGE}empty/", {"note": note, "version": 1})
    assert (page.status_code, list(page.context["form"].errors), _current().person) == (422, ["note"], holder)


def test_only_who_may_name_somebody_empties_and_takes_back(client, holder, data_scientist):
    for person in (holder, data_scientist):
        client.force_login(person)
        assert [client.post(f"{PAGE}{what}/").status_code for what in ("empty", "take-back")] == [403, 403]


def test_the_page_says_that_the_deputy_answers(client, manager, holder, deputy):
    type(holder).objects.filter(pk=holder.pk).update(is_active=False)
    client.force_login(manager)
    assert "As the deputy you answer" in client.get(PAGE).content.decode()
    assert "answers now" in client.get("/systems/churn/").content.decode()


def test_a_role_that_nobody_ever_held_is_planned_too(client, manager, system, teammate, now):
    page = f"/systems/churn/owners/{Role.DATA_OWNER}/"
    client.force_login(manager)
    client.post(page, {"person": teammate.pk, "from_day": _days(now, 3), "version": 0})
    assert HandOver.objects.get().person == teammate
    assert client.get(page).context["form"]["version"].value() == 1
