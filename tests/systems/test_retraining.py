from datetime import timedelta

import pytest

from mlops_portal.engine.versions import Stale
from systems.actions.retraining import record_run, set_retraining
from systems.actions.versions import AlreadyThere, deploy
from systems.for_page import retraining_of
from systems.models import ModelVersion, Phase, RetrainingRun, System


@pytest.fixture
def running(system):
    System.objects.update(phase=Phase.OPERATIONS)
    system.refresh_from_db()
    return system


def _plan(system, by, at, **facts):
    facts = {"policy": "On the last year.", "who": "The model owner", "every_days": 30} | facts
    return set_retraining(system=system, by=by, at=at, **facts)


def _found(system, key):
    return system.outcomes.get(check_key=key).outcome


def test_a_plan_counts_its_versions_and_the_same_again_is_none(running, manager, now):
    assert _plan(running, manager, now).version == 1
    assert _plan(running, manager, now, seen=1).version == 1
    assert _plan(running, manager, now, every_days=60, seen=1).version == 2
    with pytest.raises(Stale):
        _plan(running, manager, now, every_days=90, seen=1)


def test_planned_and_in_time_are_checked(running, manager, now):
    _plan(running, manager, now - timedelta(days=40))
    assert (_found(running, "retraining_planned"), _found(running, "retraining_in_time")) == ("pass", "fail")
    record_run(system=running, cause="drift", by=manager, at=now)
    assert _found(running, "retraining_in_time") == "pass"


def test_a_plan_on_a_sign_is_never_late(running, manager, now):
    _plan(running, manager, now - timedelta(days=400), every_days=None, triggers=["drift"])
    assert _found(running, "retraining_planned") == "pass"
    assert _found(running, "retraining_in_time") == "not_applicable"


def test_it_is_due_from_the_training_of_the_version_that_runs(running, manager, now):
    trained = now - timedelta(days=10)
    version = ModelVersion.objects.create(system=running, name="1", trained_at=trained)
    deploy(system=running, version=version, by=manager, at=now)
    _plan(running, manager, now)
    assert retraining_of(running)["due_at"] == trained + timedelta(days=30)


def test_a_moment_has_one_run(running, manager, now):
    record_run(system=running, cause="drift", by=manager, at=now)
    with pytest.raises(AlreadyThere):
        record_run(system=running, cause="schedule", by=manager, at=now)
    assert RetrainingRun.objects.count() == 1
