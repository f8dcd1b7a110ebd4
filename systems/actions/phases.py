"""Deciding that a system moves from one phase to another."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from mlops_portal.engine.audit import record
from mlops_portal.engine.versions import locked
from systems.actions.readiness import NotFromHere
from systems.actions.registry import recheck
from systems.models import PHASE_ORDER, Outcome, Phase, PhaseMove, System
from systems.readiness import Gate, gate_of


class GateShut(Exception):
    """What shuts the gate into operations cannot be accepted, only answered or waived; `gate` says what."""

    def __init__(self, gate: Gate):
        super().__init__(gate.sentence)
        self.gate = gate


class GapsLeft(Exception):
    """The failing checks in `gaps` were not accepted."""

    def __init__(self, gaps: list[Outcome]):
        super().__init__(f"{len(gaps)} gaps are neither mended nor accepted.")
        self.gaps = gaps


def phases_from(system: System) -> list[Phase]:
    """Return the phases that it may move to: the next one, and any before.

    What is retired may come back into any; the last one is the phase in which it was retired.
    """
    if system.retired_at:
        left = system.phase_moves.filter(to_phase=Phase.RETIRED).first()
        was = left.from_phase if left else PHASE_ORDER[0]
        return [*(phase for phase in PHASE_ORDER if phase != was), Phase(was)]
    here = PHASE_ORDER.index(Phase(system.phase))
    return [phase for place, phase in enumerate(PHASE_ORDER) if place < here or place == here + 1]


def gaps_before(system: System, to: str) -> list[Outcome]:
    """Return the failing checks to be accepted before the move; going back asks for none."""
    if system.phase not in PHASE_ORDER or PHASE_ORDER.index(Phase(to)) < PHASE_ORDER.index(Phase(system.phase)):
        return []
    return list(system.outcomes.with_result().filter(result_now=Outcome.Result.FAIL).order_by("check_key"))


@transaction.atomic
def move_phase(
    *, system: System, to: str, by, at: datetime, note: str = "", accept: Iterable[str] = (), seen: int | None = None
) -> PhaseMove:
    """Move the system and return the decision, with the gaps that were accepted (`accept`: keys of checks).

    One that was retired is in use again.

    Raises NotFromHere, GateShut when it is the gate into operations that is shut, GapsLeft when a failing check was
    not accepted, Stale when `seen` is not the version of the system.
    """
    system = locked(system, seen)
    if to not in phases_from(system):
        raise NotFromHere(f"From {system.phase} it cannot move to {to}.")
    gate = gate_of(system, at=at)
    if to == Phase.OPERATIONS and not gate.passed:
        raise GateShut(gate)
    gaps = gaps_before(system, to)
    left = [gap for gap in gaps if gap.check_key not in set(accept)]
    if left:
        raise GapsLeft(left)
    move = PhaseMove.objects.create(
        system=system,
        from_phase=system.phase,
        to_phase=to,
        by=by,
        at=at,
        note=note,
        accepted=[{"key": gap.check_key, "why": gap.why} for gap in gaps],
    )
    system.phase, system.retired_at = to, None
    system.version += 1
    system.save(update_fields=["phase", "retired_at", "version"])
    facts = {"phase": to, "note": note, "accepted": [gap.check_key for gap in gaps]}
    before = {"phase": move.from_phase}
    record(by=by, verb="moved", kind="phase", object=to, system=system, before=before, after=facts)
    recheck(system)
    return move
