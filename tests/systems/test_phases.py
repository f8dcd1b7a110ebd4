import pytest

from mlops_portal.engine.versions import Stale
from systems.actions.phases import GapsLeft, GateShut, move_phase, phases_from
from systems.actions.readiness import NotFromHere
from systems.actions.registry import recheck
from systems.models import Phase, System


def _gaps(system):
    return list(system.outcomes.failing().values_list("check_key", flat=True))


def _open_gate(monkeypatch):
    gate = type("Gate", (), {"passed": True, "sentence": "The gate is open."})
    monkeypatch.setattr("systems.actions.phases.gate_of", lambda system, at: gate)


def test_gaps_are_accepted_one_by_one_and_kept_with_the_decision(system, manager, now):
    recheck(system)
    with pytest.raises(GapsLeft) as left:
        move_phase(system=system, to="engineering", by=manager, at=now, accept=_gaps(system)[1:])
    assert len(left.value.gaps) == 1
    move = move_phase(system=system, to="engineering", by=manager, at=now, accept=_gaps(system), note="Agreed.")
    assert {gap["key"] for gap in move.accepted} >= {"role_filled_model_owner"}
    assert System.objects.get(pk=system.pk).phase == Phase.ENGINEERING


def test_a_shut_gate_is_not_accepted_away(system, manager, now):
    System.objects.update(phase=Phase.ENGINEERING)
    with pytest.raises(GateShut):
        move_phase(system=system, to="operations", by=manager, at=now, accept=_gaps(system))


def test_through_an_open_gate(system, manager, now, monkeypatch):
    _open_gate(monkeypatch)
    System.objects.update(phase=Phase.ENGINEERING)
    recheck(system)
    assert move_phase(system=system, to="operations", by=manager, at=now, accept=_gaps(system)).to_phase == "operations"


def test_no_phase_is_left_out_and_back_one_goes_with_a_word(system, manager, now):
    with pytest.raises(NotFromHere):
        move_phase(system=system, to="operations", by=manager, at=now)
    System.objects.update(phase=Phase.OPERATIONS)
    system.refresh_from_db()
    assert phases_from(system) == [Phase.RESEARCH, Phase.ENGINEERING]
    assert move_phase(system=system, to="research", by=manager, at=now).accepted == []


def test_whoever_saw_another_system_decides_nothing(system, manager, now):
    with pytest.raises(Stale):
        move_phase(system=system, to="engineering", by=manager, at=now, seen=9)
