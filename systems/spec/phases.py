"""The phases of a system in its file: the plan of each, and its money."""

from collections import Counter
from datetime import date, datetime
from decimal import Decimal

from mlops_portal.engine.spec import Refused, Section, Step
from systems.actions.plans import (
    LONGEST_EXIT,
    LONGEST_NOTE,
    DoesNotFit,
    add_money,
    money_problems,
    plan_problems,
    remove_money,
    set_plan,
)
from systems.models import PHASE_ORDER, Money, PhasePlan, System
from systems.spec.texts import text

DAY = {
    "type": ["string", "null"],
    "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "maxLength": 10,
    "default": None,
    "examples": ["2026-03-31"],
}
AMOUNT = {
    "type": ["string", "number"],
    "pattern": r"^-?[0-9]{1,18}(\.[0-9]{1,6})?$",
    "maxLength": 26,
    "description": "The amount, with at most two decimals.",
    "examples": ["1200.50"],
}
CURRENCY = text(3, 0, "The currency by its three letters.", pattern="^[A-Z]{3}$", examples=["EUR"])
# An entry's day is not called `on`: YAML takes that word for a truth.
ENTRY = {
    "type": "object",
    "additionalProperties": False,
    "required": ["kind", "day", "amount", "currency"],
    "properties": {
        "kind": {"enum": list(Money.Kind.values), "description": "Whether it is planned, or was spent."},
        "day": text(10, 0, "On which day.", pattern=DAY["pattern"], examples=["2026-03-31"]),
        "amount": AMOUNT,
        "currency": CURRENCY,
        "note": text(LONGEST_NOTE, 0, "What it is for.", default=""),
    },
}
PHASE = {
    "type": "object",
    "description": "When this phase is, what it costs, and when it is done.",
    "additionalProperties": False,
    "properties": {
        "planned_from": DAY | {"description": "From which day it is planned."},
        "planned_to": DAY | {"description": "Until which day it is planned."},
        "actual_from": DAY | {"description": "On which day it began."},
        "actual_to": DAY | {"description": "On which day it ended."},
        "budget": {
            "type": ["object", "null"],
            "additionalProperties": False,
            "required": ["amount", "currency"],
            "properties": {"amount": AMOUNT, "currency": CURRENCY},
            "default": None,
            "description": "What it may cost in all.",
        },
        "exit": text(LONGEST_EXIT, 0, "How one knows that it is done.", default=""),
        "money": {
            "type": "array",
            "items": ENTRY,
            "maxItems": 2000,
            "default": [],
            "description": "Amounts by day; their order means nothing.",
        },
    },
}
DAYS = ("planned_from", "planned_to", "actual_from", "actual_to")
NOTHING = {name: one["default"] for name, one in PHASE["properties"].items()}
PATHS = {"budget": "budget.amount", "currency": "budget.currency", "on": "money"}


def _read(system: System) -> dict:
    plans = PhasePlan.objects.filter(system=system).prefetch_related("money")
    items = {plan.phase: _item(plan) for plan in sorted(plans, key=lambda plan: PHASE_ORDER.index(plan.phase))}
    return {phase: item for phase, item in items.items() if item != NOTHING}


def _item(plan: PhasePlan) -> dict:
    days = {name: day.isoformat() if (day := getattr(plan, name)) else None for name in DAYS}
    budget = None if plan.budget is None else {"amount": f"{plan.budget:.2f}", "currency": plan.currency}
    money = [_entry(one.kind, one.on.isoformat(), one.amount, plan.currency, one.note) for one in plan.money.all()]
    return days | {"budget": budget, "exit": plan.exit, "money": _in_order(money)}


def _entry(kind: str, day: str, amount: Decimal, currency: str, note: str) -> dict:
    return {"kind": kind, "day": day, "amount": f"{amount:.2f}", "currency": currency, "note": note}


def _in_order(money: list[dict]) -> list[dict]:
    """Return the entries by day: the order in which a file has them means nothing."""
    return sorted(money, key=lambda one: (one["day"], one["kind"], Decimal(one["amount"]), one["note"]))


