import pytest
from django.http import QueryDict

from systems.filters import SystemFilter
from systems.models import System
from tests.factories import HoldingFactory, SystemFactory


def found(query):
    return [one.slug for one in SystemFilter(QueryDict(query), System.objects.for_list_page()).qs]


@pytest.fixture
def churn(system):
    System.objects.filter(pk=system.pk).update(status="failing", tier=1, tags=["payments"], phase="engineering")
    return system


@pytest.fixture
def fraud(churn):
    return SystemFactory(slug="fraud", name="Fraud", purpose="Scores payments for fraud.", phase="retired")


@pytest.mark.parametrize(
    "query",
    [
        "q=chu",
        "q=customer",
        "status=failing&status=degraded",
        "phase=engineering",
        "tier=1",
        "team=growth",
        "tag=payments",
    ],
)
def test_each_field_finds_its_own(churn, query):
    SystemFactory(name="Other", purpose="Else")
    assert found(query) == ["churn"]


def test_owner_is_who_holds_a_role_now_or_is_a_deputy(churn, holder, teammate, now):
    other = HoldingFactory(deputy=holder)
    HoldingFactory(system=churn, person=teammate, from_at=now, to=now)
    assert sorted(found("owner=holder")) == sorted(["churn", other.system.slug])
    assert found("owner=teammate") == []


def test_a_value_that_is_not_understood_finds_nothing_and_says_so(churn):
    asked = SystemFilter(QueryDict("tier=9"), System.objects.for_list_page())
    assert list(asked.qs) == []
    assert list(asked.form.errors) == ["tier"]


def test_retired_systems_are_left_out_unless_asked_for(churn, fraud):
    System.objects.filter(pk=fraud.pk).update(retired_at=fraud.registered_at)
    assert "fraud" not in found("")
    assert found("phase=retired") == ["fraud"]


def test_sort_orders_and_the_worst_come_first_otherwise(churn):
    SystemFactory(slug="a-quiet-one", name="A quiet one")
    assert found("")[0] == "churn"
    assert found("sort=name")[0] == "a-quiet-one"
    assert found("sort=-name")[-1] == "a-quiet-one"


def test_without_leaves_one_field_aside(churn):
    asked = SystemFilter(QueryDict("status=healthy&tier=1"), System.objects.for_list_page())
    assert [one.slug for one in asked.without("status")] == ["churn"]
