from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mlops_portal.engine.audit import record
from mlops_portal.pages.system import HISTORY_SIZE
from systems.actions.dependencies import set_dependencies
from systems.actions.drills import record_drill
from systems.actions.ownership import assign_role
from systems.actions.registry import recheck
from systems.actions.status import report_condition
from systems.models import Role, System
from tests.factories import FeedFactory, IncidentFactory, PersonFactory, SystemFactory

pytestmark = pytest.mark.django_db
PAGE = "/systems/churn/"


@pytest.fixture
def page(client, viewer, system):
    """Open the system's page as a viewer."""
    client.force_login(viewer)
    return lambda query="": client.get(f"{PAGE}{query}")


def test_an_empty_role_stands_in_plain_sight(page):
    roles = dict(page().context["roles"])
    assert roles[Role.DATA_OWNER] is None
    assert "nobody" in page().content.decode()


def test_the_status_is_a_sentence(page, system, now):
    report_condition(
        system=system, who="monitoring", level="failing", sentence="Accuracy fell to 0.7.", good_until=None, at=now
    )
    assert "Accuracy fell to 0.7." in page().content.decode()


def test_a_status_that_nobody_renewed_says_so(page, system):
    over = timezone.now() - timedelta(hours=2)
    System.objects.filter(pk=system.pk).update(status="healthy", status_good_until=over)
    text = page().content.decode()
    assert "Nobody has looked since then" in text
    assert "2 hours<" in text


def test_days_before_the_first_span_are_not_known(page, system):
    at = datetime.now(UTC) - timedelta(days=2)
    report_condition(system=system, who="monitoring", level="healthy", sentence="All is well.", good_until=None, at=at)
    levels = [day.level for day in page().context["days"]]
    assert len(levels) == 90
    assert levels[86:] == [None, "healthy", "healthy", "healthy"]


def test_each_gap_has_its_sentence_and_its_button_for_who_may_mend_it(client, page, system, manager):
    recheck(system)
    button = 'href="/systems/churn/owners/data_owner/" aria-label="Mend it: '
    text = page().content.decode()
    assert "Nobody is named as data owner." in text
    assert button not in text
    client.force_login(manager)
    assert button in client.get(PAGE).content.decode()


def test_checks_that_did_not_run_in_time_are_not_shown_as_passed(page, system):
    for role in Role:
        assign_role(system=system, role=role, person=PersonFactory(), by=None, at=timezone.now())
    System.objects.filter(pk=system.pk).update(checks_due_at=timezone.now() - timedelta(hours=1))
    text = page().content.decode()
    assert "Nobody has run these checks in time" in text
    assert "Every role is held" not in text


def test_who_may_not_edit_is_not_sent_to_the_form(client, data_scientist, page, system):
    System.objects.filter(pk=system.pk).update(purpose="")
    recheck(system)
    assert "/systems/churn/edit/" not in page().content.decode()
    client.force_login(data_scientist)
    assert "/systems/churn/edit/" in client.get(PAGE).content.decode()


def test_open_incidents_stand_at_the_top(page, system):
    IncidentFactory(number=3, title="Late labels", systems=[system])
    assert [one.number for one in page().context["open_incidents"]] == [3]


def test_the_history_says_who_changed_what(page, system, manager):
    record(
        by=manager, verb="edited", kind="system", object="churn", system=system, before={"tier": 3}, after={"tier": 1}
    )
    text = page().content.decode()
    assert "<strong>manager</strong> edited the system" in text
    assert "<del>3</del> → <ins>1</ins>" in text


def test_the_page_shows_the_newest_changes_and_leads_to_all(page, system):
    for _ in range(25):
        record(by=None, verb="edited", kind="system", object="churn", system=system)
    answer = page()
    assert len(answer.context["history"]) == HISTORY_SIZE
    assert 'href="/systems/churn/history/"' in answer.content.decode()


def test_a_restricted_system_is_not_there_for_strangers(client, viewer, manager):
    SystemFactory(slug="secret", restricted=True)
    client.force_login(viewer)
    assert client.get("/systems/secret/").status_code == 404
    client.force_login(manager)
    assert client.get("/systems/secret/").status_code == 200


def test_a_link_that_is_not_web_is_not_a_link(page, system):
    System.objects.filter(pk=system.pk).update(links={"Bad": "javascript:alert(1)", "Good": "https://git.example/x"})
    text = page().content.decode()
    assert "https://git.example/x" in text
    assert "javascript:" not in text


def test_a_retired_system_keeps_its_page(page, system, now):
    System.objects.filter(pk=system.pk).update(retired_at=now, phase="retired")
    text = page().content.decode()
    assert "Retired" in text
    assert 'id="ownership"' not in text


def test_many_feeds_neighbours_and_drills_take_as_few_queries_as_one(page, system, manager, now):
    def asked(count):
        by = {"by": manager, "at": now}
        set_dependencies(
            system=system, feeds=FeedFactory.create_batch(count), systems=SystemFactory.create_batch(count), **by
        )
        with CaptureQueriesContext(connection) as queries:
            page()
        return len(queries)

    page()
    record_drill(system=system, situation="load", result="passed", rate=5.0, by=manager, at=now)
    assert asked(1) == asked(12)
