import threading

import pytest
from django.db import connection

from incidents.models import Incident
from tests.callers import caller
from tests.factories import IncidentFactory, SystemFactory


@pytest.fixture
def incident(system):
    return IncidentFactory(number=7, systems=[system])


def test_an_incident_tells_its_state_and_its_systems(viewer, incident):
    said = caller(viewer).get("incidents/7/").json()
    assert (said["state"], said["systems"], said["acknowledged_by"]) == ("open", ["churn"], None)
    assert said["page"].endswith("/incidents/7/")


def test_the_steps_are_taken_once_in_their_order(on_call, incident):
    client = caller(on_call)
    assert client.post("incidents/7/acknowledge/").json()["acknowledged_by"] == "on-call"
    assert client.post("incidents/7/acknowledge/").status_code == 409
    assert client.post("incidents/7/mitigate/", {"text": "Rolled back."}).json()["state"] == "mitigated"
    assert client.post("incidents/7/resolve/").status_code == 400
    assert client.post("incidents/7/resolve/", {"text": "Fixed."}).json()["state"] == "resolved"
    assert client.post("incidents/7/mitigate/").status_code == 409


def test_a_stale_step_changes_nothing(on_call, incident):
    client = caller(on_call)
    client.post("incidents/7/acknowledge/", headers={"If-Match": '"1"'})
    stale = client.post("incidents/7/resolve/", {"text": "Fixed."}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    assert stale.json()["current"]["state"] == "acknowledged"


@pytest.mark.django_db(transaction=True)
def test_of_twenty_at_once_one_acknowledges(on_call, incident):
    clients = [caller(on_call) for _ in range(20)]
    codes = []

    def go(client):
        codes.append(client.post("incidents/7/acknowledge/").status_code)
        connection.close()

    threads = [threading.Thread(target=go, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [200, *[409] * 19]


def test_the_timeline_is_written_and_read_newest_first(on_call, incident):
    client = caller(on_call)
    client.post("incidents/7/timeline/", {"text": "Looked."})
    assert client.post("incidents/7/timeline/", {"text": "Restarted."}).json()["n"] == 2
    said = client.get("incidents/7/timeline/").json()["results"]
    assert [one["text"] for one in said] == ["Restarted.", "Looked."]
    assert said[0]["by"] == "on-call"


def test_systems_that_one_may_not_see_are_left_out(on_call, incident):
    hidden = SystemFactory(slug="secret", restricted=True)
    incident.systems.add(hidden)
    IncidentFactory(number=8, systems=[hidden])
    client = caller(on_call)
    assert client.get("incidents/7/").json()["systems"] == ["churn"]
    assert [one["number"] for one in client.get("incidents/").json()["results"]] == [7]
    for rest in ("", "timeline/"):
        assert client.get(f"incidents/8/{rest}").status_code == 404
    assert client.post("incidents/8/acknowledge/").status_code == 404
    assert client.get("incidents/?system=secret").status_code == 400
    assert Incident.objects.get(number=8).acknowledged_at is None


def test_a_list_is_filtered_as_the_page_is(viewer, incident):
    IncidentFactory(number=8, severity="sev1")
    numbers = lambda query: [one["number"] for one in caller(viewer).get(f"incidents/{query}").json()["results"]]  # noqa: E731
    assert numbers("") == [8, 7]
    assert numbers("?severity=sev1") == [8]
    assert numbers("?system=churn&state=open") == [7]
