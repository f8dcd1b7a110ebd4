from datetime import UTC, datetime, timedelta

import pytest

from mlops_portal.engine.models import Change
from systems.actions.registry import recheck
from systems.actions.runbooks import write_runbook
from systems.actions.versions import AlreadyThere, add_version, deploy, ids_of
from systems.checking import run_checks
from systems.models import Deployment, ModelVersion, Phase, Review, System, Verdict
from systems.models.model_version import rollback_targets
from tests.callers import caller
from tests.factories import SystemFactory


@pytest.fixture
def running(system):
    System.objects.update(phase=Phase.OPERATIONS)
    system.refresh_from_db()
    return system


def _version(system, by, at, name="1.0", **facts):
    return add_version(system=system, name=name, by=by, at=at, **facts)


def _deploy(system, by, at, name="1.0", **facts):
    version = ModelVersion.objects.get_or_create(system=system, name=name)[0]
    return deploy(system=system, version=version, by=by, at=at, **facts)


def _found(system, key):
    outcome = system.outcomes.get(check_key=key)
    return outcome.outcome, outcome.why


def _open_gate(monkeypatch, passed=True):
    class Gate:
        sentence = "The gate is open." if passed else "The gate is shut."

        def as_json(self):
            return {"passed": passed, "sentence": self.sentence, "blocking": []}

    Gate.passed = passed
    monkeypatch.setattr("systems.actions.versions.gate_of", lambda system, at: Gate())


def test_names_become_versions_once(system):
    first = ids_of(system, {"1.0", "1.1"})
    again = ids_of(system, {"1.0", "1.1", "1.2"})
    assert set(again) == {"1.0", "1.1", "1.2"}
    assert first.items() <= again.items()
    assert ModelVersion.objects.count() == 3


def test_the_same_name_in_another_system_is_another_version(system):
    assert ids_of(system, {"1.0"}) != ids_of(SystemFactory(), {"1.0"})


def test_a_version_that_only_the_data_named_gets_its_facts(system, manager, now):
    ids_of(system, {"1.0"})
    version = _version(system, manager, now, trained_at=now, figures={"accuracy": 0.91})
    assert (ModelVersion.objects.get(), version.figures) == (version, {"accuracy": 0.91})


def test_a_version_is_recorded_once(system, manager, now):
    version = _version(system, manager, now, registry_ref="models:/churn/1")
    with pytest.raises(AlreadyThere) as there:
        _version(system, manager, now, registry_ref="models:/churn/2")
    assert there.value.row == version


def test_what_was_live_then_is_known(system, manager, now):
    for days, name in ((30, "1.0"), (10, "1.1")):
        _deploy(system, manager, now - timedelta(days=days), name)
    then = Deployment.objects.live(now - timedelta(days=20)).get(system=system)
    assert (then.model_version.name, Deployment.objects.live().get().model_version.name) == ("1.0", "1.1")


def test_environments_are_told_apart(system, manager, now):
    _deploy(system, manager, now, "1.0")
    _deploy(system, manager, now, "2.0", environment="staging")
    assert Deployment.objects.live().in_production().get().model_version.name == "1.0"


def test_a_deployment_is_recorded_once_for_a_moment(system, manager, now):
    _deploy(system, manager, now)
    with pytest.raises(AlreadyThere):
        _deploy(system, manager, now, "1.1")


def test_a_version_of_another_system_cannot_run_here(system, manager, now):
    with pytest.raises(ValueError):
        deploy(system=SystemFactory(), version=_version(system, manager, now), by=manager, at=now)


def test_past_a_shut_gate_the_gate_is_kept_and_a_check_fails(running, manager, now):
    one = _deploy(running, manager, now)
    assert one.gate["passed"] is False
    assert [block["key"] for block in one.gate["blocking"]]
    result, why = _found(running, "launched_without_gate")
    assert result == "fail"
    assert "while the gate was shut" in why
    assert "gate" in Change.objects.get(verb="deployed").after


def test_past_an_open_gate_nothing_is_kept(running, manager, now, monkeypatch):
    _open_gate(monkeypatch)
    assert _deploy(running, manager, now).gate is None
    assert _found(running, "launched_without_gate")[0] == "pass"


