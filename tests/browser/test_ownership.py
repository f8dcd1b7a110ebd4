"""The pages of ownership at both sizes, light and dark, full, empty, and with what went wrong."""

from datetime import timedelta

import pytest
from django.utils import timezone

from systems.actions.ownership import assign_role
from systems.models import Holding, Person, Role
from tests.browser.conftest import VIEWS
from tests.factories import PersonFactory

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


@pytest.mark.parametrize("view", VIEWS)
def test_who_holds_roles_confirms_them(visit, view, holder, leaver):
    visitor = visit(Person.objects.get(pk=holder.pk), view)
    visitor.go("/roles/")
    assert visitor.look("ownership-mine") == []
    visitor.go("/")
    visitor.page.get_by_role("button", name="Still mine").click()
    visitor.page.get_by_text("Confirmed: you answer for").wait_for()
    assert visitor.look("ownership-confirmed") == []
