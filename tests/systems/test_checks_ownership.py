from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from systems.actions.hand_overs import plan_hand_over
from systems.checking import CHECKS, run_checks
from systems.models import HandOver, Holding, Outcome, Person, Role, System
from tests.factories import HoldingFactory, PersonFactory, SystemFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
OWNERSHIP = [key for key, one in CHECKS.items() if one.judge.__module__ == "systems.checks.ownership"]


@pytest.fixture
def found(system):
    """Run one check on the system and return what it finds: result, sentence, address."""

    def judge(key):
        run_checks(System.objects.filter(pk=system.pk), keys=[key])
        row = Outcome.objects.get(system=system, check_key=key)
        return row.outcome, row.why, row.url

    return judge


def _of(holder, **facts):
    Holding.objects.filter(person=holder).update(**facts)


def test_a_confirmation_in_time_passes_and_an_old_one_fails(found, holder, now):
    assert found("ownership_confirmed")[0] == "pass"
    _of(holder, confirmed_at=now - 181 * DAY)
    outcome, why, url = found("ownership_confirmed")
    assert (outcome, url) == ("fail", "/systems/churn/owners/product_owner/")
    assert "holder has not confirmed being the product owner since" in why


def test_who_may_not_sign_in_is_not_asked_to_confirm(found, holder, now):
    _of(holder, confirmed_at=now - 400 * DAY)
    Person.objects.filter(pk=holder.pk).update(is_active=False)
    assert found("ownership_confirmed")[0] == "pass"


@pytest.mark.parametrize(("days", "outcome"), [(29, "fail"), (31, "pass")])
def test_a_holder_who_leaves_within_thirty_days_is_a_gap(found, holder, now, days, outcome):
    Person.objects.filter(pk=holder.pk).update(until=now + days * DAY)
    assert found("holders_stay")[0] == outcome


def test_a_known_end_and_a_deputy_who_leaves_are_gaps(found, holder, system, now):
    _of(holder, until=now + 10 * DAY)
    assert "holder is the product owner until" in found("holders_stay")[1]
    deputy = PersonFactory(username="deputy", until=now + 5 * DAY)
    _of(holder, deputy=deputy)
    assert "deputy is deputy of the product owner until" in found("holders_stay")[1]
    assert "1 more ends soon as well." in found("holders_stay")[1]


def test_an_end_that_has_come_leaves_the_role_empty(found, holder, now):
    _of(holder, from_at=now - 9 * DAY, until=now - DAY)
    outcome, why, _ = found("role_filled_product_owner")
    assert (outcome, "nobody follows" in why) == ("fail", True)


def test_one_person_in_three_roles_is_a_gap(found, holder, system):
    HoldingFactory(system=system, role=Role.DATA_OWNER, person=holder)
    assert found("roles_spread")[0] == "pass"
    HoldingFactory(system=system, role=Role.SERVICE_OWNER, person=holder)
    outcome, why, _ = found("roles_spread")
    assert (outcome, "product owner, service owner and data owner" in why) == ("fail", True)


def test_tier_one_asks_for_deputies_and_the_others_do_not(found, holder, viewer):
    assert found("deputies_named")[0] == "not_applicable"
    System.objects.update(tier=1)
    assert found("deputies_named")[:2] == (
        "fail",
        "Nobody stands in for the product owner; tier 1 asks for a deputy.",
    )
    _of(holder, deputy=viewer)
    assert found("deputies_named")[0] == "pass"


def test_long_names_fit_into_the_sentence(found, system):
    for role in Role:
        person = PersonFactory(name="x" * 120, is_active=False)
        HoldingFactory(system=system, role=role, person=person)
        HandOver.objects.create(system=system, role=role, person=person, from_at=timezone.now())
    System.objects.update(tier=1)
    for key in OWNERSHIP:
        assert len(found(key)[1]) <= 300


@pytest.fixture
def follows(system, holder, manager, now):
    """Plan that somebody takes over from the holder at the end of so many days."""

    def plan(person, days, role=Role.PRODUCT_OWNER):
        at = now + days * DAY
        return plan_hand_over(system=system, role=role, person=person, from_at=at, by=manager, at=now)

    return plan


@pytest.mark.parametrize(("days", "outcome"), [(11, "pass"), (13, "fail")])
def test_a_holder_who_leaves_soon_is_no_gap_where_somebody_follows(found, holder, viewer, follows, now, days, outcome):
    _of(holder, until=now + 10 * DAY)
    follows(viewer, days)
    assert found("holders_stay")[0] == outcome


def test_who_is_to_take_over_and_cannot_is_a_gap(found, viewer, follows):
    follows(viewer, 60)
    assert found("holders_stay")[0] == "pass"
    Person.objects.filter(pk=viewer.pk).update(is_active=False)
    outcome, why, url = found("holders_stay")
    assert (outcome, url) == ("fail", "/systems/churn/owners/product_owner/")
    assert "viewer is to take over as product owner on" in why


def test_an_empty_role_says_who_takes_over(found, viewer, follows):
    follows(viewer, 3, role=Role.DATA_OWNER)
    outcome, why, _ = found("role_filled_data_owner")
    assert (outcome, "viewer takes over on" in why) == ("fail", True)


@pytest.mark.parametrize("key", OWNERSHIP)
def test_many_systems_take_as_few_queries_as_one(key, team):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            run_checks(System.objects.all(), keys=[key])
        return len(asked)

    queries()
    for system in SystemFactory.create_batch(2, team=team):
        HoldingFactory(system=system)
    few = queries()
    for system in SystemFactory.create_batch(12, team=team):
        HoldingFactory(system=system)
    assert queries() == few
