from datetime import timedelta

import pytest
from django.utils import timezone

from systems.actions.registry import recheck
from systems.actions.versions import deploy
from systems.models import Deployment, ModelVersion, Phase, PhaseMove, Runbook, System
from tests.callers import caller
from tests.factories import SystemFactory


@pytest.fixture
def asking(data_scientist):
    return caller(data_scientist)


def _at(days):
    return (timezone.now() - timedelta(days=days)).isoformat()


def test_a_version_is_recorded_and_found_again(asking, system):
    body = {"name": "2.1", "trained_at": "2026-03-01T00:00:00Z", "figures": {"accuracy": 0.91}}
    made = asking.post("systems/churn/versions/", body)
    assert (made.status_code, made["Location"]) == (201, made.json()["url"])
    assert asking.get(made.json()["url"]).json()["figures"] == {"accuracy": 0.91}


def test_a_version_that_is_there_is_named(asking, system):
    first = asking.post("systems/churn/versions/", {"name": "2.1", "registry_ref": "a"}).json()
    again = asking.post("systems/churn/versions/", {"name": "2.1", "registry_ref": "b"})
    assert (again.status_code, again.json()["url"]) == (409, first["url"])


@pytest.mark.parametrize("figures", [{"a": "0.9"}, {"a": True}, {"": 1.0}, {str(n): 1 for n in range(21)}])
def test_figures_are_numbers_with_names(asking, system, figures):
    assert asking.post("systems/churn/versions/", {"name": "1", "figures": figures}).status_code == 400


def test_what_was_live_then(asking, system):
    for name, days in (("1.0", 30), ("1.1", 10)):
        asking.post("systems/churn/versions/", {"name": name})
        assert asking.post("systems/churn/deployments/", {"version": name, "at": _at(days)}).status_code == 201
    then = asking.get("systems/churn/deployments/", {"at": _at(20)}).json()["results"]
    assert [one["version"] for one in then] == ["1.0"]
    assert len(asking.get("systems/churn/deployments/").json()["results"]) == 2


def test_a_deployment_shows_the_gate_that_was_shut(asking, system):
    ModelVersion.objects.create(system=system, name="1.0")
    made = asking.post("systems/churn/deployments/", {"version": "1.0"}).json()
    assert made["gate"]["passed"] is False


def test_only_the_systems_own_versions_can_run(asking, system):
    ModelVersion.objects.create(system=SystemFactory(), name="other")
    answer = asking.post("systems/churn/deployments/", {"version": "other"})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["version"])


def test_nothing_is_deployed_tomorrow(asking, system):
    ModelVersion.objects.create(system=system, name="1.0")
    assert asking.post("systems/churn/deployments/", {"version": "1.0", "at": _at(-1)}).status_code == 400
    assert not Deployment.objects.exists()


def test_a_plan_is_put_and_says_when_it_is_due(asking, system):
    body = {"policy": "On the last year.", "who": "The model owner", "every_days": 90, "triggers": ["drift"]}
    assert asking.get("systems/churn/retraining/").status_code == 404
    plan = asking.put("systems/churn/retraining/", body)
    assert plan.json()["due_at"] > timezone.now().isoformat()
    assert asking.put("systems/churn/retraining/", body).json()["version"] == 1
    assert asking.put("systems/churn/retraining/", body | {"who": "x"}, HTTP_IF_MATCH='"9"').status_code == 412


def test_a_plan_that_is_never_due_is_refused(asking, system):
    answer = asking.put("systems/churn/retraining/", {"policy": "Some day.", "who": "Somebody"})
    assert list(answer.json()["errors"]) == ["every_days"]


def test_a_run_is_recorded_once_for_a_moment(asking, system):
    body = {"cause": "drift", "at": _at(3), "before": 0.86, "after": 0.91}
    made = asking.post("systems/churn/retraining/runs/", body)
    assert made.json()["after"] == 0.91
    assert asking.post("systems/churn/retraining/runs/", body).json()["url"] == made.json()["url"]
    assert len(asking.get("systems/churn/retraining/runs/").json()["results"]) == 1


def test_a_runbook_is_put_and_read_with_its_steps(asking, system):
    assert asking.get("systems/churn/runbook/load/").status_code == 404
    put = asking.put("systems/churn/runbook/load/", {"body": "- [ ] Look at the queue"})
    assert (put.json()["version"], put.json()["steps"]) == (1, ["Look at the queue"])
    again = asking.put("systems/churn/runbook/load/", {"body": "- [ ] Look at the queue"})
    assert again.json() == put.json()


def test_a_runbook_that_was_written_anew_is_shown_to_whoever_is_late(asking, system):
    asking.put("systems/churn/runbook/load/", {"body": "First"})
    late = asking.put("systems/churn/runbook/load/", {"body": "Second"}, HTTP_IF_MATCH='"0"')
    assert (late.status_code, late.json()["current"]["body"]) == (412, "First")


def test_late_for_a_runbook_that_nobody_wrote(asking, system):
    late = asking.put("systems/churn/runbook/load/", {"body": "Second"}, HTTP_IF_MATCH='"4"')
    assert (late.status_code, late.json()["current"]["version"]) == (412, 0)
    assert not Runbook.objects.exists()


def test_gaps_are_named_until_they_are_accepted(manager, system):
    recheck(system)
    asking = caller(manager)
    refused = asking.post("systems/churn/phase/", {"to": "engineering"})
    gaps = [gap["key"] for gap in refused.json()["gaps"]]
    assert (refused.status_code, "role_filled_model_owner" in gaps) == (409, True)
    moved = asking.post("systems/churn/phase/", {"to": "engineering", "accept": gaps, "note": "Agreed."})
    assert (moved.status_code, moved.json()["from"], moved.json()["to"]) == (200, "research", "engineering")


def test_the_gate_is_not_accepted_away(manager, system):
    System.objects.update(phase=Phase.ENGINEERING)
    refused = caller(manager).post("systems/churn/phase/", {"to": "operations", "accept": ["errors", "load"]})
    assert (refused.status_code, refused.json()["gate"]["passed"]) == (409, False)
    assert not PhaseMove.objects.exists()


def test_strangers_change_nothing(stranger, system, manager, now):
    deploy(system=system, version=ModelVersion.objects.create(system=system, name="1"), by=manager, at=now)
    for path in ("versions/", "deployments/", "retraining/runs/", "phase/"):
        assert caller(stranger).post(f"systems/churn/{path}", {}).status_code == 403
    for path in ("retraining/", "runbook/load/"):
        assert caller(stranger).put(f"systems/churn/{path}", {}).status_code == 403
