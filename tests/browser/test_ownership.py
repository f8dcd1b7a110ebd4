"""The pages of ownership at both sizes, light and dark, full, empty, and with what went wrong."""

from datetime import timedelta

import pytest
from django.utils import timezone

from systems.actions.ownership import assign_role
from systems.models import Feed, Holding, Person, Role
from tests.browser.conftest import VIEWS
from tests.factories import FeedFactory, PersonFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def leaver(system, holder, manager):
    """Somebody who leaves soon, took a role over from the holder, and stands in for them in another."""
    now = timezone.now()
    leaver = PersonFactory(username="leaver", name="Lea Verra", until=now + timedelta(days=20))
    facts = {"system": system, "by": manager, "note": "Agreed."}
    assign_role(role=Role.DATA_OWNER, person=holder, at=now - timedelta(days=90), **facts)
    assign_role(role=Role.DATA_OWNER, person=leaver, at=now - timedelta(days=9), **facts)
    Holding.objects.filter(person=holder, to=None).update(deputy=leaver, confirmed_at=now - timedelta(days=200))
    FeedFactory(slug="events", name="Card payments", owner=leaver)
    return leaver


@pytest.mark.parametrize("view", VIEWS)
def test_a_manager_hands_over_what_a_leaver_holds(visit, view, manager, viewer, leaver):
    visitor = visit(manager, view)
    for page in ("/systems/churn/owners/data_owner/", "/systems/churn/owners/model_owner/", "/settings/intervals/"):
        visitor.go(page)
        assert visitor.look(f"ownership-{page.split('/')[-2]}") == []
    visitor.go("/people/leaver/leaving/")
    visitor.page.fill("[name=for_all]", "nobody-here")
    visitor.page.get_by_role("button", name="Hand over").click()
    assert visitor.look("ownership-leaving-wrong") == []
    visitor.page.fill("[name=for_all]", viewer.username)
    visitor.page.get_by_role("button", name="Hand over").click()
    visitor.page.get_by_text("Nothing is left to hand over").wait_for()
    assert visitor.look("ownership-left") == []
    assert not Holding.objects.current().of(leaver).exists()
    assert Feed.objects.get().owner == viewer


@pytest.mark.parametrize("view", VIEWS)
def test_a_manager_plans_a_hand_over_takes_it_back_and_empties_the_role(visit, view, manager, viewer, leaver):
    visitor = visit(manager, view)
    page = visitor.page
    visitor.go("/systems/churn/owners/data_owner/")
    page.select_option("[name=person]", str(viewer.pk))
    page.fill("[name=from_day]", (timezone.now() + timedelta(days=15)).date().isoformat())
    page.fill("[name=note]", "When the project ends.")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("takes over as data owner").wait_for()
    assert visitor.look("ownership-planned-system") == []
    visitor.go("/systems/churn/owners/data_owner/")
    assert visitor.look("ownership-planned") == []
    Holding.objects.current().filter(role=Role.DATA_OWNER).update(version=90)  # somebody else was here
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Somebody else changed this role").wait_for()
    assert visitor.look("ownership-stale") == []
    visitor.go("/systems/churn/owners/data_owner/")
    page.get_by_role("button", name="Take it back").click()
    page.get_by_text("Taken back").wait_for()
    page.get_by_role("link", name="Leave the role empty").click()
    assert visitor.look("ownership-empty") == []
    page.fill("[name=note]", "The data comes from elsewhere now.")
    page.get_by_role("button", name="Leave it empty").click()
    page.get_by_text("Nobody is the data owner").first.wait_for()
    assert visitor.look("ownership-emptied") == []


@pytest.mark.parametrize("view", VIEWS)
def test_a_deputy_is_asked_and_confirms(visit, view, leaver, holder):
    visitor = visit(Person.objects.get(pk=leaver.pk), view)
    visitor.go("/")
    visitor.page.get_by_text("As the deputy, say whether it is still so.").wait_for()
    assert visitor.look("ownership-deputy-home") == []
    visitor.page.get_by_role("link", name="Look at it").first.click()
    assert visitor.look("ownership-deputy") == []
    visitor.page.get_by_role("button", name="It is still so").click()
    visitor.page.get_by_text("Confirmed").first.wait_for()


@pytest.mark.parametrize("view", VIEWS)
def test_who_holds_roles_confirms_them(visit, view, holder, leaver):
    visitor = visit(Person.objects.get(pk=holder.pk), view)
    visitor.go("/roles/")
    assert visitor.look("ownership-mine") == []
    visitor.go("/")
    visitor.page.get_by_role("button", name="Still mine").click()
    visitor.page.get_by_text("Confirmed: you answer for").wait_for()
    assert visitor.look("ownership-confirmed") == []


def test_from_a_new_system_to_roles_that_are_handed_over_and_confirmed(visit, data_scientist, manager, viewer, holder):
    scientist = visit(data_scientist)
    scientist.go("/systems/new/")
    scientist.page.fill("[name=name]", "Price model")
    scientist.page.fill("[name=purpose]", "Says what a flat costs.")
    scientist.page.get_by_role("button", name="Register").click()
    scientist.page.get_by_text("Nobody answers for it in any of the five roles.").wait_for()
    assert scientist.look("journey-registered") == []
    manages = visit(manager)
    page = manages.page
    for role in ("product_owner", "model_owner"):
        manages.go(f"/systems/price-model/owners/{role}/")
        page.select_option("[name=person]", str(data_scientist.pk))
        page.get_by_role("button", name="Save").click()
        page.get_by_text(f"is the {role.replace('_', ' ')} of Price model").wait_for()
    assert manages.look("journey-assigned") == []
    manages.go(f"/people/{data_scientist.username}/leaving/")
    page.fill("[name=for_all]", holder.username)
    page.get_by_role("button", name="Hand over").click()
    page.get_by_text("Nothing is left to hand over").wait_for()
    assert manages.look("journey-handed-over") == []
    owner = visit(holder)
    owner.go("/roles/")
    assert owner.look("journey-mine") == []
    owner.page.get_by_role("button", name="All 3 are still mine: confirm").click()
    owner.page.get_by_text("Confirmed: you answer for 3 roles.").wait_for()
    assert owner.look("journey-confirmed") == []
