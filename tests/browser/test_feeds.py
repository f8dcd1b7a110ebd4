"""Feeds, contracts, dependencies and drills at both sizes, light and dark, empty and full."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from systems.actions.contracts import put_contract
from systems.actions.dependencies import set_dependencies
from systems.actions.drills import record_drill
from systems.models import System
from tests.browser.conftest import VIEWS
from tests.factories import FeedFactory, SystemFactory
from tests.systems.contracts import CONTRACT, PROPOSED

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGES = {
    "feeds": "/feeds/",
    "feed": "/feeds/events/",
    "feed-edit": "/feeds/events/edit/",
    "contract": "/feeds/events/contract/",
    "dependencies": "/systems/churn/dependencies/",
    "drills": "/systems/churn/drills/",
    "fed-system": "/systems/churn/",
}


@pytest.fixture
def fed(system, manager):
    now = timezone.now()
    who = {"by": manager, "at": now}
    System.objects.update(phase="operations", tier=2)
    system.refresh_from_db()
    feed = FeedFactory(slug="events", name="Customer events", owner=manager, max_delay_s=7200)
    other = SystemFactory(name="Ticket routing", team=system.team)
    set_dependencies(system=system, feeds=[feed, FeedFactory(fallback="")], systems=[other], **who)
    put_contract(feed=feed, text=CONTRACT, **who)
    put_contract(feed=feed, text=PROPOSED, from_on=date(2100, 4, 1), **who)
    drill = {"system": system, "by": manager}
    record_drill(situation="load", result="passed", rate=50, evidence="https://x.test/load", at=now, **drill)
    record_drill(situation="feed_unavailable", result="failed", at=now - timedelta(days=200), **drill)
    return system


@pytest.mark.parametrize("view", VIEWS)
def test_pages_that_are_full(visit, view, manager, fed):
    visitor = visit(manager, view)
    for name, page in PAGES.items():
        visitor.go(page)
        closed = visitor.page.locator("details:not([open]) > summary")
        while closed.count():
            closed.first.click()
        assert visitor.look(name) == []


@pytest.mark.parametrize("view", VIEWS)
def test_pages_that_are_empty(visit, view, manager, system):
    visitor = visit(manager, view)
    for name, page in {"feeds": "/feeds/", "feed-add": "/feeds/new/?system=churn"}.items():
        visitor.go(page)
        assert visitor.look(f"{name}-empty") == []
    FeedFactory(slug="events", owner=manager)
    for name in ("feed", "contract", "dependencies", "drills"):
        visitor.go(PAGES[name])
        assert visitor.look(f"{name}-empty") == []
