"""A system by form, by file and by API: the same system three times; and the pages of this all, looked at."""

import json

import pytest
from playwright.sync_api import expect

from mlops_portal.spec import apply, export
from systems.actions.registry import edit_system
from systems.actions.retraining import ask_for_run, set_retraining
from systems.actions.versions import add_version, deploy
from systems.models import Scope, System
from systems.tokens import make_token
from tests.browser.conftest import VIEWS
from tests.test_spec_whole import DOCUMENT

pytestmark = pytest.mark.django_db(transaction=True)
PURPOSE = "Says which orders are likely to be sent back."
FILE = """version: 1
system:
  slug: returns
  name: Returns forecast
  purpose: {purpose}
  team: growth
  tier: 2
"""


def _by_form(visitor, team) -> None:
    page = visitor.go("/systems/new/")
    page.get_by_label("Name", exact=True).fill("Returns forecast")
    page.locator('[name="purpose"]').fill(PURPOSE)
    page.locator('[name="slug"]').fill("returns")
    page.locator('[name="tier"]').select_option("2")
    page.locator('[name="team"]').select_option(str(team.pk))
    page.get_by_role("button", name="Register").click()


def _by_file(visitor, team) -> None:
    page = visitor.go("/systems/new/")
    page.get_by_role("link", name="from its file").click()
    page.get_by_label("mlsystem.yaml").fill(FILE.format(purpose=PURPOSE))
    page.get_by_role("button", name="Show what would be done").click()
    expect(page.locator("#plan")).to_contain_text("create")
    page.get_by_role("button", name="Apply it").click()


def _by_api(visitor, team) -> None:
    person = team.members.get()
    _, token = make_token(person=person, scopes=[Scope.READ, Scope.WRITE], by=person)
    body = {"slug": "returns", "name": "Returns forecast", "purpose": PURPOSE, "team": "growth", "tier": 2}
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    answer = visitor.page.request.post(f"{visitor.base_url}/api/v1/systems/", data=json.dumps(body), headers=headers)
    assert answer.status == 201
    visitor.go("/systems/returns/")


@pytest.mark.parametrize("register", [_by_form, _by_file, _by_api])
def test_a_system_is_the_same_by_form_by_file_and_by_api(visit, data_scientist, team, register):
    visitor = visit(data_scientist)
    register(visitor, team)
    page = visitor.page
    page.wait_for_url(f"{visitor.base_url}/systems/returns/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Returns forecast")
    expect(page.locator("main")).to_contain_text(PURPOSE)
    facts = {"slug": "returns", "name": "Returns forecast", "purpose": PURPOSE, "team": "growth", "tier": 2}
    assert export(System.objects.get(slug="returns")) == {"version": 1, "system": facts}
    assert visitor.complaints == []


@pytest.mark.parametrize("view", VIEWS)
def test_the_pages_of_the_file_and_of_models_are_sound(visit, manager, system, viewer, teammate, now, view):
    apply(DOCUMENT, slug="prices", by=manager, at=now)
    prices = System.objects.get(slug="prices")
    for name in ("1.0", "1.1"):
        version = add_version(system=prices, name=name, trained_at=now, figures={"mae": 10.5}, by=manager, at=now)
    deploy(system=prices, version=version, by=manager, at=now)
    set_retraining(system=prices, policy="On the last year.", who="Its owner", every_days=90, by=manager, at=now)
    ask_for_run(system=prices, note="New cities are to be covered.", before=10.5, by=manager, at=now)
    edit_system(system=prices, by=teammate, at=now, purpose="Says what a house costs.")
    visitor = visit(manager, view=view)
    looked = {"file": "file/", "deployments": "deployments/?at=2026-01-01T10:00", "retraining": "retraining/"}
    for name, path in looked.items():
        visitor.go(f"/systems/prices/{path}")
        assert visitor.look(name) == []
    page = visitor.go("/systems/prices/file/")
    page.get_by_label("mlsystem.yaml").fill(json.dumps(DOCUMENT))
    page.get_by_role("button", name="Show what would be done").click()
    expect(page.locator("#by-hand")).to_contain_text("changed by teammate")
    assert visitor.look("conflict") == []
    wrong = json.dumps(DOCUMENT | {"owners": {"model_owner": {"person": "nobody"}}, "colours": {}})
    page.get_by_label("mlsystem.yaml").fill(wrong)
    page.get_by_role("button", name="Show what would be done").click()
    expect(page.locator("#errors")).to_contain_text("owners.model_owner.person")
    assert visitor.look("errors") == []
