"""Planning a phase of a system, and recording the money of it."""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction

from mlops_portal.engine.audit import differences, record
from mlops_portal.engine.plain_text import text_is_plain
from mlops_portal.engine.versions import Stale
from systems.actions.registry import recheck
from systems.models import Money, Phase, PhasePlan, System
from systems.plans import Standing, standing_of

FIELDS = ("planned_from", "planned_to", "actual_from", "actual_to", "budget", "currency", "exit")
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2100, 12, 31)
MOST = Decimal(10) ** 12
LONGEST_EXIT, LONGEST_NOTE = 1000, 300
_CURRENCY = re.compile(r"[A-Z]{3}")


class DoesNotFit(Exception):
    """What was said cannot stand; `errors` holds one sentence for each field."""

    def __init__(self, errors: dict[str, str]):
        super().__init__(" ".join(errors.values()))
        self.errors = errors


@transaction.atomic
def set_plan(*, system: System, phase: str, by, at: datetime, seen: int | None = None, **facts) -> PhasePlan:
    """Make `facts` (FIELDS; what is left out is emptied) the plan of the phase and return it.

    Raises DoesNotFit, and Stale when `seen` (0: nothing is planned yet) is not the version that stands.
    """
    system = System.objects.select_for_update(of=("self",)).get(pk=system.pk)
    plan = PhasePlan.objects.filter(system=system, phase=phase).first()
    plan = plan or PhasePlan(system=system, phase=phase, version=0)
    if seen is not None and plan.version != seen:
        raise Stale(plan)
    wanted = _whole(plan, facts)
    problems = plan_problems(wanted) | _problems_here(plan, wanted, standing_of(system, phase))
    if problems:
        raise DoesNotFit(problems)
    old, new = differences(_said(plan), {name: _plain(value) for name, value in wanted.items()})
    if not new:
        return plan
    for name, value in wanted.items():
        setattr(plan, name, value)
    plan.version += 1
    plan.save()
    record(by=by, verb="planned", kind="phase", object=phase, system=system, before=old, after=new)
    recheck(system)
    return plan


def _whole(plan: PhasePlan, facts: dict) -> dict:
    """Return all of FIELDS: the currency of money that stands stays when no budget names one."""
    nothing = {"currency": "", "exit": ""}
    wanted = {name: facts.get(name, nothing.get(name)) for name in FIELDS}
    if wanted["budget"] is None:
        wanted["currency"] = plan.currency if _has_entries(plan) else ""
    return wanted


def _has_entries(plan: PhasePlan) -> bool:
    return bool(plan.pk) and plan.money.exists()


def plan_problems(facts: dict) -> dict[str, str]:
    """Return what is wrong with a plan in itself, one sentence by field; `facts` as set_plan() takes them."""
    problems = {name: problem for name in FIELDS[:4] if (problem := _day_problem(facts.get(name)))}
    for begin, end in (("planned_from", "planned_to"), ("actual_from", "actual_to")):
        if not problems and facts.get(begin) and facts.get(end) and facts[end] < facts[begin]:
            problems[end] = "It ends before it begins."
    if facts.get("budget") is not None:
        problems |= _amount_problems("budget", facts["budget"], facts.get("currency", ""))
    if problem := _text_problem(facts.get("exit", ""), LONGEST_EXIT):
        problems["exit"] = problem
    return problems


def _problems_here(plan: PhasePlan, facts: dict, now: Standing) -> dict[str, str]:
    """Return what does not fit to the system: its decisions to move, the money that stands."""
    problems = {}
    for name, decided in (("actual_from", now.decided.began), ("actual_to", now.decided.ended)):
        if facts[name] and decided and facts[name] != decided:
            problems[name] = f"It follows from the decision of {decided:%-d %B %Y} and is not typed."
    if facts["actual_from"] and not (now.is_now or now.is_past):
        problems["actual_from"] = "It has not begun: moving on to it says when it does."
    if facts["actual_to"] and not now.is_past:
        problems["actual_to"] = "It is not over: moving on says when it is."
    if facts["budget"] is not None and facts["currency"] != plan.currency and _has_entries(plan):
        problems["currency"] = _other_currency(plan)
    return problems


