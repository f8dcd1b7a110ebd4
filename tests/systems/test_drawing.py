"""Plan against actual, in percent of the line."""

from datetime import date
from decimal import Decimal

from systems.drawing import Stretch, drawn
from systems.models import Phase, PhasePlan
from systems.plans import Decided, Standing

DAY = date(2026, 3, 1)


def _standing(phase=Phase.RESEARCH, spent=None, actual=(None, None), is_now=False, **facts):
    plan = PhasePlan(phase=phase, **{"currency": "EUR"} | facts)
    plan.granted, plan.spent = None, spent and Decimal(spent)
    return Standing(phase, plan, Decided(), *actual, is_now=is_now, is_past=not is_now, today=DAY)


def test_money_beyond_the_budget_begins_where_the_budget_ends():
    cost = drawn([_standing(budget=Decimal(100), spent=125)])[0].cost
    assert (cost.planned, cost.actual, cost.beyond) == (Stretch(0, 80), Stretch(0, 80), Stretch(80, 20))


def test_phases_share_one_scale_of_money_in_one_currency():
    standings = [
        _standing(budget=Decimal(50)),
        _standing(budget=Decimal(100)),
        _standing(budget=Decimal(9), currency="USD"),
    ]
    assert [one.cost.planned.width for one in drawn(standings)] == [50, 100, 100]


def test_days_beyond_the_plan_begin_where_the_plan_ends():
    days = {"planned_from": date(2026, 1, 1), "planned_to": date(2026, 1, 31)}
    time = drawn([_standing(**days, actual=(date(2026, 1, 11), date(2026, 4, 11)))])[0].time
    assert (time.planned, time.actual) == (Stretch(0, 30), Stretch(10, 20))
    assert (time.beyond, time.now) == (Stretch(30, 70), 59)


def test_a_phase_that_runs_reaches_until_today():
    time = drawn([_standing(planned_to=date(2026, 6, 1), actual=(date(2026, 1, 1), None), is_now=True)])[0].time
    assert (round(time.now, 1), time.actual.width, time.beyond) == (39.1, 39.07, None)


def test_where_nothing_is_known_nothing_is_drawn():
    one = drawn([_standing()])[0]
    assert (one.time.is_empty, one.cost.is_empty) == (True, True)


def test_what_is_there_is_wide_enough_to_be_seen_and_inside_of_the_line():
    cost = drawn([_standing(budget=Decimal(1000000), spent=1000001)])[0].cost
    assert cost.beyond == Stretch(99.4, 0.6)
