from datetime import timedelta

import pytest

from mlops_portal.engine.models import Change
from systems.models import Holding, Outcome, StatusSpan, System
from tests.callers import Caller, caller
from tests.factories import HoldingFactory, SystemFactory, TeamFactory

FRAUD = {"slug": "fraud", "name": "Fraud", "team": "growth"}


@pytest.fixture
def secret(team):
    return SystemFactory(slug="secret", restricted=True)


def test_a_system_tells_what_the_contract_names(viewer, system, holder):
    said = caller(viewer).get("systems/churn/").json()
    assert said["team"] == "growth"
    assert said["owners"] == {"product_owner": "holder"}
    assert said["status"] == "unmonitored"
    assert said["url"].endswith("/api/v1/systems/churn/")
    assert said["page"].endswith("/systems/churn/")


def test_a_status_whose_time_is_over_reads_unknown_with_since_and_sentence(viewer, system, now):
    past = now - timedelta(hours=1)
    System.objects.update(status="healthy", status_since=past, status_good_until=now)
    said = caller(viewer).get("systems/churn/").json()
    assert (said["status"], said["status_sentence"]) == ("unknown", "Nobody has looked since.")
    assert said["status_since"] == now.isoformat().replace("+00:00", "Z")


def test_registering_answers_with_the_system_and_where_it_is(data_scientist):
    response = caller(data_scientist).post("systems/", FRAUD | {"phase": "engineering", "tags": ["money"]})
    assert response.status_code == 201
    assert response["Location"] == response.json()["url"]
    assert (response.json()["phase"], response.json()["tier"]) == ("engineering", 3)
    assert Change.objects.get(verb="registered").door == "api"


def test_a_taken_slug_is_409_with_its_address_unless_one_may_not_see_it(stranger, manager, team, secret):
    body = FRAUD | {"slug": "secret"}
    assert "url" not in caller(stranger).post("systems/", body).json()
    there = caller(manager).post("systems/", body)
    assert there.status_code == 409
    assert there.json()["url"].endswith("/api/v1/systems/secret/")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"slug": "Fraud"}, "slug"),
        ({"slug": "a" * 61}, "slug"),
        ({"tier": 5}, "tier"),
        ({"tier": "3"}, "tier"),
        ({"restricted": 1}, "restricted"),
        ({"phase": "retired"}, "phase"),
        ({"team": "nobody"}, "team"),
        ({"tags": ["x" * 41]}, "tags.0"),
        ({"links": {"wiki": "javascript:alert(1)"}}, "links.wiki"),
        ({"links": {"wiki": "ftp://files.example/x"}}, "links"),
        ({"status": "healthy"}, "status"),
        ({"owners": {}}, "owners"),
    ],
)
def test_a_wrong_value_is_400_by_its_field(manager, team, body, field):
    response = caller(manager).post("systems/", FRAUD | body)
    assert response.status_code == 400
    assert list(response.json()["errors"]) == [field]


@pytest.mark.parametrize("field", ["phase", "status", "registered_at", "retired_at", "version", "owners", "id"])
def test_what_is_read_only_cannot_be_patched(manager, system, field):
    assert caller(manager).patch("systems/churn/", {field: "x"}).status_code == 400


def test_a_system_is_handed_on_only_by_somebody_of_the_team_that_gets_it(data_scientist, manager, system):
    TeamFactory(slug="payments")
    body = {"team": "payments"}
    assert caller(data_scientist).patch("systems/churn/", body).status_code == 403
    assert caller(manager).patch("systems/churn/", body).json()["team"] == "payments"


def test_deleting_retires_and_keeps_the_history(manager, system):
    client = caller(manager)
    assert client.delete("systems/churn/").json()["phase"] == "retired"
    assert "churn" not in [one["slug"] for one in client.get("systems/").json()["results"]]
    assert client.get("systems/churn/history/").json()["results"][0]["verb"] == "retired"
    assert client.post("systems/churn/phase/", {"to": "research"}).status_code == 200
    assert client.get("systems/churn/").json()["retired_at"] is None


def test_what_one_may_not_see_is_the_same_404_everywhere(stranger, secret):
    HoldingFactory(system=secret, role="model_owner")
    client = caller(stranger)
    for rest in ("", "status/", "history/", "checks/", "owners/model_owner/"):
        hidden = client.get(f"systems/secret/{rest}")
        missing = client.get(f"systems/missing/{rest}")
        assert (hidden.status_code, hidden.json()["detail"]) == (missing.status_code, missing.json()["detail"])
    assert "secret" not in client.get("systems/?q=secret").content.decode()


