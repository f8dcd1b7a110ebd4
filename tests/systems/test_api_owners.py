"""Who holds a role, through the API."""

from datetime import timedelta

import pytest

from systems.models import Holding, Outcome, Person
from tests.callers import caller
from tests.factories import PersonFactory

pytestmark = pytest.mark.django_db
OWNER = "systems/churn/owners/model_owner/"


def test_an_owner_is_named_with_deputy_beginning_end_and_note(manager, system, viewer, teammate):
    body = {"person": "viewer", "deputy": "teammate", "note": "Agreed."}
    body |= {"from": "2026-03-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"}
    said = caller(manager).put(OWNER, body).json()
    assert {name: said[name] for name in body} == body
    assert said["confirm_by"] > said["confirmed_at"]


def test_the_same_again_changes_nothing(manager, system, viewer):
    client = caller(manager)
    body = {"person": "viewer", "from": "2026-03-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"}
    assert client.put(OWNER, body).json() == client.put(OWNER, body).json()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"until": "2026-03-01T00:00:00"}, "until"),
        ({"until": "2026-03-01T00:00:00Z"}, "until"),
        ({"from": "2100-01-01T00:00:00Z"}, "from"),
        ({"from": "2026-03-02T00:00:00Z", "until": "2026-03-01T00:00:00Z"}, "until"),
        ({"note": "x" * 301}, "note"),
        ({"note": "a\u202eb"}, "note"),
        ({"deputy": "viewer"}, "deputy"),
        ({"deputy": "gone"}, "deputy"),
        ({"person": "gone"}, "person"),
        ({"person": "robot"}, "person"),
        ({"since": "2026-03-01T00:00:00Z"}, "since"),
    ],
)
def test_what_cannot_be_is_400_by_its_field(manager, system, viewer, body, field):
    PersonFactory(username="gone", is_active=False)
    PersonFactory(username="robot", service=True)
    answer = caller(manager).put(OWNER, {"person": "viewer"} | body)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert not Holding.objects.exists()


def test_a_first_owner_over_somebody_elses_is_stale(manager, system, viewer, teammate):
    client = caller(manager)
    answer = client.put(OWNER, {"person": "viewer"}, headers={"If-Match": '"3"'})
    assert (answer.status_code, answer.json()["current"]) == (
        412,
        {"role": "model_owner", "person": None, "version": 0},
    )


def test_nothing_is_asked_of_what_is_retired(manager, holder, system, viewer, now):
    type(system).objects.update(retired_at=now)
    assert caller(manager).put(OWNER, {"person": "viewer"}).status_code == 409
    assert caller(holder).post("systems/churn/owners/product_owner/confirm/").status_code == 409


def test_a_person_who_leaves_is_a_gap_at_once(administrator, holder, now):
    client = caller(administrator)
    until = (now + timedelta(days=9)).isoformat(timespec="seconds").replace("+00:00", "Z")
    assert client.patch("people/holder/", {"until": until}).json()["until"] == until
    assert Outcome.objects.get(check_key="holders_stay").outcome == "fail"
    assert client.patch("people/holder/", {"until": None}).json()["until"] is None
    assert Outcome.objects.get(check_key="holders_stay").outcome == "pass"


def test_a_day_that_has_passed_is_400(administrator, holder):
    answer = caller(administrator).patch("people/holder/", {"until": "2026-01-01T00:00:00Z"})
    assert list(answer.json()["errors"]) == ["until"]
    assert Person.objects.get(username="holder").until is None
