from datetime import timedelta

import pytest

from systems.checking import CHECKS, Check
from systems.models import Item, Outcome, Role
from systems.readiness import gate_of
from tests.factories import AnswerFactory, answer_all

CHECK = "runbook_feed_unavailable"


@pytest.fixture
def gate(system, now, monkeypatch):
    """Return the gate of a system whose questions are all answered; only CHECK is declared."""
    for key in list(CHECKS):
        monkeypatch.delitem(CHECKS, key)
    monkeypatch.setitem(CHECKS, CHECK, Check(CHECK, "resilience", "Runbook", Role.SERVICE_OWNER, lambda systems: []))
    answer_all(system)

    def found(result=None, since=now):
        if result:
            Outcome.objects.create(system=system, check_key=CHECK, outcome=result, why="So it is.", since=since)
        return gate_of(system, at=now)

    return found


def test_it_is_open_when_every_answer_stands_and_its_evidence_passes(gate):
    found = gate("pass")
    assert (found.passed, found.verdict, found.blocking) == (True, "ready", [])


def test_evidence_that_fails_now_shuts_it_before_it_moves_the_verdict(gate):
    found = gate("fail")
    assert (found.passed, found.verdict) == (False, "ready")
    assert [(one.key, one.because) for one in found.blocking] == [("feed_unavailable", "contradicted")]


@pytest.mark.parametrize("result", [None, "unknown"])
def test_evidence_that_is_not_known_shuts_it(gate, result):
    [one] = gate(result).blocking
    assert one.because == "evidence_unknown"


def test_a_check_that_nobody_has_declared_is_a_warning(gate):
    assert "data_received" in {one.key for one in gate("pass").warnings}


def test_a_question_without_an_answer_shuts_it_and_says_where_to_answer(system, now):
    found = gate_of(system, at=now)
    assert found.sentence == "The gate is shut: 10 questions must be settled first."
    assert found.blocking[0].url == "/systems/churn/readiness/data_received/"


def test_a_question_that_is_not_required_only_warns(system, now):
    Item.objects.filter(question_key="load").update(required=False)
    found = gate_of(system, at=now)
    assert "load" not in {one.key for one in found.blocking}
    assert "load" in {one.key for one in found.warnings}


def test_an_answer_whose_time_is_over_shuts_it(system, now):
    AnswerFactory(system=system, expires_at=now - timedelta(days=1))
    assert not gate_of(system, at=now).passed


def test_it_can_be_kept_as_it_was(gate):
    kept = gate("fail").as_json()
    assert (kept["passed"], kept["blocking"][0]["key"]) == (False, "feed_unavailable")
