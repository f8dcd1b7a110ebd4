"""What is said of plans: days, amounts, and each phase in a sentence."""

from datetime import date
from decimal import Decimal

from systems.models import PHASE_ORDER, Phase
from systems.plans import Standing

SPACE = "\N{NO-BREAK SPACE}"


def said_days(days: int) -> str:
    """Return a number of days as people say it: "9 days", "3 weeks", "4 months"."""
    for size, unit, least in ((30, "month", 92), (7, "week", 14)):
        if days >= least:
            return f"{round(days / size)} {unit}s"
    return f"{days} day{'' if days == 1 else 's'}"


def said_money(amount: Decimal, currency: str) -> str:
    """Return an amount with its currency, with cents only where there are some."""
    return f"{currency}{SPACE}{amount:,.0f}" if amount == amount.to_integral() else f"{currency}{SPACE}{amount:,.2f}"


def said_day(day: date, beside: date | None = None) -> str:
    """Return a day, without its year when `beside` is in the same year."""
    return f"{day:%-d %b}" if beside and beside.year == day.year else f"{day:%-d %b %Y}"


def said_list(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def said_time(one: Standing) -> str:
    """Return when the phase was to be and when it was."""
    return f"{_planned_time(one)}; {_actual_time(one)}."


def _planned_time(one: Standing) -> str:
    if one.planned_from and one.planned_to:
        return f"Planned {said_day(one.planned_from, one.planned_to)} – {said_day(one.planned_to)}"
    if one.planned_from:
        return f"Planned from {said_day(one.planned_from)}, no end"
    return f"Planned until {said_day(one.planned_to)}" if one.planned_to else "No dates planned"


def _actual_time(one: Standing) -> str:
    if one.is_now:
        return f"runs since {said_day(one.actual_from)}" if one.actual_from else "it runs"
    if one.actual_from and one.actual_to:
        return f"it was {said_day(one.actual_from, one.actual_to)} – {said_day(one.actual_to)}"
    if one.actual_to:
        return f"it ended {said_day(one.actual_to)}"
    return "it is over, nobody said when" if one.is_past else "not begun"


def said_cost(one: Standing) -> str:
    """Return what of the plan is spent."""
    if one.spent is None:
        return (
            f"{said_money(one.planned, one.currency)} planned, nothing spent."
            if one.planned is not None
            else "No budget."
        )
    spent = said_money(one.spent, one.currency)
    if one.planned is None:
        return f"{spent} spent, no budget."
    return f"{spent} of {said_money(one.planned, one.currency)} spent."


def said_late(one: Standing) -> str:
    """Return by how much it is late, or an empty text."""
    return f"{said_days(one.days_late)} late" if one.days_late else ""


def said_over(one: Standing) -> str:
    """Return by how much it is over its budget, or an empty text."""
    if not one.over:
        return ""
    return (
        f"{one.over_share:.0%} over budget" if one.over_share else f"{said_money(one.over, one.currency)} over budget"
    )


def said_scope(standings: list[Standing]) -> str:
    """Return which phases are scoped and what the others lack, in one sentence."""
    lacking = [one for one in standings if one.lacks]
    if not lacking:
        return "All three phases have dates, a budget and an exit criterion."
    if len(lacking) == len(PHASE_ORDER) and all(len(one.lacks) == 3 for one in lacking):
        return "No phase is scoped: nobody has said when, at what cost and until what."
    lacks = ", ".join(f"{one.phase.label.lower()} lacks {said_list(one.lacks)}" for one in lacking)
    if [one.phase for one in standings if not one.lacks] == [Phase.RESEARCH]:
        return f"Only research is scoped: {lacks}."
    return f"Not all phases are scoped: {lacks}."
