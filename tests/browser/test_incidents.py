from datetime import timedelta
from math import sin

import pytest
from playwright.sync_api import expect

from incidents.actions.responding import respond
from incidents.actions.response import acknowledge
from incidents.actions.ticking import tick
from incidents.models import Incident
from monitoring.models import Alert, Monitor
from systems.actions.runbooks import write_runbook
from tests.browser.conftest import VIEWS
from tests.factories import IncidentFactory, MetricFactory, SeriesFactory
from tests.monitoring.points import write

pytestmark = pytest.mark.django_db(transaction=True)
RUNBOOK = """Look at the chart first: **since when** is it so, and was something deployed then?

- [ ] Compare with yesterday: `./compare --days 1`
- [ ] Ask the data owner whether the input has changed
- [ ] Go back to the version before

When nothing helps, call the product owner.
"""
SETTINGS = ["tokens", "people", "add-person", "people/administrator", "teams", "audit", "health", "account"]


@pytest.fixture
def falling(system, manager, now):
    """Accuracy that has been falling for four days, the alert about it, its incident, and a runbook."""
    metric = MetricFactory(system=system, key="accuracy", name="Accuracy", leading=True)
    series = SeriesFactory(metric=metric, rhythm_s=3600, sentence="Accuracy has fallen from 0.91 to 0.84.")
    hours = range(24 * 14, 0, -1)
    write(series, [0.91 - max(0, 96 - hour) * 0.0007 + 0.004 * sin(hour / 3) for hour in hours], to_at=now)
    monitor = Monitor.objects.create(series=series, kind="limit", settings={"below": 0.86}, severity="critical")
    seen = now - timedelta(hours=24)
    said = {"severity": "critical", "sentence": series.sentence, "onset_at": now - timedelta(hours=96)}
    Alert.objects.create(monitor=monitor, opened_at=now, first_visible_at=seen, **said)
    for situation in ("model_errs", "rollback", "alert_reached"):
        write_runbook(system=system, situation=situation, body=RUNBOOK, by=manager, at=now)
    respond(at=now)
    return Incident.objects.get()


@pytest.mark.parametrize("view", VIEWS)
def test_incidents_in_every_light(visit, view, on_call, system, falling, now):
    Incident.objects.update(number=7)
    tick(incident=falling, system=system, situation="model_errs", version=1, step=0, by=on_call, at=now)
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
    expect(page.get_by_role("heading", name="What was found")).to_be_hidden()
    expect(page.locator("#timeline")).to_contain_text("Declared by viewer")


def test_one_person_deals_with_it_on_a_phone(visit, on_call, falling):
    page = visit(on_call, (390, 844, "light")).go(falling.get_absolute_url())
    page.get_by_role("button", name="acknowledge").click()
    page.get_by_role("checkbox", name="Compare with yesterday").click()
    expect(page.locator("#runbook")).to_contain_text("1 of 3 steps done")
    expect(page.locator("#timeline")).to_contain_text("Compare with yesterday")
    page.get_by_label("What was done").fill("Went back to version 11.")
    page.get_by_role("button", name="Resolved").click()
    expect(page.locator("#state")).to_contain_text("Resolved by")
    expect(page.get_by_text("An alert is still open and stays here")).to_be_visible()


def test_what_others_tick_appears_by_itself(visit, on_call, manager, system, falling, now):
    page = visit(on_call).go(falling.get_absolute_url())
    tick(incident=falling, system=system, situation="model_errs", version=1, step=1, by=manager, at=now)
    expect(page.locator("#runbook")).to_contain_text("done by manager", timeout=15_000)


def test_an_incident_prints_without_its_furniture(visit, on_call, falling):
    page = visit(on_call).go(falling.get_absolute_url())
    page.emulate_media(media="print")
    expect(page.locator("#runbook .step").first).to_be_visible()
    expect(page.locator("nav:visible, button:visible")).to_have_count(0)
