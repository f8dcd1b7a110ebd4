"""An incident of a situation counts as a drill of it, once."""

import pytest

from incidents.actions.declaring import change_incident, declare
from incidents.actions.response import resolve
from mlops_portal.engine.models import Change
from systems.actions.runbooks import retire_runbook, write_runbook
from systems.models import Drill, Outcome, System
from tests.callers import caller
from tests.factories import IncidentFactory, SystemFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident(system):
    System.objects.update(phase="operations", tier=1)
    return IncidentFactory(number=7, systems=[system, SystemFactory(slug="other")], situation="load")


def test_resolved_it_counts_for_each_of_its_systems(incident, system, on_call, now):
    resolve(incident=incident, by=on_call, at=now, text="Two more servers.")
    drill = Drill.objects.get(system=system)
    assert (drill.situation, drill.incident, drill.at, drill.by) == ("load", 7, now, on_call)
    assert (drill.result, drill.evidence) == ("passed", "Two more servers.")
    assert Drill.objects.count() == 2
    assert Outcome.objects.get(system=system, check_key="drill_load").outcome == "pass"
    assert Change.objects.filter(kind="drill", verb="counted", system="churn").count() == 1


def test_what_is_open_or_of_no_situation_does_not_count(incident, on_call, manager, now):
    change_incident(incident=incident, title="Slow", by=manager, at=now)
    assert not Drill.objects.exists()
    resolve(incident=IncidentFactory(number=8, systems=incident.systems.all()), by=on_call, at=now, text="Gone.")
    assert not Drill.objects.exists()


def test_said_afterwards_it_counts_as_of_when_it_was_resolved_and_by_whom(system, on_call, manager, now):
    incident = resolve(incident=IncidentFactory(systems=[system]), by=on_call, at=now, text="Gone.")
    change_incident(incident=incident, situation="rollback", by=manager, at=now)
    drill = Drill.objects.get()
    assert (drill.situation, drill.at, drill.by) == ("rollback", now, on_call)


def test_another_situation_or_none_takes_the_first_back(incident, system, on_call, manager, now):
    incident = resolve(incident=incident, by=on_call, at=now, text="Two more servers.")
    incident = change_incident(incident=incident, situation="model_errs", by=manager, at=now)
    assert Drill.objects.get(system=system).situation == "model_errs"
    change_incident(incident=incident, situation="", by=manager, at=now)
    assert not Drill.objects.exists()
    assert Change.objects.filter(kind="drill", verb="took back", system="churn").count() == 1


def test_what_did_not_hold_is_to_be_tried_again(incident, system, on_call, manager, now):
    incident = resolve(incident=incident, by=on_call, at=now, text="Fell over.")
    change_incident(incident=incident, held=False, by=manager, at=now)
    assert Drill.objects.get(system=system).result == "failed"
    assert "did not hold" in Outcome.objects.get(system=system, check_key="drill_load").why


def test_an_incident_that_is_open_again_does_not_count_until_it_is_resolved_anew(
    incident, system, on_call, manager, now
):
    incident = resolve(incident=incident, by=on_call, at=now, text="Gone.")
    incident.resolved_at = incident.resolved_by = None
    incident.save()
    change_incident(incident=incident, title="It came back", by=manager, at=now)
    assert not Drill.objects.exists()
    resolve(incident=incident, by=on_call, at=now, text="Gone for good.")
    assert Drill.objects.get(system=system).evidence == "Gone for good."


def test_two_incidents_resolved_at_the_same_moment_both_count(incident, system, on_call, now):
    for one in (incident, IncidentFactory(number=8, systems=[system], situation="load")):
        resolve(incident=one, by=on_call, at=now, text="Gone.")
    assert Drill.objects.filter(system=system).count() == 2


def test_the_page_declares_changes_and_shows_it(client, system, on_call):
    client.force_login(on_call)
    facts = {"title": "Slow", "system": "churn", "severity": "sev3", "noticed_how": "other", "situation": "load"}
    page = client.post("/incidents/declare/", facts, follow=True)
    assert "Load is high: once it is resolved" in page.content.decode()
    client.post("/incidents/1/resolve/", {"version": 1, "text": "Two more servers."})
    changed = {"title": "Slow", "severity": "sev3", "situation": "load", "held": "no", "version": 2}
    shown = client.post("/incidents/1/change/", changed, follow=True).content.decode()
    assert "What is written for the situation did not hold." in shown
    assert '<a href="/incidents/1/">incident #1</a>' in client.get("/systems/churn/drills/").content.decode()


def test_the_api_declares_corrects_and_lists_it(system, on_call):
    asked = caller(on_call)
    body = {"title": "Slow", "systems": ["churn"], "severity": "sev3", "noticed_how": "other", "situation": "load"}
    assert asked.post("incidents/", body, format="json").json()["situation"] == "load"
    asked.post("incidents/1/resolve/", {"text": "Two more servers."}, format="json")
    assert asked.patch("incidents/1/", {"held": False}, format="json").json()["held"] is False
    (drill,) = asked.get("systems/churn/drills/").json()["results"]
    assert (drill["incident"], drill["result"]) == (1, "failed")
    assert asked.patch("incidents/1/", {"situation": "normal"}, format="json").status_code == 400


def test_the_runbook_of_its_situation_comes_first(system, manager, now, client):
    for situation in ("alert_reached", "rollback"):
        write_runbook(system=system, situation=situation, body=f"Of {situation}.", by=manager, at=now)
    facts = {"title": "Bad", "systems": [system], "severity": "sev3", "noticed_how": "other"}
    incident = declare(**facts, situation="rollback", by=manager, at=now)
    client.force_login(manager)
    assert "Of rollback." in client.get(incident.get_absolute_url()).content.decode()
    retire_runbook(system=system, situation="rollback", by=manager, at=now)
    assert "Of alert_reached." in client.get(incident.get_absolute_url()).content.decode()
