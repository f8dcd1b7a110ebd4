"""Plans and money for tests, in few words."""

from datetime import date
from decimal import Decimal

from systems.actions.plans import add_money, set_plan
from systems.models import PHASE_ORDER, System
from tests.factories import SystemFactory

SCOPED = {"planned_from": date(2026, 1, 1), "planned_to": date(2026, 3, 31), "exit": "It serves a week without help."}
SCOPED |= {"budget": Decimal(100), "currency": "EUR"}


def plan(system, phase, by, at, **facts):
    return set_plan(system=system, phase=phase, by=by, at=at, **SCOPED | facts)


def spend(system, phase, amount, by, at, **facts):
    facts = {"kind": "spent", "on": date(2026, 2, 1), "currency": "EUR"} | facts
    return add_money(system=system, phase=phase, amount=Decimal(amount), by=by, at=at, **facts)


def scope(system, by, at):
    for phase in PHASE_ORDER:
        plan(system, phase, by, at)


def finished(by, at, research, engineering, **facts) -> System:
    """Return a system in operations that spent so much on its research and its engineering."""
    system = SystemFactory(phase="operations", **facts)
    spend(system, "research", research, by, at)
    spend(system, "engineering", engineering, by, at)
    return system
