"""The whole portfolio: how far its systems are, who answers for them, what they cost, what production keeps.

Everything is counted in the database, in a number of queries that does not depend on how many systems there are.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from systems.models import PHASE_ORDER, Holding, Money, Phase, PhasePlan, Role, System, Verdict

# The reality gap as a share of the experiment's figure: (words, from, to); an edge belongs to what lies below it.
STEPS: list[tuple[str, float | None, float | None]] = [
    ("as good as tested, or better", None, 0.0),
    ("up to 2 % worse", 0.0, 0.02),
    ("2 to 5 % worse", 0.02, 0.05),
    ("5 to 10 % worse", 0.05, 0.10),
    ("more than 10 % worse", 0.10, None),
]
NOT_KNOWN = "not known"


@dataclass(frozen=True)
class PhaseCount:
    """The systems in one phase: how many, how many of them ready, and of how many only research is scoped."""

    phase: Phase
    systems: int
    ready: int
    only_research_scoped: int

    @property
    def experiment(self) -> int:
        return self.systems - self.ready


@dataclass(frozen=True)
class Covered:
    """For how many systems something holds, of all."""

    title: str
    count: int
    of: int

    @property
    def share(self) -> float | None:
        return self.count / self.of if self.of else None


@dataclass(frozen=True)
class Cost:
    """What all systems together planned for and spent on a phase, in one currency; `systems` have a budget for it."""

    phase: Phase
    currency: str
    systems: int
    planned: Decimal
    spent: Decimal

    @property
    def over(self) -> Decimal:
        return max(Decimal(), self.spent - self.planned)


@dataclass(frozen=True)
class Step:
    """How many systems have a reality gap of this size."""

    words: str
    count: int


@dataclass(frozen=True)
class Portfolio:
    """What page, API and spreadsheet say of the systems that were asked for."""

    phases: list[PhaseCount]
    coverage: list[Covered]
    costs: list[Cost]
    gaps: list[Step]

    @property
    def systems(self) -> int:
        return sum(one.systems for one in self.phases)

    @property
    def ready(self) -> int:
        return sum(one.ready for one in self.phases)

    @property
    def experiment(self) -> int:
        return self.systems - self.ready

    @property
    def only_research_scoped(self) -> int:
        return sum(one.only_research_scoped for one in self.phases)

    @property
    def claimed(self) -> int:
        """How many are in operations and yet at the experiment stage."""
        return next(one.experiment for one in self.phases if one.phase == Phase.OPERATIONS)


def portfolio_of(systems: QuerySet[System]) -> Portfolio:
    """Return the portfolio of `systems`, those in use: eight queries."""
    found = System.objects.filter(pk__in=systems.order_by().values("pk")).in_use().order_by()
    phases = _phases(found)
    in_all = sum(one.systems for one in phases)
    return Portfolio(phases, _coverage(found, in_all), _costs(found), _gaps(found, in_all))


def _phases(systems: QuerySet[System]) -> list[PhaseCount]:
    plans = PhasePlan.objects.scoped().filter(system=OuterRef("pk")).order_by()
    alone = Exists(plans.filter(phase=Phase.RESEARCH)) & ~Exists(plans.exclude(phase=Phase.RESEARCH))
    rows = systems.annotate(only_research=alone).values_list("phase")
    counts = {"n": Count("pk"), "is_ready": Count("pk", filter=Q(verdict=Verdict.READY))}
    counts["alone"] = Count("pk", filter=Q(only_research=True))
    counted = {phase: PhaseCount(Phase(phase), *told) for phase, *told in rows.annotate(**counts)}
    return [counted.get(phase, PhaseCount(phase, 0, 0, 0)) for phase in PHASE_ORDER]


def _coverage(systems: QuerySet[System], in_all: int) -> list[Covered]:
    """Return for how many systems somebody who may sign in holds each role, has confirmed it, and who is ready."""
    held = Holding.objects.current().filter(system__in=systems.values("pk"), person__is_active=True).order_by()
    by_role = dict(held.values_list("role").annotate(Count("pk")))
    late = Holding.objects.current().with_confirm_by().filter(system=OuterRef("pk"), confirm_by__lte=timezone.now())
    holders = Holding.objects.current().filter(system=OuterRef("pk"))
    confirmed = systems.filter(Exists(holders), ~Exists(late)).count()
    planned = PhasePlan.objects.filter(system=OuterRef("pk"), budget__isnull=False)
    budgets = systems.filter(Exists(planned)).count()
    ready = systems.filter(verdict=Verdict.READY).count()
    roles = [Covered(f"{role.label} named", by_role.get(role.value, 0), in_all) for role in Role]
    return [
        *roles,
        Covered("Every holder has confirmed in time", confirmed, in_all),
        Covered("Ready, by its answers and their evidence", ready, in_all),
        Covered("A budget stands for a phase at least", budgets, in_all),
    ]


def _costs(systems: QuerySet[System]) -> list[Cost]:
    """Return the sums by phase and currency; amounts of different currencies are never added."""
    plans = PhasePlan.objects.filter(system__in=systems.values("pk")).exclude(currency="").order_by()
    told = plans.values_list("phase", "currency").annotate(n=Count("budget"), all=Sum("budget"))
    budgets = {(phase, currency): (count, budget or Decimal()) for phase, currency, count, budget in told}
    entries = Money.objects.filter(plan__in=plans.values("pk")).order_by()
    paid = entries.values_list("plan__phase", "plan__currency", "kind").annotate(all=Sum("amount"))
    sums = {(phase, currency, kind): amount for phase, currency, kind, amount in paid}
    costs = []
    for (phase, currency), (count, budget) in budgets.items():
        granted = sums.get((phase, currency, Money.Kind.PLANNED), Decimal())
        spent = sums.get((phase, currency, Money.Kind.SPENT), Decimal())
        costs.append(Cost(Phase(phase), currency, count, budget + granted, spent))
    return sorted(costs, key=lambda one: (one.currency, PHASE_ORDER.index(one.phase)))


def _gaps(systems: QuerySet[System], in_all: int) -> list[Step]:
    counted = systems.aggregate(
        **{f"step_{n}": Count("pk", filter=_within(*edges)) for n, (_, *edges) in enumerate(STEPS)}
    )
    steps = [Step(words, counted[f"step_{n}"]) for n, (words, *_) in enumerate(STEPS)]
    return [*steps, Step(NOT_KNOWN, in_all - sum(one.count for one in steps))]


def _within(above: float | None, up_to: float | None) -> Q:
    found = Q(reality_gap_share__isnull=False)
    if above is not None:
        found &= Q(reality_gap_share__gt=above)
    return found & Q(reality_gap_share__lte=up_to) if up_to is not None else found
