import csv
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mlops_portal.engine import health
from systems.actions.registry import recheck
from systems.checking import CHECKS
from systems.models import Outcome
from tests.callers import caller
from tests.factories import SystemFactory

pytestmark = pytest.mark.django_db
PAGE = "/reports/gaps/"


@pytest.fixture
def page(client, viewer, system):
    recheck(system)
    client.force_login(viewer)
    return lambda query="": client.get(f"{PAGE}{query}")


def test_each_failing_check_stands_there_the_longest_first(page, system, now):
    Outcome.objects.filter(system=system, check_key="role_filled_data_owner").update(since="2026-01-01T00:00Z")
    text = page().content.decode()
    assert page().context["page"].object_list[0].check_key == "role_filled_data_owner"
    assert "Nobody is named as data owner." in text


def test_gaps_are_counted_by_kind_whatever_kind_is_shown(page):
    assert {key: count for key, _, count in page("?gap=data").context["by_gap"]}["ownership"] == 6


def test_a_filter_that_is_not_understood_shows_nothing(page):
    answer = page("?tier=9")
    assert list(answer.context["page"].object_list) == []
    assert "was not understood" in answer.content.decode()


def test_gaps_of_restricted_systems_are_for_those_who_may_see_them(page):
    hidden = SystemFactory(slug="secret", restricted=True)
    recheck(hidden)
    assert "secret" not in page("?format=csv").content.decode()


def test_retired_systems_have_no_gaps(page, system, now):
    type(system).objects.filter(pk=system.pk).update(retired_at=now)
    assert list(page().context["page"].object_list) == []


def test_the_export_holds_the_same_rows(page):
    rows = list(csv.DictReader(page("?format=csv&gap=ownership").content.decode().splitlines()))
    assert {row["system"] for row in rows} == {"churn"}
    assert len(rows) == 6


def test_programs_read_the_same(viewer, system):
    recheck(system)
    found = caller(viewer).get("/api/v1/reports/gaps/?gap=ownership").json()["results"]
    roles = ("product_owner", "model_owner", "service_owner", "operations_owner", "data_owner")
    assert {row["check"] for row in found} == {"phases_scoped", *(f"role_filled_{role}" for role in roles)}
    assert found[0]["page"].startswith("http")


def test_gaps_are_found_by_whom_they_ask(page, system, holder):
    held = system.holdings.get(person=holder)
    asked = {key for key, one in CHECKS.items() if one.for_role == held.role}
    found = page("?holder=holder").context["page"].object_list
    assert {row.check_key for row in found} <= asked
    assert list(page("?holder=viewer").context["page"].object_list) == []
    assert "was not understood" in page("?holder=nobody-here").content.decode()


def test_gaps_are_found_by_how_long_they_have_stood(page, system, now):
    Outcome.objects.filter(system=system, check_key="role_filled_data_owner").update(since=now - timedelta(days=9))
    assert [row.check_key for row in page("?days=9").context["page"].object_list] == ["role_filled_data_owner"]
    assert list(page("?days=10").context["page"].object_list) == []


@pytest.mark.parametrize("days", ["-1", "x", "1.5", "99999999999"])
def test_days_that_are_none_are_not_understood(page, days):
    assert "was not understood" in page(f"?days={days}").content.decode()


def test_who_may_only_look_is_not_sent_to_mend(page, client, manager):
    button = 'href="/systems/churn/owners/data_owner/"'
    assert button not in page().content.decode()
    client.force_login(manager)
    assert button in page().content.decode()


@pytest.mark.parametrize("who", ["manager", "data_scientist", "holder"])
def test_the_number_of_queries_does_not_depend_on_the_number_of_gaps(page, client, request, who):
    client.force_login(request.getfixturevalue(who))

    def asked() -> int:
        health._read = None  # each process looks at the duties every few seconds: here, each time
        with CaptureQueriesContext(connection) as queries:
            page()
        return len(queries)

    recheck(SystemFactory())  # not everybody may mend what is missing there
    few = asked()
    for more in SystemFactory.create_batch(5):
        recheck(more)
    assert asked() == few
