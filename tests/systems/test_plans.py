"""How phases stand, and what may be said of them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from mlops_portal.engine.models import Change
from mlops_portal.engine.versions import Stale
from systems.actions.plans import DoesNotFit, remove_money
from systems.actions.registry import recheck
from systems.models import Money, Phase, PhaseMove, PhasePlan, System
from systems.plans import standing_of, standings_of
from tests.factories import SystemFactory
from tests.systems.planning import plan, scope, spend

pytestmark = pytest.mark.django_db
DAY = date(2026, 4, 21)


@pytest.fixture
def planned(system, manager, now):
    """Plan the engineering of a system, in which it is."""
    System.objects.update(phase=Phase.ENGINEERING)
    system.refresh_from_db()
    return lambda **facts: plan(system, "engineering", manager, now, **facts)


def _moved(system, at, **facts):
    PhaseMove.objects.create(system=system, at=at, **facts)


def _found(system, key):
    return system.outcomes.get(check_key=key)


def test_a_plan_counts_its_versions_and_the_same_again_is_none(planned):
    assert planned().version == 1
    assert planned(seen=1).version == 1
    assert planned(seen=1, exit="Another.").version == 2
    with pytest.raises(Stale):
        planned(seen=1, exit="Late.")


def test_the_history_holds_what_was_and_what_is(planned):
    planned()
    planned(budget=Decimal(150))
    change = Change.objects.filter(kind="phase", verb="planned").first()
    assert (change.before, change.after) == ({"budget": "100.00"}, {"budget": "150.00"})


@pytest.mark.parametrize(
    ("facts", "field", "words"),
    [
        ({"planned_to": date(2025, 12, 31)}, "planned_to", "ends before it begins"),
        ({"planned_from": date(1, 1, 1)}, "planned_from", "between 1990 and 2100"),
        ({"budget": Decimal(-1)}, "budget", "not negative"),
        ({"budget": Decimal(10) ** 30}, "budget", "at most 1,000,000,000,000"),
        ({"budget": Decimal("0.001")}, "budget", "two digits"),
        ({"currency": "eur"}, "currency", "three capital letters"),
        ({"currency": ""}, "currency", "three capital letters"),
        ({"exit": "x" * 1001}, "exit", "1,000 characters"),
        ({"exit": "a\x07b"}, "exit", "control character"),
        ({"exit": "a\u202eb"}, "exit", "turns the direction"),
        ({"actual_to": date(2026, 2, 1)}, "actual_to", "It is not over"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(planned, facts, field, words):
    with pytest.raises(DoesNotFit) as misfit:
        planned(**facts)
    assert list(misfit.value.errors) == [field]
    assert words in misfit.value.errors[field]
    assert not PhasePlan.objects.exists()


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"amount": -5}, "amount"),
        ({"on": date(9999, 1, 1)}, "on"),
        ({"on": date(2100, 1, 1)}, "on"),
        ({"note": "x" * 301}, "note"),
        ({"note": "a\x00b"}, "note"),
        ({"currency": "€"}, "currency"),
    ],
)
def test_money_that_cannot_be_is_refused_at_its_field(system, manager, now, facts, field):
    with pytest.raises(DoesNotFit) as misfit:
        spend(system, "research", **{"amount": 5, "by": manager, "at": now} | facts)
    assert list(misfit.value.errors) == [field]
    assert not PhasePlan.objects.exists()


def test_a_phase_has_one_currency(system, manager, now):
    spend(system, "research", 5, manager, now)
    with pytest.raises(DoesNotFit, match="The money of research is in EUR"):
        spend(system, "research", 5, manager, now, currency="USD")
    with pytest.raises(DoesNotFit, match="The money of research is in EUR"):
        plan(system, "research", manager, now, currency="USD")


def test_a_currency_goes_with_its_last_amount(system, manager, now):
    remove_money(entry=spend(system, "research", 5, manager, now), by=manager, at=now)
    assert spend(system, "research", 5, manager, now, currency="USD").plan.currency == "USD"


def test_what_was_granted_later_adds_to_the_budget(system, manager, now):
    plan(system, "research", manager, now)
    spend(system, "research", 20, manager, now, kind="planned")
    spend(system, "research", 150, manager, now)
    stands = standing_of(system, "research")
    assert (stands.planned, stands.spent, stands.over, stands.over_share) == (120, 150, 30, 0.25)


def test_what_is_taken_out_stays_in_the_history(system, manager, now):
    remove_money(entry=spend(system, "research", 5, manager, now), by=manager, at=now)
    assert not Money.objects.exists()
    assert Change.objects.get(kind="money", verb="removed").before["amount"] == "5.00"


def test_actual_dates_follow_from_the_decisions(system, manager):
    system.phase, system.registered_at = Phase.OPERATIONS, datetime(2026, 1, 5, tzinfo=UTC)
    _moved(system, datetime(2026, 2, 1, tzinfo=UTC), from_phase="research", to_phase="engineering")
    _moved(system, datetime(2026, 3, 1, tzinfo=UTC), from_phase="engineering", to_phase="operations")
    dates = [(one.actual_from, one.actual_to) for one in standings_of([system])[system.pk]]
    march = date(2026, 3, 1)
    assert dates == [(date(2026, 1, 5), date(2026, 2, 1)), (date(2026, 2, 1), march), (march, None)]


def test_what_a_decision_says_is_not_typed(planned, system):
    _moved(system, datetime(2026, 2, 1, tzinfo=UTC), from_phase="research", to_phase="engineering")
    with pytest.raises(DoesNotFit, match="follows from the decision of 1 February 2026"):
        planned(actual_from=date(2026, 1, 1))


def test_what_was_before_it_was_registered_is_told(system, manager, now):
    System.objects.update(phase=Phase.OPERATIONS)
    told = {"actual_from": date(2025, 1, 1), "actual_to": date(2026, 4, 10)}
    plan(system, "research", manager, now, **told)
    stands = standing_of(System.objects.get(pk=system.pk), "research")
    assert (stands.actual_from, stands.actual_to, stands.days_late) == (*told.values(), 10)


def test_a_phase_that_runs_is_late_until_today(planned, system):
    planned()
    assert standing_of(system, "engineering", today=DAY).days_late == 21
    assert standing_of(system, "engineering", today=date(2026, 3, 1)).days_late == 0


def test_only_research_is_scoped(system, manager, now):
    plan(system, "research", manager, now)
    found = _found(system, "phases_scoped")
    assert found.outcome == "fail"
    assert found.why.startswith("Only research is scoped: engineering lacks dates, a budget and an exit criterion,")
    assert found.url == "/systems/churn/phases/engineering/"
    assert System.objects.with_scope().get(pk=system.pk).scoped == "only_research"


def test_a_scope_is_whole_with_dates_budget_and_exit_of_each(system, manager, now):
    scope(system, manager, now)
    assert _found(system, "phases_scoped").outcome == "pass"
    plan(system, "operations", manager, now, budget=None)
    assert _found(system, "phases_scoped").why == "Not all phases are scoped: operations lacks a budget."
    spend(system, "operations", 5, manager, now, kind="planned")
    assert _found(system, "phases_scoped").outcome == "pass"


def test_a_phase_over_its_plan_is_a_gap_until_it_is_planned_anew(planned, system, manager, now):
    later = date(2090, 1, 1)
    planned(planned_to=later)
    spend(system, "engineering", 134, manager, now)
    found = _found(system, "phase_within_plan")
    assert (found.outcome, found.why) == ("fail", "Engineering is over its plan: 34% over budget.")
    planned(planned_to=later, budget=Decimal(130))
    assert _found(system, "phase_within_plan").outcome == "pass"


def test_nothing_planned_is_not_called_within_the_plan(system):
    recheck(system)
    assert _found(system, "phase_within_plan").outcome == "not_applicable"


def test_many_systems_stand_by_two_queries(manager, now, django_assert_num_queries):
    systems = SystemFactory.create_batch(3)
    for one in systems:
        scope(one, manager, now)
    with django_assert_num_queries(2):
        standings_of(systems, today=DAY)
