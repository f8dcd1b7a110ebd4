from datetime import timedelta

import pytest

from mlops_portal.engine.models import Change
from systems.models import Notice, Person, Token
from tests.callers import caller
from tests.factories import SystemFactory


def test_me_says_who_the_token_is_and_what_for(data_scientist):
    said = caller(data_scientist, "read", "ingest").get("me/").json()
    assert (said["username"], said["teams"]) == ("data-scientist", ["growth"])
    assert (said["groups"], said["scopes"], said["expires_at"]) == (["data_scientist"], ["read", "ingest"], None)


def test_a_token_does_what_its_scopes_say_and_no_more(manager, system):
    client = caller(manager, "read")
    assert client.get("systems/").status_code == 200
    refused = client.patch("systems/churn/", {"name": "New"})
    assert (refused.status_code, refused.json()["detail"]) == (403, "This token lacks the scope write.")


def test_a_token_can_do_no_more_than_its_owner(viewer, system):
    assert caller(viewer, "write", "admin").patch("systems/churn/", {"name": "New"}).status_code == 403


@pytest.mark.parametrize("change", [{"expires_at": "now"}, {"revoked_at": "now"}])
def test_a_dead_token_is_401(viewer, now, change):
    client = caller(viewer)
    Token.objects.update(**dict.fromkeys(change, now))
    assert client.get("me/").status_code == 401


def test_a_deactivated_person_loses_tokens_at_once(administrator, viewer):
    theirs = caller(viewer)
    assert caller(administrator).patch("people/viewer/", {"active": False}).json()["active"] is False
    assert theirs.get("me/").status_code == 401


def test_the_text_of_a_token_is_shown_once_and_kept_nowhere(viewer, client):
    client.force_login(viewer)
    made = client.post("/api/v1/tokens/", {"scopes": ["read"]}, content_type="application/json")
    assert made.status_code == 201
    assert made["Cache-Control"] == "no-store"
    text = made.json()["text"]
    assert text not in client.get("/api/v1/tokens/").content.decode()
    assert text.split("_")[2] not in str(list(Token.objects.values()))
    assert client.get("/api/v1/me/", headers={"Authorization": f"Bearer {text}"}).json()["scopes"] == ["read"]


def test_a_token_makes_no_token_that_can_do_more_or_lives_longer(viewer, now):
    client = caller(viewer, "read", "admin")
    assert client.post("tokens/", {"scopes": ["read"]}).status_code == 201
    assert client.post("tokens/", {"scopes": ["write"]}).status_code == 403
    Token.objects.update(expires_at=now + timedelta(hours=1))
    assert client.post("tokens/", {"scopes": ["read"]}).status_code == 403


def test_a_token_that_would_be_dead_at_birth_is_400(viewer):
    body = {"scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z"}
    assert list(caller(viewer).post("tokens/", body).json()["errors"]) == ["expires_at"]


def test_tokens_of_others_are_not_there(viewer, manager):
    caller(manager)
    [theirs] = Token.objects.filter(person=manager)
    client = caller(viewer)
    assert client.get(f"tokens/{theirs.prefix}/").status_code == 404
    assert client.delete(f"tokens/{theirs.prefix}/").status_code == 404
    assert [one["id"] for one in client.get("tokens/").json()["results"]] != [theirs.prefix]


def test_people_are_added_once(administrator, team):
    client = caller(administrator)
    body = {"username": "newcomer", "groups": ["on_call"], "team": "growth"}
    assert client.post("people/", body).json()["teams"] == ["growth"]
    again = client.post("people/", {"username": "Newcomer"})
    assert again.status_code == 409
    assert again.json()["url"].endswith("/people/newcomer/")
    assert not Person.objects.get(username="newcomer").has_usable_password()


def test_the_last_administrator_stays(administrator):
    client = caller(administrator)
    assert client.patch("people/administrator/", {"groups": []}).status_code == 409
    assert client.patch("people/administrator/", {"active": False}).status_code == 409
    assert client.get("people/administrator/").json()["groups"] == ["administrator"]


def test_members_join_and_leave_once(administrator, team, viewer):
    client = caller(administrator)
    for _ in range(2):
        assert client.put("teams/growth/members/viewer/").status_code == 204
    assert client.get("teams/growth/").json()["members"] == ["viewer"]
    for _ in range(2):
        assert client.delete("teams/growth/members/viewer/").status_code == 204
    assert client.get("teams/growth/").json()["members"] == []


def test_a_notice_is_read_once_and_only_by_whom_it_is_for(viewer, manager):
    notice = Notice.objects.create(key="k", person=viewer, subject="Told", text="Something", url="/systems/churn/")
    client = caller(viewer)
    first = client.post(f"notices/{notice.pk}/read/").json()
    assert first["read_at"] == client.post(f"notices/{notice.pk}/read/").json()["read_at"]
    assert first["page"].endswith("/systems/churn/")
    assert client.get("notices/?read=false").json()["results"] == []
    assert caller(manager).post(f"notices/{notice.pk}/read/").status_code == 404


def test_a_notice_about_what_one_may_no_longer_see_is_gone(viewer):
    secret = SystemFactory(restricted=True)
    notice = Notice.objects.create(key="k", person=viewer, system=secret, subject="Told", text="It", url="/")
    client = caller(viewer)
    assert client.get("notices/").json()["results"] == []
    assert client.get(f"notices/{notice.pk}/").status_code == 404


def test_the_audit_trail_leaves_out_systems_that_one_may_not_see(administrator, manager, team):
    client = caller(manager)
    client.post("systems/", {"slug": "secret", "name": "Secret", "team": "growth", "restricted": True})
    assert "secret" in client.get("audit/?verb=registered").content.decode()
    assert "secret" not in caller(administrator).get("audit/").content.decode()


def test_the_trail_pages_by_cursor_and_stays_in_place_while_rows_are_added(manager):
    client, _ = caller(manager), caller(manager)
    [older, newer] = Change.objects.order_by("id").values_list("id", flat=True)
    first = client.get("audit/?page_size=1").json()
    caller(manager)
    second = client.get(first["next"]).json()
    assert [first["results"][0]["id"], second["results"][0]["id"]] == [str(newer), str(older)]
