"""How the phases of systems stand: the plan of each beside what became of it, in days and in money. Reads only."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from django.utils import timezone

from systems.models import PHASE_ORDER, Phase, PhaseMove, PhasePlan, System


@dataclass(frozen=True)
class Decided:
    """When a phase began and ended by the decisions to move; None where no decision says it."""

    began: date | None = None
    ended: date | None = None


@dataclass(frozen=True)
class Standing:
    """One phase of a system on the day `today`. `is_past`: the system has gone on from it; `plan` may be None."""

    phase: Phase
    plan: PhasePlan | None
    decided: Decided
    actual_from: date | None
    actual_to: date | None
    is_now: bool
    is_past: bool
    today: date

    @property
    def planned_from(self) -> date | None:
        return self.plan and self.plan.planned_from

    @property
    def planned_to(self) -> date | None:
        return self.plan and self.plan.planned_to

    @property
    def planned(self) -> Decimal | None:
        return self.plan and self.plan.planned

    @property
    def spent(self) -> Decimal | None:
        return self.plan and self.plan.spent

    @property
    def currency(self) -> str:
        return self.plan.currency if self.plan else ""

    @property
    def exit(self) -> str:
        return self.plan.exit if self.plan else ""

    @property
    def lacks(self) -> list[str]:
        """What is missing of its plan, in words; nothing when it is scoped."""
        has = {
            "dates": self.planned_from and self.planned_to,
            "a budget": self.planned is not None,
            "an exit criterion": self.exit,
        }
        return [what for what, there in has.items() if not there]

    @property
    def last_day(self) -> date | None:
        """Its last day until now: when it ended, or today while it lasts; None before it began."""
        if self.actual_to:
            return self.actual_to
        return self.today if self.is_now else None

    @property
    def days_late(self) -> int:
        """By how many days it went on beyond its planned end; 0 when it did not, or nothing is planned."""
        if not self.planned_to or not self.last_day:
            return 0
        return max(0, (self.last_day - self.planned_to).days)

    @property
    def over(self) -> Decimal:
        """By how much more than was planned is spent; 0 when it is not, or nothing is planned."""
        if self.planned is None or self.spent is None:
            return Decimal()
        return max(Decimal(), self.spent - self.planned)

    @property
    def over_share(self) -> float | None:
        """The same as a share of what was planned; None where nothing was to be spent."""
        return float(self.over / self.planned) if self.planned else None


def standings_of(
    systems: Iterable[System], today: date | None = None, moves: Iterable[PhaseMove] | None = None
) -> dict[int, list[Standing]]:
    """Return by system id its three phases in order: two queries for all of `systems`.

    `moves` are those of the systems, the oldest first, from whoever has read them already.
    """
    systems, day = list(systems), today or timezone.now().astimezone(UTC).date()
    plans: dict[int, dict[str, PhasePlan]] = defaultdict(dict)
    for plan in PhasePlan.objects.with_money().filter(system__in=systems):
        plans[plan.system_id][plan.phase] = plan
    moved = defaultdict(list)
    for move in PhaseMove.objects.filter(system__in=systems).order_by("at", "pk") if moves is None else moves:
        moved[move.system_id].append(move)
    return {
        one.pk: [_standing(one, phase, plans[one.pk], moved[one.pk], day) for phase in PHASE_ORDER] for one in systems
    }


def standing_of(system: System, phase: str, today: date | None = None) -> Standing:
    """Return how one phase of one system stands."""
    return next(one for one in standings_of([system], today)[system.pk] if one.phase == phase)


def _standing(system: System, phase: Phase, plans: dict[str, PhasePlan], moves: list[PhaseMove], day: date) -> Standing:
    plan, decided = plans.get(phase), decided_of(system, phase, moves)
    was_first = (moves[0].from_phase if moves else system.phase) == phase
    told = plan or PhasePlan()
    return Standing(
        phase=phase,
        plan=plan,
        decided=decided,
        actual_from=decided.began or told.actual_from or (_day(system.registered_at) if was_first else None),
        actual_to=decided.ended or (told.actual_to if is_past(system, phase) else None),
        is_now=phase == system.phase,
        is_past=is_past(system, phase),
        today=day,
    )


def is_past(system: System, phase: Phase) -> bool:
    """Whether the system has gone on from this phase; a retired one from all."""
    if system.phase not in PHASE_ORDER:
        return True
    return PHASE_ORDER.index(phase) < PHASE_ORDER.index(Phase(system.phase))


def decided_of(system: System, phase: Phase, moves: list[PhaseMove]) -> Decided:
    """Return when the phase began, by the first move into it, and ended, by the last out of it (`moves` in order)."""
    into = [_day(move.at) for move in moves if move.to_phase == phase]
    out_of = [_day(move.at) for move in moves if move.from_phase == phase]
    return Decided(into[0] if into else None, out_of[-1] if out_of and phase != system.phase else None)


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()
