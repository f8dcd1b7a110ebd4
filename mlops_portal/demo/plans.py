"""What the phases of the demo's systems were to take and to cost, and what they did.

Days are counted from the beginning of the world's past: those before are told, those after are lived night by night.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from systems.actions.plans import add_money, set_plan
from systems.actions.registry import judged_once
from systems.models import Person, Phase, System

PEOPLE_COST = Decimal("0.8")  # of what a phase that is over has cost; machines the rest
PAID_AT_AGES = (170, 140, 110, 80, 50, 20)
HURRIED_AT_AGE, HURRIED_TO = 25, "search-ranking"


@dataclass(frozen=True)
class Part:
    """A phase: planned and actual days, both from the world's beginning, and thousands of euros."""

    phase: Phase
    planned: tuple[int, int]
    budget: int
    actual: tuple[int | None, int | None] = (None, None)
    spent: float = 0
    exit: str = ""


WORKS = "It beats the rule that is used today on data that it has not seen."
SERVES = "A month beside the old way without an incident; the runbook was followed once by somebody else."
LASTS = "It is switched off, or its yearly review says that it is worth its cost."
RESEARCH, ENGINEERING, OPERATIONS = Phase.RESEARCH, Phase.ENGINEERING, Phase.OPERATIONS

PLANS = {
    "churn-forecast": [
        Part(RESEARCH, (-420, -330), 40, (-420, -325), 38.5, WORKS),
        Part(ENGINEERING, (-330, -180), 90, (-325, -185), 84, SERVES),
        Part(OPERATIONS, (-180, 550), 60, (-185, None), 9, LASTS),
    ],
    "ticket-routing": [
        Part(RESEARCH, (-300, -240), 25, (-300, -236), 24.2, WORKS),
        Part(ENGINEERING, (-240, -120), 60, (-236, -110), 66, SERVES),
        Part(OPERATIONS, (-110, 620), 45, (-110, None), 4.5, LASTS),
    ],
    "card-fraud-score": [
        Part(RESEARCH, (-380, -290), 60, (-380, -270), 71, WORKS),
        Part(ENGINEERING, (-290, -100), 150, (-270, -20), 201, SERVES),
        Part(OPERATIONS, (-100, 365), 40, (-20, None), 0, LASTS),
    ],
    "delivery-times": [
        Part(RESEARCH, (-500, -440), 30, (-500, -436), 29, WORKS),
        Part(ENGINEERING, (-440, -300), 55, (-436, -290), 61, SERVES),
        Part(OPERATIONS, (-300, 430), 50, (-290, None), 20),
    ],
    "demand-forecast": [
        Part(RESEARCH, (-700, -640), 20, (-700, -630), 22, WORKS),
        Part(ENGINEERING, (-640, -560), 28, (-630, -520), 31, SERVES),
    ],
    "search-ranking": [
        Part(RESEARCH, (-120, -40), 35, (-120, -38), 33, WORKS),
        Part(ENGINEERING, (-40, 230), 80, (-38, None), 8, SERVES),
        Part(OPERATIONS, (231, 596), 40, exit=LASTS),
    ],
    "invoice-reader": [
        Part(RESEARCH, (-60, 250), 30, (-60, None), 4, "Nine of ten invoices need no hand."),
    ],
}
PAID = {  # thousands of euros, every month, for the phase that runs
    "churn-forecast": 2.4,
    "ticket-routing": 1.5,
    "card-fraud-score": 8.9,
    "delivery-times": 2,
    "search-ranking": 9,
    "invoice-reader": 3,
}


def plan_phases(system: System, *, by: Person, at: datetime) -> None:
    """Write down what was planned for the system by the beginning of its past, and what was spent until then."""
    for part in PLANS.get(system.slug, []):
        days = dict(zip(("planned_from", "planned_to"), (_day(at, n) for n in part.planned), strict=True))
        days |= dict(zip(("actual_from", "actual_to"), (_day(at, n) for n in part.actual), strict=True))
        budget = {"budget": Decimal(part.budget * 1000), "currency": "EUR"}
        set_plan(system=system, phase=part.phase, exit=part.exit, by=by, at=at, **days, **budget)
        if part.spent:
            ended = _day(at, min(0, part.actual[1] or 0))
            spent = Decimal(str(part.spent)) * 1000
            _spend(system, part.phase, spent * PEOPLE_COST, ended, "People", by, at)
            _spend(system, part.phase, spent * (1 - PEOPLE_COST), ended, "Machines and data", by, at)


def _day(at: datetime, after: int | None) -> date | None:
    return None if after is None else at.date() + timedelta(days=after)


def _spend(system: System, phase: str, amount: Decimal, on: date | None, note: str, by: Person, at: datetime) -> None:
    money = {"kind": "spent", "on": on, "amount": amount, "currency": "EUR", "note": note}
    add_money(system=system, phase=phase, by=by, at=at, **money)


def pay(age: int, at: datetime) -> None:
    """Do what was paid, and planned anew, on the night of this age."""
    if age not in (*PAID_AT_AGES, HURRIED_AT_AGE):
        return
    by = Person.objects.get(username="manager")
    with judged_once(at=at):
        for system in System.objects.filter(slug__in=PAID):
            if age in PAID_AT_AGES:
                amount = Decimal(str(PAID[system.slug])) * 1000
                _spend(system, system.phase, amount, at.date(), f"{at:%B}", by, at)
            elif system.slug == HURRIED_TO:
                _hurry(system, by, at)


def _hurry(system: System, by: Person, at: datetime) -> None:
    """Bring the end of its phase forward: the sale begins, and it is not ready."""
    plan = system.phase_plans.get(phase=system.phase)
    facts = {name: getattr(plan, name) for name in ("planned_from", "actual_from", "budget", "currency", "exit")}
    set_plan(system=system, phase=plan.phase, planned_to=at.date() + timedelta(days=3), by=by, at=at, **facts)
