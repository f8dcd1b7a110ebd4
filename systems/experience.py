"""What phases cost in the portfolio, as far as a person may see it: the experience beside a plan that is written."""

from dataclasses import dataclass
from decimal import Decimal
from statistics import median, quantiles

from systems.models import Person, Phase, PhasePlan, System
from systems.plan_words import said_money
from systems.plans import is_past

ENOUGH = 5


@dataclass(frozen=True)
class Experience:
    """What `phase` cost in other systems in which it is over, as multiples of `base` ("research", "its plan")."""

    phase: Phase
    base: str
    multiples: list[float]
    base_here: Decimal | None = None
    currency: str = ""

    @property
    def sentence(self) -> str:
        n, phase = len(self.multiples), self.phase.label.lower()
        if n < ENOUGH:
            systems = "system that you can see has" if n == 1 else "systems that you can see have"
            done = f"{n or 'No'} {systems} finished {phase} with its money recorded"
            return f"Too little experience to compare with {self.base}: {done}, {ENOUGH} are needed."
        low, middle, high = self._quarters()
        return f"In {n} systems {phase} cost {middle:.1f} × {self.base}; middle half {low:.1f}–{high:.1f}."

    @property
    def here(self) -> str:
        """What that would be for this system, where its base is known; else an empty text."""
        if len(self.multiples) < ENOUGH or not self.base_here:
            return ""
        low, middle, high = (
            said_money(_rounded(self.base_here * Decimal(one)), self.currency) for one in self._quarters()
        )
        return f"Here that would be {middle}; middle half {low} to {high}."

    def _quarters(self) -> tuple[float, float, float]:
        low, _, high = quantiles(self.multiples, n=4, method="inclusive")
        return low, median(self.multiples), high


def _rounded(amount: Decimal) -> Decimal:
    """Return the amount to two significant figures: more would claim to know it."""
    return Decimal(f"{amount:.1e}")


def experience_of(person: Person, system: System, phase: str) -> list[Experience]:
    """Return what the other systems that `person` may see tell of the cost of this phase; two queries."""
    others: dict[int, dict[str, PhasePlan]] = {}
    seen = System.objects.visible_to(person).exclude(pk=system.pk)
    plans = PhasePlan.objects.with_money().filter(system__in=seen.values("pk")).select_related("system")
    for plan in plans.only("system__phase", "phase", "currency", "budget"):
        others.setdefault(plan.system_id, {})[plan.phase] = plan
    told = [_beside_plan(Phase(phase), others.values())]
    if phase != Phase.RESEARCH:
        told.insert(0, _beside_research(Phase(phase), others.values(), system))
    return told


def _beside_research(phase: Phase, others, system: System) -> Experience:
    """Compare within a system only, and only where both phases are over and in one currency."""
    multiples = [
        float(plans[phase].spent / plans[Phase.RESEARCH].spent)
        for plans in others
        if _is_spent(plans, phase) and _is_spent(plans, Phase.RESEARCH)
        if plans[phase].currency == plans[Phase.RESEARCH].currency
    ]
    here = PhasePlan.objects.with_money().filter(system=system, phase=Phase.RESEARCH).first()
    if here is None:
        return Experience(phase, "research", multiples)
    base = here.spent if is_past(system, Phase.RESEARCH) else here.planned or here.spent
    return Experience(phase, "research", multiples, base, here.currency)


def _beside_plan(phase: Phase, others) -> Experience:
    over = [plans[phase] for plans in others if _is_spent(plans, phase) and plans[phase].planned]
    return Experience(phase, "its plan", [float(plan.spent / plan.planned) for plan in over])


def _is_spent(plans: dict[str, PhasePlan], phase: Phase) -> bool:
    """Whether the phase is over and its money recorded."""
    plan = plans.get(phase)
    return bool(plan and plan.spent and is_past(plan.system, phase))
