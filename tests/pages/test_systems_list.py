import csv
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from systems.filters import MOST_CHOICES
from systems.models import PhasePlan, Role, System
from tests.factories import HoldingFactory, IncidentFactory, PersonFactory, SystemFactory, TeamFactory

pytestmark = pytest.mark.django_db
LIST = "/systems/"


@pytest.fixture
def page(client, viewer):
    """Open the registry as a viewer."""
    client.force_login(viewer)
    return lambda query="", **more: client.get(f"{LIST}{query}", **more)


def _names(answer):
    return [system.slug for system in answer.context["page"].object_list if system.slug != "portal"]


def _counts(answer):
    return {str(level): count for level, count in answer.context["counts"]}


def _with_status(slug, status, **more):
    return SystemFactory(slug=slug, status=status, **more)


def test_the_worst_stands_first(page):
    for slug, status in [("a", "healthy"), ("b", "unknown"), ("c", "failing"), ("d", "degraded")]:
        _with_status(slug, status)
    assert _names(page()) == ["c", "d", "b", "a"]


def test_green_whose_time_is_over_is_listed_as_unknown(page):
    _with_status("old", "healthy", status_good_until=timezone.now() - timedelta(hours=3))
    answer = page("?status=unknown")
    assert _names(answer) == ["old"]
    assert "3 hours<" in answer.content.decode()


def test_the_summary_counts_what_the_other_filters_leave(page):
    _with_status("a", "failing", phase="operations")
    _with_status("b", "healthy", phase="operations")
    _with_status("c", "failing", phase="research")
    counts = _counts(page("?phase=research&status=healthy"))
    assert (counts["failing"], counts["healthy"]) == (1, 0)


def test_a_restricted_system_is_neither_listed_nor_counted(page):
    SystemFactory(slug="secret", restricted=True, status="failing")
    answer = page()
    assert _names(answer) == []
    assert _counts(answer)["failing"] == 0


def test_a_restricted_system_is_not_exported(page):
    SystemFactory(slug="secret", restricted=True)
    assert b"secret" not in page("?format=csv").content


def test_a_row_names_owner_and_open_incident(page, system):
    HoldingFactory(system=system, role=Role.MODEL_OWNER, person__username="kim")
    IncidentFactory(number=7, title="Labels are late", systems=[system])
    text = page().content.decode()
    assert "kim" in text
    assert "#7 Labels are late" in text


def test_a_resolved_incident_is_not_in_the_row(page, system, manager):
    IncidentFactory(title="Over", systems=[system], resolved_at=timezone.now(), resolved_by=manager)
    assert "Over" not in page().content.decode()


def test_fifty_stand_on_a_page(page):
    SystemFactory.create_batch(60)
    assert len(page().context["page"].object_list) == 50
    assert len(page("?page=2").context["page"].object_list) == 11  # with the portal itself


def test_fields_left_empty_filter_nothing(page, system):
    assert _names(page("?q=&phase=&team=&owner=&tier=&tag=&sort=")) == ["churn"]


def test_a_value_that_is_not_understood_shows_nothing_and_says_so(page, system):
    answer = page("?phase=nonsense")
    assert _names(answer) == []
    assert "was not understood" in answer.content.decode()


def test_htmx_is_given_the_very_fragment_of_the_page(page, system):
    whole, fragment = page().content.decode(), page(HTTP_HX_REQUEST="true").content.decode()
    table = fragment[: fragment.index('<ul class="summary"')]
    assert "<html" not in fragment
    assert 'href="/systems/churn/"' in table
    assert table in whole


def test_htmx_is_told_an_address_without_empty_fields(page):
    assert page("?q=&phase=research", HTTP_HX_REQUEST="true")["HX-Push-Url"] == "/systems/?phase=research"


def test_the_export_holds_what_is_filtered(page):
    _with_status("a", "failing")
    _with_status("b", "healthy")
    rows = list(csv.DictReader(page("?format=csv&status=failing").content.decode().splitlines()))
    assert [(row["system"], row["status"]) for row in rows] == [("a", "failing")]


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_cell_that_a_spreadsheet_would_run_is_quoted(page, evil):
    SystemFactory(slug="evil", name=evil)
    text = page("?format=csv&q=evil").content.decode()
    assert next(csv.DictReader(text.splitlines(keepends=True)))["name"] == f"'{evil}"


@pytest.mark.parametrize("query", ["", "?format=csv"])
def test_many_systems_cost_as_many_queries_as_few(page, query):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            assert page(query).status_code == 200
        return len(seen)

    _busy(3)
    few = queries()
    _busy(57)
    assert queries() == few
    assert few <= 15


def _busy(count):
    for _ in range(count):
        system = SystemFactory()
        HoldingFactory(system=system)
        IncidentFactory(systems=[system])


def test_only_who_may_register_is_shown_the_button(client, viewer, data_scientist):
    client.force_login(viewer)
    assert reverse("systems:register") not in client.get(LIST).content.decode()
    client.force_login(data_scientist)
    assert f'href="{reverse("systems:register")}" data-new' in client.get(LIST).content.decode()


def test_retired_systems_are_shown_when_asked_for(page, system, now):
    System.objects.filter(pk=system.pk).update(retired_at=now, phase="retired")
    assert _names(page()) == []
    assert _names(page("?phase=retired")) == ["churn"]


def test_who_is_not_signed_in_is_sent_to_sign_in(client, db):
    assert client.get(LIST).url == "/accounts/login/?next=/systems/"


def test_rows_are_grouped_by_team_with_how_many_each_has(page):
    ants, zebra = (TeamFactory(name=name, slug=name.lower()) for name in ("Ants", "Zebra"))
    for slug, team in [("a", zebra), ("b", ants), ("c", zebra)]:
        SystemFactory(slug=slug, team=team)
    answer = page("?group=team&tag=&q=")
    titles = [title for title, _, _ in answer.context["groups"]]
    assert titles == sorted(titles)
    assert "Ants" in titles
    assert '<span class="count">2</span>' in answer.content.decode()


def test_rows_are_grouped_by_phase_in_the_order_of_phases(page):
    for slug, phase in [("a", "operations"), ("b", "research"), ("c", "engineering")]:
        SystemFactory(slug=slug, phase=phase)
    titles = [title for title, _, _ in page("?group=phase").context["groups"]]
    assert titles == ["Research", "Engineering", "Operations"]


def test_the_reality_gap_is_a_column_and_orders(page):
    for slug, gap in [("a", 0.1), ("b", None), ("c", 0.3)]:
        SystemFactory(slug=slug, reality_gap=gap)
    answer = page("?sort=-reality_gap")
    assert _names(answer) == ["c", "a", "b"]
    assert "worse than tested" in answer.content.decode()


def test_only_research_scoped_is_a_filter(page, system):
    day = timezone.now().date()
    PhasePlan.objects.create(
        system=system, phase="research", planned_from=day, planned_to=day, exit="Solved.", budget=5, currency="EUR"
    )
    SystemFactory(slug="b")
    assert _names(page("?scoped=only_research")) == ["churn"]
    assert _names(page("?scoped=nothing")) == ["b"]
    assert _names(page("?scoped=all")) == _names(page("?scoped=partly")) == []


def test_where_there_are_many_teams_and_people_their_names_are_typed(page):
    TeamFactory.create_batch(MOST_CHOICES + 1)
    PersonFactory.create_batch(MOST_CHOICES + 1)
    text = page("?team=&owner=").content.decode()
    assert '<input name="team"' in text
    assert '<input name="owner"' in text
