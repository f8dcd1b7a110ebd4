from datetime import timedelta

import pytest
from playwright.sync_api import expect

from incidents.actions.response import acknowledge
from tests.browser.conftest import VIEWS
from tests.factories import IncidentFactory

pytestmark = pytest.mark.django_db(transaction=True)
SETTINGS = ["tokens", "people", "add-person", "people/administrator", "teams", "audit", "health", "account"]


@pytest.mark.parametrize("view", VIEWS)
def test_incidents_in_every_light(visit, view, on_call, system, now):
    IncidentFactory(number=7, severity="sev1", systems=[system], first_visible_at=now)
    visitor = visit(on_call, view)
    pages = {"incidents": "", "incident": "7/", "declare": "declare/?system=churn", "change": "7/change/"}
    for name, path in pages.items():
        visitor.go(f"/incidents/{path}")
        assert visitor.look(name) == []


@pytest.mark.parametrize("view", VIEWS)
def test_the_report_in_every_light(visit, view, viewer, system, now):
    for hours, how, topic in [(1, "monitor", "quality"), (30, "user_report", "other"), (0, "monitor", "service")]:
        seen = now - timedelta(hours=hours)
        IncidentFactory(noticed_how=how, topic=topic, systems=[system], first_visible_at=seen)
    visitor = visit(viewer, view)
    for name, query in (("report-incidents", ""), ("report-incidents-wrong", "?days=7")):
        visitor.go(f"/reports/incidents/{query}")
        assert visitor.look(name) == []


@pytest.mark.parametrize("view", VIEWS)
def test_settings_in_every_light(visit, view, administrator):
    visitor = visit(administrator, view)
    for name in SETTINGS:
        visitor.go(f"/settings/{name}/")
        assert visitor.look(f"settings-{name.replace('/', '-')}") == []


def test_what_others_do_appears_by_itself_and_typed_text_stays(visit, on_call, manager, now):
    incident = IncidentFactory(number=7)
    page = visit(on_call).go("/incidents/7/")
    page.fill("textarea", "half a sen")
    acknowledge(incident=incident, by=manager, at=now)
    expect(page.locator("#state")).to_contain_text("manager is on it", timeout=15_000)
    expect(page.locator("textarea")).to_have_value("half a sen")
    expect(page.locator("#steps [name=version]")).to_have_value("2")


def test_one_tap_acknowledges_on_a_phone(visit, on_call):
    IncidentFactory(number=7)
    page = visit(on_call, (390, 844, "light")).go("/incidents/7/")
    button = page.get_by_role("button", name="acknowledge")
    expect(button).to_be_in_viewport()
    button.click()
    expect(page.locator("#state")).to_contain_text("is on it")


def test_an_incident_is_declared_on_a_phone_in_four_taps_and_a_sentence(visit, viewer, system):
    page = visit(viewer, (390, 844, "light")).go("/systems/churn/")
    page.keyboard.type("gi")
    page.get_by_role("link", name="Declare an incident").click()
    page.get_by_label("What is wrong").fill("Every score is the same")
    page.get_by_label("Which system").select_option("churn")
    page.get_by_label("SEV 2").check()
    page.get_by_role("button", name="Declare").click()
    expect(page.get_by_role("heading", name="Every score is the same")).to_be_visible()
    expect(page.locator("#timeline")).to_contain_text("Declared by viewer")