def _understood(items: dict[str, dict]) -> dict[str, dict]:
    """Return the phases of which something is said, with amounts and order as export writes them. Raises Refused."""
    errors: dict[str, list[str]] = {}
    understood = {}
    for phase, item in items.items():
        problems = _problems(item)
        errors |= {f"phases.{phase}.{path}": [problem] for path, problem in problems.items()}
        if not problems and item != NOTHING:
            understood[phase] = _in_exports_words(item)
    if errors:
        raise Refused(errors)
    return understood


def _problems(item: dict) -> dict[str, str]:
    """Return what is wrong with a phase in itself, one sentence by path."""
    try:
        facts = _facts(item)
    except ValueError:
        return {name: "There is no such day." for name in DAYS if not _is_day(item[name])}
    problems = {PATHS.get(name, name): problem for name, problem in plan_problems(facts).items()}
    currencies = [one["currency"] for one in (item["budget"], *item["money"]) if one]
    for index, one in enumerate(item["money"]):
        found = {"day": "There is no such day."} if not _is_day(one["day"]) else _entry_problems(one)
        if one["currency"] != currencies[0]:
            found["currency"] = f"The money of this phase is in {currencies[0]}: a phase has one currency."
        problems |= {f"money.{index}.{name}": problem for name, problem in found.items()}
    return problems


def _entry_problems(one: dict) -> dict[str, str]:
    day, amount = date.fromisoformat(one["day"]), Decimal(str(one["amount"]))
    problems = money_problems(one["kind"], day, amount, one["currency"], one["note"])
    return {"day" if name == "on" else name: problem for name, problem in problems.items()}


def _is_day(text: str | None) -> bool:
    try:
        return text is None or bool(date.fromisoformat(text))
    except ValueError:
        return False


def _facts(item: dict) -> dict:
    """Return the plan as the action takes it. Raises ValueError for a day that there is not."""
    budget = item["budget"]
    facts = {name: item[name] and date.fromisoformat(item[name]) for name in DAYS} | {"exit": item["exit"]}
    if budget is None:
        return facts
    return facts | {"budget": Decimal(str(budget["amount"])), "currency": budget["currency"]}


def _in_exports_words(item: dict) -> dict:
    facts = _facts(item)
    budget = item["budget"] and {"amount": f"{facts['budget']:.2f}", "currency": facts["currency"]}
    money = [_entry(**one | {"amount": Decimal(str(one["amount"]))}) for one in item["money"]]
    return item | {"budget": budget, "money": _in_order(money)}


def _apply(system: System, step: Step, by, at: datetime) -> None:
    """Take out the entries that the file does not have, set the plan, then add those that were not there."""
    item = step.after or NOTHING
    wanted = Counter(_key(one) for one in item["money"])
    acting = {"by": by, "at": at}
    for entry in Money.objects.filter(plan__system=system, plan__phase=step.key).select_related("plan"):
        key = _key(_entry(entry.kind, entry.on.isoformat(), entry.amount, entry.plan.currency, entry.note))
        if wanted[key]:
            wanted[key] -= 1
        else:
            remove_money(entry=entry, **acting)
    try:
        set_plan(system=system, phase=step.key, **_facts(item), **acting)
        for kind, day, amount, currency, note in wanted.elements():
            said = {"kind": kind, "on": date.fromisoformat(day), "amount": Decimal(amount), "currency": currency}
            add_money(system=system, phase=step.key, note=note, **said, **acting)
    except DoesNotFit as misfit:
        raise Refused({f"{step.path}.{PATHS.get(n, n)}": [text] for n, text in misfit.errors.items()}) from None


def _key(one: dict) -> tuple:
    return one["kind"], one["day"], one["amount"], one["currency"], one["note"]


SECTION = Section(
    "phases",
    PHASE,
    _read,
    _apply,
    about="The plan of each phase, and its money. Moving on to the next is a decision of people, not of a file.",
    rule="plan.write",
    keys=tuple(map(str, PHASE_ORDER)),
    complete=_understood,
    trail=("phase", "money"),
)
