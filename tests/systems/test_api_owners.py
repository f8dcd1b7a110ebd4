"""Who holds a role, through the API."""

from datetime import timedelta

import pytest

from systems.models import Feed, Holding, Outcome, Person, Role
from tests.callers import caller
from tests.factories import FeedFactory, HoldingFactory, PersonFactory

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
    now = answer.json()["current"]
    assert (answer.status_code, now["role"], now["person"], now["version"]) == (412, "model_owner", None, 0)


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


def _in_days(now, count):
    return (now + timedelta(days=count)).isoformat(timespec="seconds").replace("+00:00", "Z")


def test_a_hand_over_is_planned_shown_and_taken_back(manager, holder, system, viewer, now):
    client, address, day = caller(manager), "systems/churn/owners/product_owner/", _in_days(now, 9)
    said = client.put(address, {"person": "viewer", "from": day, "note": "Agreed."}).json()
    assert (said["person"], said["next"]["person"], said["next"]["from"]) == ("holder", "viewer", day)
    assert client.get(address).json() == said
    assert client.post(f"{address}take-back/", headers={"If-Match": '"1"'}).status_code == 412
    assert client.post(f"{address}take-back/").json()["next"] is None
    assert client.post(f"{address}take-back/").status_code == 409


def test_a_first_holder_is_planned_and_stands_in_the_answer(manager, system, viewer, now):
    client = caller(manager)
    assert client.get(OWNER).status_code == 404
    said = client.put(OWNER, {"person": "viewer", "from": _in_days(now, 9)}).json()
    assert (said["person"], said["next"]["person"], said["version"]) == (None, "viewer", 1)
    assert client.get(OWNER).json() == said


def test_a_role_is_emptied_with_a_note(manager, holder, viewer):
    client, address = caller(manager), "systems/churn/owners/product_owner/"
    stale = client.post(f"{address}empty/", {"note": "Done."}, headers={"If-Match": '"7"'})
    assert (stale.status_code, stale.json()["current"]["person"]) == (412, "holder")
    assert list(client.post(f"{address}empty/", {"note": "a\u202eb"}).json()["errors"]) == ["note"]
    assert client.post(f"{address}empty/", {"note": "Done."}).json()["person"] is None
    assert caller(viewer).post(f"{address}empty/").status_code == 403


def test_many_roles_are_confirmed_at_once(holder, system, now):
    other = HoldingFactory(person=holder)
    Holding.objects.update(confirmed_at=now - timedelta(days=200))
    client = caller(holder)
    roles = [
        {"system": one["system"], "role": one["role"], "version": one["version"]}
        for one in client.get("people/holder/roles/").json()["roles"]
    ]
    assert len(roles) == 2
    strange = {"system": "nowhere", "role": "data_owner"}
    stale = {"system": other.system.slug, "role": other.role, "version": 9}
    said = client.post("roles/confirm/", {"roles": [roles[0], strange, stale]}).json()
    named = {name: roles[0][name] for name in ("system", "role")}
    assert (said["confirmed"], [one["system"] for one in said["left"]]) == (
        [named] if roles[0]["system"] != other.system.slug else [],
        ["nowhere", other.system.slug],
    )


def test_confirming_nothing_is_400(holder):
    for body in ({}, {"roles": []}, {"roles": [{"system": "churn"}]}):
        assert caller(holder).post("roles/confirm/", body).status_code == 400


@pytest.fixture
def leaver(system, viewer):
    leaver = PersonFactory(username="leaver")
    HoldingFactory(system=system, role=Role.MODEL_OWNER, person=leaver)
    HoldingFactory(system=system, role=Role.DATA_OWNER, person=viewer, deputy=leaver)
    FeedFactory(slug="events", owner=leaver)
    return leaver


HAND_OVER = "people/leaver/hand-over/"


def test_all_that_a_leaver_holds_is_handed_over(manager, leaver, teammate):
    said = caller(manager).post(HAND_OVER, {"to": "teammate", "note": "Leaves."}).json()
    assert said == {"handed_over": 3, "left": 0}
    left = caller(manager).get("people/leaver/roles/").json()
    assert (left["roles"], left["feeds"]) == ([], [])
    assert Feed.objects.get().owner == teammate


def test_each_may_go_to_somebody_else_or_stay(manager, leaver, teammate, stranger):
    roles = [{"system": "churn", "role": "model_owner", "to": "stranger", "version": 1}]
    roles += [{"system": "churn", "role": "data_owner", "to": None}]
    body = {"to": "teammate", "roles": roles, "feeds": [{"feed": "events", "to": "stranger"}]}
    assert caller(manager).post(HAND_OVER, body).json() == {"handed_over": 2, "left": 1}
    assert Holding.objects.current().get(role="model_owner").person == stranger
    assert (Feed.objects.get().owner, Holding.objects.current().get(role="data_owner").deputy) == (stranger, leaver)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "to"),
        ({"to": "nobody-here"}, "to"),
        ({"to": "gone"}, "to"),
        ({"feeds": [{"feed": "events", "to": "gone"}]}, "feeds.0.to"),
        ({"feeds": [{"feed": "strange", "to": "viewer"}]}, "feeds.0"),
        ({"roles": [{"system": "churn", "role": "service_owner", "to": "viewer"}]}, "roles.0"),
        ({"roles": [{"system": "churn", "role": "data_owner", "to": "viewer"}]}, "roles.0.to"),
        ({"to": "viewer", "note": "a\u202eb"}, "note"),
    ],
)
def test_what_cannot_be_handed_over_is_400_and_nothing_goes(manager, leaver, body, path):
    PersonFactory(username="gone", is_active=False)
    answer = caller(manager).post(HAND_OVER, body)
    assert (answer.status_code, path in answer.json().get("errors", {})) == (400, True), answer.json()
    assert (Holding.objects.current().of(leaver).count(), Feed.objects.get().owner) == (2, leaver)


def test_what_changed_meanwhile_is_409(manager, leaver, teammate):
    roles = [{"system": "churn", "role": "model_owner", "to": "teammate", "version": 4}]
    answer = caller(manager).post(HAND_OVER, {"roles": roles})
    assert (answer.status_code, answer.json()["url"].endswith("/people/leaver/roles/")) == (409, True)


def test_roles_of_hidden_systems_are_not_told(leaver, stranger, system):
    assert len(caller(stranger).get("people/leaver/roles/").json()["roles"]) == 2
    type(system).objects.update(restricted=True)
    assert caller(stranger).get("people/leaver/roles/").json()["roles"] == []
