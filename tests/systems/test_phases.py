import pytest

from mlops_portal.engine.versions import Stale
from systems.actions.phases import GapsLeft, GateShut, move_phase, phases_from
from systems.actions.readiness import NotFromHere
from systems.actions.registry import recheck, retire_system
from systems.models import Phase, System
from systems.plans import standing_of


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


@pytest.fixture
def retired(system, data_scientist, now):
    System.objects.update(phase=Phase.ENGINEERING)
    return retire_system(system=system, by=data_scientist, at=now)


def test_what_is_retired_comes_back_first_of_all_where_it_was(retired, manager, now):
    assert phases_from(retired) == [Phase.RESEARCH, Phase.OPERATIONS, Phase.ENGINEERING]
    move = move_phase(system=retired, to="engineering", by=manager, at=now, note="Needed after all.")
    assert (move.from_phase, move.to_phase, move.accepted) == (Phase.RETIRED, Phase.ENGINEERING, [])
    back = System.objects.in_use().get(slug="churn")
    assert (back.phase, back.retired_at) == (Phase.ENGINEERING, None)
    assert back.outcomes.failing().exists()


def test_what_is_retired_passes_the_gate_as_well(retired, manager, now):
    with pytest.raises(GateShut):
        move_phase(system=retired, to="operations", by=manager, at=now)
    assert not System.objects.in_use().filter(slug="churn").exists()


def test_when_its_phase_ended_and_that_it_goes_on(retired, manager, now):
    assert standing_of(retired, Phase.ENGINEERING).actual_to == now.date()
    move_phase(system=retired, to="engineering", by=manager, at=now)
    assert standing_of(System.objects.get(slug="churn"), Phase.ENGINEERING).actual_to is None


def test_a_page_brings_back_what_was_retired(client, retired, manager, viewer):
    client.force_login(viewer)
    assert "Bring it back" not in client.get("/systems/churn/").content.decode()
    client.force_login(manager)
    assert "Bring it back" in client.get("/systems/churn/").content.decode()
    page = client.get("/systems/churn/phase/").content.decode()
    assert "Bring it back into engineering" in page
    body = {"to": "engineering", "note": "", "version": retired.version}
    assert client.post("/systems/churn/phase/", body).url == "/systems/churn/#phases"
    assert System.objects.in_use().get(slug="churn").phase == Phase.ENGINEERING
