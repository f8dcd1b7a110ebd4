"""Plan against actual as bars: each phase on one line, all phases on one scale, in percent of the line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from systems.plan_words import said_cost, said_late, said_over, said_time
from systems.plans import Standing

WHOLE = 100.0
LEAST = 0.6  # what is drawn at all is wide enough to be seen


@dataclass(frozen=True)
class Stretch:
    """A part of the line, from `x` on, `width` wide."""

    x: float
    width: float


@dataclass(frozen=True)
class Bar:
    """What was planned, what became of it, and the part of that beyond the plan; each None where there is nothing."""

    planned: Stretch | None
    actual: Stretch | None
    beyond: Stretch | None
    now: float | None = None  # where today is

    @property
    def is_empty(self) -> bool:
        return not (self.planned or self.actual or self.beyond)


@dataclass(frozen=True)
class Drawn:
    """A phase with its two bars and its sentences."""

    standing: Standing
    time: Bar
    cost: Bar

    @property
    def time_said(self) -> str:
        return said_time(self.standing)

    @property
    def late_said(self) -> str:
        return said_late(self.standing)

    @property
    def cost_said(self) -> str:
        return said_cost(self.standing)

    @property
    def over_said(self) -> str:
        return said_over(self.standing)


def drawn(standings: Sequence[Standing]) -> list[Drawn]:
    """Return the phases as they are drawn, on one scale of time and, for each currency, one of money."""
    days = [day for one in standings for day in _days_of(one) if day]
    begins, ends = (min(days), max(days)) if days else (None, None)
    return [
        Drawn(one, _time_bar(one, begins, ends), _cost_bar(one, _most(standings, one.currency))) for one in standings
    ]


def _days_of(one: Standing) -> list[date | None]:
    return [one.planned_from, one.planned_to, one.actual_from, one.actual_to, one.today if one.is_now else None]


def _time_bar(one: Standing, begins: date | None, ends: date | None) -> Bar:
    if begins is None or ends is None:
        return Bar(None, None, None)
    reach = max(1, (ends - begins).days)

    def at(day: date) -> float:
        return WHOLE * (day - begins).days / reach

    def stretch(first: date | None, last: date | None) -> Stretch | None:
        return _stretch(at(first), at(last)) if first and last and first <= last else None

    turn = one.planned_to if one.days_late else one.last_day
    late_from = max(one.planned_to, one.actual_from or one.planned_to) if one.days_late and one.planned_to else None
    return Bar(
        planned=stretch(one.planned_from, one.planned_to),
        actual=stretch(one.actual_from, turn),
        beyond=stretch(late_from, one.last_day),
        now=at(one.today) if begins <= one.today <= ends else None,
    )


def _most(standings: Sequence[Standing], currency: str) -> float:
    """Return the largest amount of this currency that is to be drawn."""
    amounts = [amount for one in standings if one.currency == currency for amount in (one.planned, one.spent) if amount]
    return float(max(amounts, default=0))


def _cost_bar(one: Standing, most: float) -> Bar:
    return _money_bar(one.planned, one.spent, most)


def _money_bar(plan: Decimal | None, paid: Decimal | None, most: float) -> Bar:
    if not most:
        return Bar(None, None, None)
    planned, spent = (WHOLE * float(amount or 0) / most for amount in (plan, paid))
    within = min(spent, planned) if plan is not None else spent
    return Bar(
        planned=_stretch(0, planned) if planned else None,
        actual=_stretch(0, within) if within else None,
        beyond=_stretch(within, spent) if plan is not None and spent > planned else None,
    )


def _stretch(x: float, end: float) -> Stretch:
    """Return the stretch, wide enough to be seen and inside of the line."""
    width = max(LEAST, end - x)
    return Stretch(round(min(x, WHOLE - width), 2), round(width, 2))


def shares(told: Sequence[tuple[Any, float | None]]) -> list[tuple[Any, Bar]]:
    """Return each thing with its share of the whole, from 0 to 1, as a bar; None is an empty line."""
    return [(one, Bar(None, _stretch(0, WHOLE * share) if share else None, None)) for one, share in told]


def sums_drawn(costs: Sequence[Any]) -> list[tuple[Any, Bar]]:
    """Return each sum (`planned`, `spent`, `currency`) with its bar; those of one currency on one scale."""
    most: dict[str, float] = {}
    for one in costs:
        most[one.currency] = max(most.get(one.currency, 0.0), float(one.planned), float(one.spent))
    return [(one, _money_bar(one.planned, one.spent, most[one.currency])) for one in costs]