def test_elsewhere_than_in_production_no_gate_is_asked(running, manager, now):
    assert _deploy(running, manager, now, environment="staging").gate is None
    assert _found(running, "launched_without_gate")[0] == "not_applicable"


def test_a_system_that_became_ready_has_mended_its_launch(running, manager, now):
    _deploy(running, manager, now)
    System.objects.update(verdict=Verdict.READY)
    run_checks(System.objects.filter(pk=running.pk), keys=["launched_without_gate"])
    assert _found(running, "launched_without_gate")[0] == "pass"


def test_in_operations_somebody_must_say_which_version_runs(running, manager, now):
    recheck(running)
    assert _found(running, "version_deployed")[0] == "fail"
    _deploy(running, manager, now)
    assert _found(running, "version_deployed") == ("pass", "Version 1.0 runs in production.")


def test_research_is_asked_for_nothing(system):
    recheck(system)
    for key in ("version_deployed", "rollback_named", "launched_without_gate", "runbook_load", "retraining_planned"):
        assert _found(system, key)[0] == "not_applicable"


def test_the_way_back_is_the_version_before_or_the_runbook(running, manager, now):
    _deploy(running, manager, now - timedelta(days=9))
    assert _found(running, "rollback_named")[0] == "fail"
    write_runbook(system=running, situation="rollback", body="Switch the model off.", by=manager, at=now)
    assert _found(running, "rollback_named")[0] == "pass"
    _deploy(running, manager, now, "1.1")
    assert _found(running, "rollback_named") == ("pass", "When 1.1 has to go, 1.0 comes back.")


def test_another_version_ends_the_approval_of_what_was_said_of_quality(running, manager, viewer, now):
    answer = running.answers.create(
        question_key="baseline", n=1, text="0.9", confidence="confident", author=viewer, at=now, expires_at=now
    )
    at = now - timedelta(days=1)
    review = Review.objects.create(answer=answer, decision="approved", by=manager, author=viewer, at=at, rests_on={})
    _deploy(running, manager, now - timedelta(days=2))
    _deploy(running, manager, now - timedelta(hours=3))
    review.refresh_from_db()
    assert review.lapsed_at is None
    _deploy(running, manager, now, "1.1")
    review.refresh_from_db()
    assert "version 1.1 runs now" in review.lapsed_because


@pytest.mark.parametrize("hostile", ["x" * 121, "a\0b", ""])
def test_what_a_log_calls_a_version_but_cannot_be_one_is_left_out(system, hostile):
    assert ids_of(system, {hostile}) == {}


def test_the_way_back_may_be_named(running, manager, now):
    for days, name in ((30, "1.0"), (20, "1.1")):
        _deploy(running, manager, now - timedelta(days=days), name)
    first = ModelVersion.objects.get(name="1.0")
    one = _deploy(running, manager, now, "2.0", rollback_to=first)
    assert rollback_targets([one]) == {one.pk: "1.0"}
    assert _found(running, "rollback_named") == ("pass", "When 2.0 has to go, 1.0 comes back.")


def test_no_version_is_its_own_way_back(running, manager, now):
    version = _version(running, manager, now)
    with pytest.raises(ValueError):
        _deploy(running, manager, now, rollback_to=version)
    asking = caller(manager)
    body = {"version": "1.0", "rollback_to": "1.0"}
    assert list(asking.post("systems/churn/deployments/", body).json()["errors"]) == ["rollback_to"]


def test_the_page_says_what_ran_at_a_moment(client, running, manager, now):
    _deploy(running, manager, datetime(2026, 1, 1, tzinfo=UTC), "1.0")
    _deploy(running, manager, datetime(2026, 2, 1, tzinfo=UTC), "1.1")
    client.force_login(manager)
    page = client.get("/systems/churn/deployments/").content.decode()
    assert "comes back" in page
    then = client.get("/systems/churn/deployments/?at=2026-01-15T12:00").content.decode()
    assert "version <strong>1.0</strong> ran in production" in then
    assert "Nothing is recorded" in client.get("/systems/churn/deployments/?at=2025-01-15T12:00").content.decode()
    assert client.get("/systems/churn/deployments/?at=soon").status_code == 200