def test_naming_an_owner_twice_is_naming_once(manager, system, viewer):
    client = caller(manager)
    first, again = (client.put("systems/churn/owners/model_owner/", {"person": "viewer"}) for _ in range(2))
    assert first.json() == again.json()
    assert Holding.objects.filter(system=system, role="model_owner").count() == 1
    assert Change.objects.filter(verb="assigned").count() == 1


def test_naming_an_owner_over_somebody_elses_change_is_stale(manager, system, viewer, teammate):
    client = caller(manager)
    client.put("systems/churn/owners/model_owner/", {"person": "viewer"})
    stale = client.put("systems/churn/owners/model_owner/", {"person": "teammate"}, headers={"If-Match": '"9"'})
    assert stale.status_code == 412
    assert stale.json()["current"]["person"] == "viewer"


def test_an_owner_is_an_active_person_and_no_deputy_of_themselves(manager, system, viewer):
    client = caller(manager)
    assert client.put("systems/churn/owners/model_owner/", {"person": "nobody"}).status_code == 400
    double = client.put("systems/churn/owners/model_owner/", {"person": "viewer", "deputy": "viewer"})
    assert list(double.json()["errors"]) == ["deputy"]


def test_the_holder_confirms(holder, system):
    before = caller(holder).get("systems/churn/owners/product_owner/").json()
    after = caller(holder).post("systems/churn/owners/product_owner/confirm/").json()
    assert after["confirmed_at"] > before["confirmed_at"]
    assert after["version"] == before["version"] + 1


def test_status_tells_the_spans_between_two_moments(viewer, system, now):
    StatusSpan.objects.filter(system=system).delete()
    hours = [now - timedelta(hours=n) for n in (3, 2)]
    StatusSpan.objects.create(system=system, status="healthy", sentence="Fine.", from_at=hours[0], to_at=hours[1])
    StatusSpan.objects.create(system=system, status="failing", sentence="Down.", from_at=hours[1])
    client = caller(viewer)
    assert [one["status"] for one in client.get("systems/churn/status/").json()["results"]] == ["failing", "healthy"]
    until = hours[1].isoformat().replace("+00:00", "Z")
    assert [one["status"] for one in client.get(f"systems/churn/status/?to={until}").json()["results"]] == ["healthy"]
    assert list(client.get("systems/churn/status/?from=2026-01-01T00:00:00").json()["errors"]) == ["from"]


def test_checks_tell_what_was_found_and_where_it_is_mended(viewer, system):
    Outcome.objects.filter(system=system).delete()
    Outcome.objects.create(
        system=system, check_key="purpose_written", outcome="fail", why="No.", url="/x/", since="2026-03-01T00:00Z"
    )
    one, *questions = caller(viewer).get("systems/churn/checks/").json()["results"]
    assert (one["key"], one["topic"], one["gap"], one["since"]) == (
        *("purpose_written", "ownership", "ownership"),
        "2026-03-01T00:00:00Z",
    )
    assert one["url"].endswith("/x/")
    assert {question["because"] for question in questions} == {"unanswered"}


def test_pages_of_a_list_lead_to_each_other(viewer, team):
    SystemFactory.create_batch(3, team=team)
    client = caller(viewer)
    first = client.get("systems/?page_size=2&team=growth&sort=name").json()
    second = client.get(first["next"]).json()
    assert [len(first["results"]), len(second["results"])] == [2, 1]
    assert (first["previous"], second["next"]) == (None, None)


def test_a_list_costs_the_same_few_queries_however_long(viewer, team, django_assert_num_queries):
    client = caller(viewer)
    client.get("me/")  # stamps the use of the token
    SystemFactory.create_batch(2, team=team)
    with django_assert_num_queries(QUERIES):
        client.get("systems/")
    for system in SystemFactory.create_batch(20, team=team):
        HoldingFactory(system=system)
    with django_assert_num_queries(QUERIES):
        client.get("systems/")


QUERIES = 4  # the token, the count, the page, the holders


def test_anonymous_learns_nothing(system):
    assert Caller().get("systems/churn/").json()["detail"] == Caller().get("systems/missing/").json()["detail"]
