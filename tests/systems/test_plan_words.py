from datetime import date
from decimal import Decimal

import pytest

from systems.models import PHASE_ORDER, Phase, PhasePlan
from systems.plan_words import said_cost, said_days, said_list, said_money, said_over, said_scope, said_time
from systems.plans import Decided, Standing


def _standing(phase=Phase.RESEARCH, *, spent=None, actual=(None, None), is_now=False, is_past=False, **facts):
    plan = PhasePlan(phase=phase, **{"currency": "EUR"} | facts)
    plan.granted, plan.spent = None, spent and Decimal(spent)
    return Standing(phase, plan, Decided(), *actual, is_now=is_now, is_past=is_past, today=date(2026, 3, 1))


def _said(words):
    return words.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("days", "words"), [(1, "1 day"), (13, "13 days"), (20, "3 weeks"), (80, "11 weeks"), (100, "3 months")]
)
def test_days_are_said_as_people_say_them(days, words):
    assert said_days(days) == words


def test_cents_are_said_where_there_are_some():
    assert _said(said_money(Decimal("1200.00"), "EUR")) == "EUR 1,200"
    assert _said(said_money(Decimal("1200.50"), "EUR")) == "EUR 1,200.50"


def test_things_are_listed():
    assert [said_list(["a"]), said_list(["a", "b"]), said_list(["a", "b", "c"])] == ["a", "a and b", "a, b and c"]


def test_when_it_was_to_be_and_when_it_was():
    days = {"planned_from": date(2026, 1, 1), "planned_to": date(2026, 2, 1)}
    assert said_time(_standing(**days)) == "Planned 1 Jan – 1 Feb 2026; not begun."
    assert said_time(_standing(actual=(date(2025, 12, 9), None), is_now=True)).endswith("runs since 9 Dec 2025.")
    assert said_time(_standing(is_past=True)) == "No dates planned; it is over, nobody said when."


def test_what_of_the_budget_is_spent():
    assert said_cost(_standing()) == "No budget."
    assert _said(said_cost(_standing(budget=Decimal(5)))) == "EUR 5 planned, nothing spent."
    assert _said(said_cost(_standing(spent=5))) == "EUR 5 spent, no budget."


def test_over_a_budget_of_nothing_there_is_no_share():
    assert _said(said_over(_standing(budget=Decimal(0), spent=5))) == "EUR 5 over budget"
    assert said_over(_standing(budget=Decimal(5), spent=5)) == ""


def test_nothing_scoped_is_said_in_few_words():
    assert said_scope([_standing(phase) for phase in PHASE_ORDER]).startswith("No phase is scoped")
