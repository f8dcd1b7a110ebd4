"""The portfolio, one row a system: for the page, below its sums, and for a spreadsheet."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from django.db.models import Count

from systems.models import Holding, PhasePlan, Role, System
from systems.models.system import with_owners
from systems.plan_words import said_money

COLUMNS = [
    *["system", "name", "team", "tier", "phase", "verdict", "readiness", "scoped", "product_owner", "roles_filled"],
    *["gaps", "currency", "planned", "spent", "reality_gap", "reality_gap_share", "reality_gap_sentence"],
]


def with_sums(systems: Iterable[System]) -> list[System]:
    """Return `systems` (for_list_page()) with_owners(), each with `roles_filled` and `money`: three queries in all."""
    systems = with_owners(systems)
    keys = [one.pk for one in systems]
    held = Holding.objects.current().filter(system__in=keys, person__is_active=True).order_by()
    filled = dict(held.values_list("system").annotate(Count("pk")))
    sums: dict[int, dict[str, list[Decimal]]] = defaultdict(lambda: defaultdict(lambda: [Decimal(), Decimal()]))
    for plan in PhasePlan.objects.with_money().filter(system__in=keys).exclude(currency="").order_by("pk"):
        both = sums[plan.system_id][plan.currency]
        both[0] += plan.planned or 0
        both[1] += plan.spent or 0
    for one in systems:
        one.roles_filled = filled.get(one.pk, 0)
        one.roles_in_all = len(Role)
        one.money = [(currency, planned, spent) for currency, (planned, spent) in sums[one.pk].items()]
        one.money_said = [
            f"{said_money(spent, currency)} of {said_money(planned, currency)}"
            for currency, planned, spent in one.money
        ]
        one.is_over = any(spent > planned for _, planned, spent in one.money)
    return systems


def cells(system: System) -> list:
    """Return the row as COLUMNS name it; after with_sums()."""
    owner = system.product_owner
    currencies, planned, spent = zip(*system.money, strict=True) if system.money else ((), (), ())
    return [
        *[system.slug, system.name, system.team.slug, system.tier, system.phase, system.verdict, system.verdict_short],
        *[system.scoped, owner.username if owner else "", system.roles_filled],
        "" if system.gaps_unknown else system.gap_count,
        *[" ".join(map(str, values)) for values in (currencies, planned, spent)],
        *["" if value is None else value for value in (system.reality_gap, system.reality_gap_share)],
        system.reality_gap_sentence,
    ]
