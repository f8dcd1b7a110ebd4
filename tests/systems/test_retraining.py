from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from mlops_portal.engine.versions import Stale
from systems.actions.retraining import answer_run, ask_for_run, record_run, set_retraining
from systems.actions.versions import AlreadyThere, deploy
from systems.for_page import live_of, retraining_of
from systems.models import ModelVersion, Phase, RetrainingRun, System
from tests.callers import caller


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
    assert retraining_of(running, live_of(running))["due_at"] == trained + timedelta(days=30)


def test_a_moment_has_one_run(running, manager, now):
    record_run(system=running, cause="drift", by=manager, at=now)
    with pytest.raises(AlreadyThere):
        record_run(system=running, cause="schedule", by=manager, at=now)
    assert RetrainingRun.objects.count() == 1


def _asked(system, by, at, note="Also for new customers."):
    return ask_for_run(system=system, note=note, before=0.9, by=by, at=at)


def test_what_requirements_ask_for_stands_open_until_a_version_answers_it(running, manager, now):
    _plan(running, manager, now - timedelta(days=40))
    run = _asked(running, manager, now - timedelta(days=5))
    assert (run.is_open, _found(running, "retraining_in_time")) == (True, "fail")
    assert retraining_of(running, live_of(running))["open_runs"] == [run]
    version = ModelVersion.objects.create(system=running, name="2")
    done = answer_run(run=run, version=version, after=0.95, by=manager, at=now)
    assert (done.is_open, done.before, done.after, done.note) == (False, 0.9, 0.95, "Also for new customers.")
    assert retraining_of(running, live_of(running))["open_runs"] == []
    assert (retraining_of(running, live_of(running))["last_run"], _found(running, "retraining_in_time")) == (
        done,
        "pass",
    )


def test_it_is_answered_once(running, manager, now):
    run = _asked(running, manager, now)
    version = ModelVersion.objects.create(system=running, name="2")
    answer_run(run=run, version=version, by=manager, at=now)
    with pytest.raises(AlreadyThere):
        answer_run(run=run, version=version, by=manager, at=now + timedelta(hours=1))


def test_only_what_requirements_ask_for_may_be_open(running, now):
    with pytest.raises(IntegrityError), transaction.atomic():
        RetrainingRun.objects.create(system=running, cause="drift", asked_at=now)


def test_the_api_enters_ahead_and_answers(running, data_scientist):
    asking, runs = caller(data_scientist), "systems/churn/retraining/runs/"
    made = asking.post(runs, {"cause": "requirements", "open": True, "note": "New customers."})
    assert (made.status_code, made.json()["open"], made.json()["at"]) == (201, True, None)
    ModelVersion.objects.create(system=running, name="2")
    answered = asking.post(made.json()["url"] + "answer/", {"version": "2", "before": 0.9, "after": 0.95})
    assert (answered.status_code, answered.json()["open"], answered.json()["version"]) == (200, False, "2")
    assert asking.post(made.json()["url"] + "answer/", {"version": "2"}).status_code == 409


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"cause": "drift", "open": True}, "cause"),
        ({"cause": "requirements", "open": True, "at": "2026-01-01T00:00:00Z"}, "at"),
        ({"cause": "requirements", "open": True, "after": 0.9}, "after"),
    ],
)
def test_what_is_not_done_has_no_figures_of_its_own(running, data_scientist, body, wrong):
    answer = caller(data_scientist).post("systems/churn/retraining/runs/", body)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [wrong])


def test_the_page_enters_ahead_and_answers(client, running, data_scientist):
    client.force_login(data_scientist)
    page = "/systems/churn/retraining/"
    client.post(page, {"what": "requirement", "requirement-note": "New customers.", "requirement-before": "0.9"})
    assert "no version answers it yet" in client.get(page).content.decode()
    assert "ask for another" in client.get("/systems/churn/").content.decode()
    version, run = ModelVersion.objects.create(system=running, name="2"), RetrainingRun.objects.get()
    said = {"run": run.pk, "version": version.pk, "at": "2026-01-01T10:00", "after": "0.95"}
    assert client.post(page, {"what": "answered"} | {f"answered-{k}": v for k, v in said.items()}).status_code == 302
    run.refresh_from_db()
    assert (run.is_open, run.model_version) == (False, version)
