import csv
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mlops_portal.engine import health
from systems.models import Role, System
from systems.portfolio import portfolio_of
from tests.callers import caller
from tests.factories import HoldingFactory, SystemFactory
from tests.systems.planning import plan, spend

pytestmark = pytest.mark.django_db
PAGE, API = "/reports/portfolio/", "reports/portfolio/"
NOW = timezone.now()


@pytest.fixture
def page(client, viewer):
    client.force_login(viewer)
    return lambda query="": client.get(f"{PAGE}{query}")


def _told(**narrower):
    return portfolio_of(System.objects.exclude(slug="portal").filter(**narrower))


def test_systems_are_counted_by_phase_and_verdict():
    for slug, phase, verdict in [
        ("a", "research", "experiment"),
        ("b", "operations", "ready"),
        ("c", "operations", "experiment"),
    ]:
        SystemFactory(slug=slug, phase=phase, verdict=verdict)
    told = _told()
    assert [(one.phase, one.systems, one.ready, one.experiment) for one in told.phases] == [
        ("research", 1, 0, 1),
        ("engineering", 0, 0, 0),
        ("operations", 2, 1, 1),
    ]
    assert (told.systems, told.ready, told.claimed) == (3, 1, 1)


def test_what_only_research_is_scoped_of_is_called_out(page, system, manager):
    plan(system, "research", manager, NOW)
    assert _told().only_research_scoped == 1
    assert "Of 1 only research is scoped" in page().content.decode()
    plan(system, "engineering", manager, NOW)
    assert _told().only_research_scoped == 0


def test_a_role_counts_while_its_holder_may_sign_in():
    system = SystemFactory()
    held = HoldingFactory(system=system, role=Role.DATA_OWNER)
    assert {one.title: one.count for one in _told().coverage}["Data owner named"] == 1
    held.person.is_active = False
    held.person.save()
    assert {one.title: one.count for one in _told().coverage}["Data owner named"] == 0


def test_money_is_added_by_phase_and_never_over_currencies(manager):
    for slug, currency in [("a", "EUR"), ("b", "EUR"), ("c", "USD")]:
        system = SystemFactory(slug=slug)
        plan(system, "research", manager, NOW, currency=currency)
        spend(system, "research", "120", manager, NOW, currency=currency)
        spend(system, "research", "10", manager, NOW, currency=currency, kind="planned")
    costs = [(one.phase, one.currency, one.systems, one.planned, one.spent, one.over) for one in _told().costs]
    assert costs == [
        ("research", "EUR", 2, Decimal(220), Decimal(240), Decimal(20)),
        ("research", "USD", 1, Decimal(110), Decimal(120), Decimal(10)),
    ]


def test_every_system_has_its_step_of_the_reality_gap():
    for n, share in enumerate([-0.1, 0.0, 0.02, 0.021, 0.3, None]):
        SystemFactory(slug=f"s{n}", reality_gap_share=share)
    assert [one.count for one in _told().gaps] == [2, 1, 1, 0, 1, 1]


def test_what_is_hidden_or_retired_is_in_no_sum(page, client):
    SystemFactory(slug="secret", restricted=True)
    SystemFactory(slug="over", retired_at=NOW, phase="retired")
    assert page().context["told"].systems == 1  # the portal itself
    assert "secret" not in page("?format=csv").content.decode()


def test_the_filter_narrows_sums_and_rows(page):
    SystemFactory(slug="a", tier=1)
    SystemFactory(slug="b", tier=2)
    answer = page("?tier=1")
    assert answer.context["told"].systems == 1
    assert [one.slug for one in answer.context["page"].object_list] == ["a"]


def test_a_filter_that_is_not_understood_shows_nothing_and_says_so(page, system):
    answer = page("?tier=9")
    assert "was not understood" in answer.content.decode()
    assert answer.context["told"].systems == 0


def test_the_file_has_one_row_a_system(page, manager):
    system = SystemFactory(slug="a", reality_gap=0.1, reality_gap_share=0.11)
    plan(system, "research", manager, NOW)
    spend(system, "research", "120.50", manager, NOW)
    row = next(csv.DictReader(page("?format=csv&q=a&sort=name&team=" + system.team.slug).content.decode().splitlines()))
    told = {name: row[name] for name in ("system", "currency", "planned", "spent", "reality_gap", "scoped")}
    assert told == {
        "system": "a",
        "currency": "EUR",
        "planned": "100.00",
        "spent": "120.50",
        "reality_gap": "0.1",
        "scoped": "only_research",
    }


def test_programs_are_told_the_same(viewer, manager):
    system = SystemFactory(slug="a")
    plan(system, "research", manager, NOW)
    System.objects.filter(pk=system.pk).update(verdict="ready")
    asking = caller(viewer)
    told = asking.get(f"{API}?verdict=ready").json()
    assert (told["systems"], told["ready"], told["only_research_scoped"]) == (1, 1, 1)
    assert told["costs"][0]["planned"] == {"amount": "100.00", "currency": "EUR"}
    assert sum(one["count"] for one in told["reality_gaps"]) == 1
    assert asking.get(f"{API}?format=csv").status_code == 200
    assert asking.get(f"{API}?tier=9").status_code == 400
    assert asking.get(f"{API}?nonsense=1").status_code == 400


def test_the_number_of_queries_does_not_depend_on_the_number_of_systems(page):
    def asked() -> int:
        health._read = None  # each process looks at the duties every few seconds: here, each time
        with CaptureQueriesContext(connection) as queries:
            page()
        return len(queries)

    SystemFactory.create_batch(2)
    few = asked()
    SystemFactory.create_batch(20)
    assert asked() == few
