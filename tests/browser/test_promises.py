"""The pages of promises at both sizes, light and dark, empty and full."""

from datetime import timedelta

import pytest
from django.utils import timezone

from systems.actions.registry import recheck
from systems.actions.retraining import record_run, set_retraining
from systems.actions.runbooks import set_range, write_runbook
from systems.actions.versions import add_version, deploy
from systems.models import System
from tests.browser.conftest import VIEWS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGES = ["", "runbook/normal/?version=2", "deployments/", "retraining/", "phase/"]
TEXT = "## First\n\n- [ ] Look at the **queue**\n- [ ] Call the service owner\n\nA quiet day: `200` requests a minute."


@pytest.fixture
def promised(system, manager):
    now = timezone.now()
    who = {"system": system, "by": manager}
    System.objects.update(phase="engineering")
    system.refresh_from_db()
    write_runbook(situation="normal", body="Nothing yet.", at=now - timedelta(days=9), **who)
    write_runbook(situation="normal", body=TEXT, at=now, **who)
    set_range(metric_key="roc_auc", low=0.8, high=0.95, reason="Seen in the first half of the year.", at=now, **who)
    for name, days in (("2.0", 90), ("2.1", 9)):
        at = now - timedelta(days=days)
        version = add_version(name=name, trained_at=at, figures={"roc_auc": 0.91}, registry_ref="churn/2", at=at, **who)
        deploy(version=version, at=at, **who)
    set_retraining(policy="On the last year.", every_days=30, triggers=["drift"], who="The model owner", at=now, **who)
    record_run(cause="drift", before=0.86, after=0.91, version=version, at=now - timedelta(days=40), **who)
    recheck(system)
    return system


@pytest.mark.parametrize("view", VIEWS)
def test_pages_that_are_full(visit, view, manager, promised):
    visitor = visit(manager, view)
    for page in PAGES:
        visitor.go(f"/systems/churn/{page}")
        closed = visitor.page.locator("details:not([open]) > summary")
        while closed.count():
            closed.first.click()
        assert visitor.look(f"promises-{page.partition('/')[0] or 'system'}") == []


@pytest.mark.parametrize("view", VIEWS)
def test_pages_that_are_empty(visit, view, viewer, data_scientist, system):
    visitor = visit(data_scientist, view)
    for page in PAGES:
        visitor.go(f"/systems/churn/{page}")
        assert visitor.look(f"promises-empty-{page.partition('/')[0] or 'system'}") == []
