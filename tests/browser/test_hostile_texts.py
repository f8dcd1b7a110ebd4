"""What people and targets write runs in no browser (S22, S23): asked of a real one, also without its own guard."""

import pytest
from django.test import Client
from playwright.sync_api import expect

from monitoring.models import Metric
from systems.actions.runbooks import write_runbook
from systems.models import RunbookVersion
from tests.guards.hostile_world import build
from tests.guards.test_hostile_texts import START, as_it_is
from tests.guards.walking import is_page, walk
from tests.protections import protects
from tests.systems.test_runbooks import HOSTILE, NOTHING_AT_ALL

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/systems/churn/runbook/load/"
EXECUTABLE = """
    [...document.querySelectorAll(".prose *")].flatMap((node) => [
        ...(node.matches("script, style, link, meta, base, iframe, object, embed, form, input, img, svg, math, video")
            ? [node.tagName] : []),
        ...[...node.attributes].map((one) => one.name).filter((name) => name.startsWith("on") || name === "style"),
        ...(node.protocol && !["http:", "https:", "mailto:"].includes(node.protocol) ? [node.protocol] : []),
    ])
"""


@protects("S22", off=NOTHING_AT_ALL)
def test_a_runbook_runs_and_fetches_nothing_in_a_browser_that_would(visit, manager, system, now):
    """The window ignores the policy: the text itself must be harmless."""
    write_runbook(system=system, situation="load", body="Wait.", by=manager, at=now)
    visitor = visit(manager, bypass_csp=True)
    ran = []
    visitor.page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    for body in HOSTILE:
        RunbookVersion.objects.update(body=body)
        assert visitor.go(f"{PAGE}?version=1").evaluate(EXECUTABLE) == [], body
    assert (ran, visitor.complaints) == ([], [])


OPEN = "default-src 'self' 'unsafe-inline'"


@protects("S24", off={"mlops_portal.engine.middleware.POLICY": OPEN})
def test_the_policy_stops_what_the_cleaning_would_let_through(visit, manager, system, now, monkeypatch):
    for name, other in NOTHING_AT_ALL.items():
        monkeypatch.setattr(name, other)
    body = "<img src=/x onerror=alert(1)><script>alert(2)</script>"
    write_runbook(system=system, situation="load", body=body, by=manager, at=now)
    visitor, ran = visit(manager), []
    visitor.page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    page = visitor.go(PAGE)
    assert page.locator(".prose img, .prose script").count() == 2
    assert ran == []


@pytest.fixture
def reader(system, manager, viewer):
    """A manager who is an administrator too, in front of the hostile world."""
    manager.groups.append("administrator")
    manager.save()
    build(system, manager, viewer)
    return manager


def pages_of(person) -> list[str]:
    client = Client()
    client.force_login(person)
    return [address for address, answer in walk(client, [*START, "/api/docs/"]).items() if is_page(answer)]


def from_elsewhere(storage, name, **how) -> str:
    return f"https://cdn.example/{name}"


@protects("S23", off={"django.template.base.conditional_escape": as_it_is})
@protects("S40", off={"django.contrib.staticfiles.storage.StaticFilesStorage.url": from_elsewhere})
def test_in_a_browser_no_page_runs_a_text_or_asks_another_host(visit, reader):
    """Refusals by the policy, scripts that fail and requests that leave count as well as what ran."""
    visitor = visit(reader)
    ran = []
    visitor.page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    pages = pages_of(reader)
    for address in pages:
        page = visitor.go(address)
        assert page.locator("q-x, [q-y], [onclick], [onerror]").count() == 0, address
        assert (ran, visitor.complaints) == ([], []), address
    assert len(pages) > 60


@protects("S23", off={"monitoring.charts.figure.plain": as_it_is})
def test_the_interactive_chart_says_a_unit_letter_by_letter(visit, reader):
    Metric.objects.update(unit=(unit := "<b>%{y}&amp;</b>"))
    visitor = visit(reader)
    page = visitor.go("/systems/churn/metrics/accuracy/?range=24h")
    box = page.locator(".chart-box")
    box.focus()
    expect(page.locator('.chart-box[data-state="live"]')).to_be_visible(timeout=30_000)
    plot = page.locator(".chart-live .nsewdrag").bounding_box()
    page.mouse.move(plot["x"] + plot["width"] - 20, plot["y"] + plot["height"] / 2, steps=4)
    expect(page.locator(".chart-live .hoverlayer")).to_contain_text(unit)
    assert visitor.complaints == []