@transaction.atomic
def add_money(
    *, system: System, phase: str, kind: str, on: date, amount: Decimal, currency: str, note: str = "", by, at: datetime
) -> Money:
    """Record an amount that was spent on the phase, or planned on top of its budget. Raises DoesNotFit."""
    System.objects.select_for_update().get(pk=system.pk)
    plan = PhasePlan.objects.filter(system=system, phase=phase).first() or PhasePlan(system=system, phase=phase)
    problems = money_problems(kind, on, amount, currency, note, today=at.date())
    if not problems and plan.currency != currency and (plan.budget is not None or _has_entries(plan)):
        problems = {"currency": _other_currency(plan)}
    if problems:
        raise DoesNotFit(problems)
    if plan.pk is None or plan.currency != currency:
        plan.currency = currency
        plan.save()
    entry = plan.money.create(kind=kind, on=on, amount=amount, note=note, by=by, at=at)
    record(by=by, verb="recorded", kind="money", object=phase, system=system, after=_entry(entry))
    recheck(system)
    return entry


@transaction.atomic
def remove_money(*, entry: Money, by, at: datetime) -> None:
    """Take an entry out that was wrong; the history keeps what it said."""
    plan = PhasePlan.objects.select_related("system").get(pk=entry.plan_id)
    System.objects.select_for_update().get(pk=plan.system_id)
    if Money.objects.filter(pk=entry.pk).delete()[0]:
        record(by=by, verb="removed", kind="money", object=plan.phase, system=plan.system, before=_entry(entry))
        recheck(plan.system)


def money_problems(
    kind: str, on: date, amount: Decimal, currency: str, note: str, *, today: date | None = None
) -> dict[str, str]:
    """Return what is wrong with an entry in itself, one sentence by field; money is spent by `today` at the latest."""
    problems = _amount_problems("amount", amount, currency)
    if problem := _day_problem(on):
        problems["on"] = problem
    elif today and kind == Money.Kind.SPENT and on > today + timedelta(days=1):  # it is tomorrow already in the east
        problems["on"] = "This day is still to come: only what was spent is recorded."
    if problem := _text_problem(note, LONGEST_NOTE):
        problems["note"] = problem
    return problems


def _day_problem(day: date | None) -> str:
    if day and not FIRST_DAY <= day <= LAST_DAY:
        return f"Give a day between {FIRST_DAY.year} and {LAST_DAY.year}."
    return ""


def _amount_problems(name: str, amount: Decimal, currency: str) -> dict[str, str]:
    problems = {}
    if amount < 0:
        problems[name] = "An amount is not negative."
    elif amount > MOST:
        problems[name] = f"An amount is at most {MOST:,.0f}."
    elif amount != round(amount, 2):
        problems[name] = "An amount has at most two digits after the point."
    if not _CURRENCY.fullmatch(currency):
        problems["currency"] = "Write the currency as three capital letters, such as EUR."
    return problems


def _text_problem(text: str, longest: int) -> str:
    if len(text) > longest:
        return f"At most {longest:,} characters."
    try:
        text_is_plain(text)
    except ValidationError as error:
        return error.messages[0]
    return ""


def _other_currency(plan: PhasePlan) -> str:
    phase = Phase(plan.phase).label.lower()
    return f"The money of {phase} is in {plan.currency}: a phase has one currency."


def _plain(value):
    return value.isoformat() if isinstance(value, date) else f"{value:.2f}" if isinstance(value, Decimal) else value


def _said(plan: PhasePlan) -> dict:
    return {name: _plain(getattr(plan, name)) for name in FIELDS}


def _entry(entry: Money) -> dict:
    facts = {name: _plain(getattr(entry, name)) for name in ("kind", "on", "amount", "note")}
    return facts | {"currency": entry.plan.currency}
