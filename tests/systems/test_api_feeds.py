from datetime import timedelta

import pytest
from django.utils import timezone

from mlops_portal.engine.plain_yaml import MAX_BYTES, parse_yaml
from systems.actions.dependencies import set_dependencies
from systems.models import Drill, Feed, System
from tests.callers import caller
from tests.factories import FeedFactory, SystemFactory
from tests.systems.contracts import CONTRACT, PROPOSED

pytestmark = pytest.mark.django_db
PROMISED = {"name": "Events", "owner": "viewer", "arrival": "stream", "freshness_s": 900}
YAML = {"content_type": "application/yaml"}


@pytest.fixture
def asking(data_scientist, viewer):
    return caller(data_scientist)


@pytest.fixture
def owner(viewer):
    FeedFactory(slug="events", name="Events", owner=viewer)
    return caller(viewer)


def test_a_feed_is_put_and_found(asking):
    put = asking.put("feeds/events/", PROMISED)
    assert (put.status_code, put.json()["version"], put.json()["contract"]) == (200, 1, None)
    assert asking.get("feeds/events/").json() == put.json()
    assert [feed["slug"] for feed in asking.get("feeds/?q=EVENT").json()["results"]] == ["events"]


def test_what_is_left_out_of_a_feed_is_empty_again(owner):
    assert owner.put("feeds/events/", PROMISED | {"max_delay_s": 60}).json()["max_delay_s"] == 60
    put = owner.put("feeds/events/", PROMISED).json()
    assert (put["max_delay_s"], put["fallback"]) == (None, "")


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("name", {"name": ""}),
        ("name", {"name": "x" * 121}),
        ("name", {"name": "a\u202eb"}),
        ("name", {"name": "a\x07b"}),
        ("fallback", {"fallback": "a\u2066b"}),
        ("owner", {"owner": "nobody"}),
        ("arrival", {"arrival": "pigeon"}),
        ("freshness_s", {"freshness_s": -5}),
        ("freshness_s", {"freshness_s": "900"}),
        ("max_delay_s", {"max_delay_s": 0}),
        ("colour", {"colour": "red"}),
    ],
)
def test_what_is_wrong_with_a_feed_is_named_by_its_path(asking, path, wrong):
    answer = asking.put("feeds/events/", PROMISED | wrong)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [path])
    assert not Feed.objects.exists()


def test_a_short_name_is_plain_and_is_taken_in_any_case(owner, asking):
    assert list(asking.put("feeds/Not_Plain/", PROMISED).json()["errors"]) == ["slug"]
    assert asking.put("feeds/EVENTS/", PROMISED).status_code == 403
    assert Feed.objects.count() == 1


def test_a_stale_feed_is_shown_as_it_stands(owner):
    owner.put("feeds/events/", PROMISED | {"name": "Other"})
    late = owner.put("feeds/events/", PROMISED, HTTP_IF_MATCH='"1"')
    assert (late.status_code, late.json()["current"]["name"]) == (412, "Other")


def test_who_does_not_own_a_feed_changes_neither_it_nor_its_contract(owner, stranger):
    assert caller(stranger).put("feeds/events/", PROMISED).status_code == 403
    assert caller(stranger).put("feeds/events/contract/", CONTRACT, **YAML).status_code == 403


def test_the_list_costs_the_same_few_queries_however_long(viewer, manager, system, now, django_assert_max_num_queries):
    set_dependencies(system=system, feeds=FeedFactory.create_batch(12), by=manager, at=now)
    asking = caller(viewer)
    with django_assert_max_num_queries(11):
        assert asking.get("feeds/").json()["results"][0]["systems"] == ["churn"]


def test_a_contract_comes_out_as_it_went_in(owner):
    put = owner.put("feeds/events/contract/", CONTRACT, HTTP_ACCEPT="application/yaml", **YAML)
    assert (put.status_code, put["ETag"]) == (200, '"1"')
    assert owner.get("feeds/events/contract/", HTTP_ACCEPT="application/yaml").content.decode() == CONTRACT
    assert owner.get("feeds/events/contract/").json() == parse_yaml(CONTRACT.encode())


def test_a_contract_is_taken_as_json_too(owner):
    document = parse_yaml(CONTRACT.encode()) | {"description": {"purpose": "\N{PARTY POPPER}\ttabs\nand lines"}}
    for _ in range(2):
        assert owner.put("feeds/events/contract/", document, format="json").json() == document
    assert owner.get("feeds/events/contract/")["ETag"] == '"1"'


def test_a_proposal_stands_beside_the_contract_in_force(owner):
    owner.put("feeds/events/contract/", CONTRACT, **YAML)
    assert owner.put("feeds/events/contract/", PROPOSED, **YAML).json()["errors"]["from"]
    put = owner.put("feeds/events/contract/?from=2100-04-01", PROPOSED, **YAML)
    assert (put.status_code, put["ETag"]) == (200, '"2"')
    assert owner.get("feeds/events/contract/?version=in_force").json()["status"] == "active"
    said = {"n": 2, "status": "proposed", "from": "2100-04-01", "in_force": 1}
    assert owner.get("feeds/events/").json()["contract"] == said


def test_a_stale_contract_changes_nothing(owner):
    owner.put("feeds/events/contract/", CONTRACT, **YAML)
    late = owner.put("feeds/events/contract/", CONTRACT + "more: 1\n", HTTP_IF_MATCH='"0"', **YAML)
    assert (late.status_code, late.json()["current"]["id"]) == (412, "customer-events")


def test_every_error_of_a_contract_is_named_by_its_path(owner):
    wrong = CONTRACT.replace("kind: DataContract", "kind: Poem").replace("logicalType: number", "logicalType: soup")
    answer = owner.put("feeds/events/contract/", wrong, **YAML)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["kind", "schema.0.properties.1.logicalType"])


@pytest.mark.parametrize("body", ["a: &a [1]\nb: *a", "[" * 5000, "# " + "x" * MAX_BYTES, "a: [1", "", "just a text"])
def test_what_is_no_contract_is_refused_with_a_sentence(owner, body):
    answer = owner.put("feeds/events/contract/", body, **YAML)
    assert (answer.status_code, bool(answer.json()["detail"])) == (400, True)


def test_a_contract_of_ten_megabytes_is_refused(owner):
    answer = owner.put("feeds/events/contract/", CONTRACT + "# " + "x" * 10_000_000, **YAML)
    assert (answer.status_code, "larger than 256 kB" in answer.json()["detail"]) == (400, True)


@pytest.mark.parametrize(
    ("encoding", "said"), [("latin-1", "not UTF-8"), ("utf-16", "not UTF-8"), ("utf-32", "not UTF-8")]
)
def test_a_contract_in_another_encoding_is_refused_with_its_name(owner, encoding, said):
    body = CONTRACT.replace("in spring", "im März").encode(encoding)
    answer = owner.generic("PUT", "feeds/events/contract/", body, "application/yaml")
    assert (answer.status_code, said in answer.json()["detail"]) == (400, True)
    assert not Feed.objects.get().contracts.exists()


def test_a_contract_in_utf_8_comes_out_with_every_letter(owner):
    text = CONTRACT.replace("in spring", "im März, 春")
    assert owner.generic("PUT", "feeds/events/contract/", text.encode(), "application/yaml").status_code == 200
    assert owner.get("feeds/events/contract/", headers={"Accept": "application/yaml"}).content.decode() == text


def test_anchors_that_explode_are_refused_before_they_do(owner):
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    answer = owner.put("feeds/events/contract/", bomb, **YAML)
    assert (answer.status_code, "An alias stands" in answer.json()["detail"]) == (400, True)


def test_columns_in_columns_without_end_are_refused(owner):
    deep = "{name: a, properties: [" * 400 + "]}" * 400
    text = CONTRACT + f"more: {deep}\n"
    nested = CONTRACT.replace("slaProperties:", f"      - {deep}\nslaProperties:")
    for one in (text, nested):
        answer = owner.put("feeds/events/contract/", one, **YAML)
        assert (answer.status_code, "application/problem+json" in answer["Content-Type"]) == (400, True)


@pytest.mark.parametrize("day", ["2020-02-01", "0001-01-01", "2026-02-30", "1.4.2100", "soon", ""])
def test_a_proposal_for_a_day_that_is_past_or_none_is_refused_by_its_path(owner, day):
    answer = owner.put(f"feeds/events/contract/?from={day}", PROPOSED, **YAML)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["from"])


def test_there_is_no_contract_until_one_is_put(owner):
    assert owner.get("feeds/events/contract/").status_code == 404
    assert owner.get("feeds/events/contract/?version=x").status_code == 400


def test_dependencies_are_put_and_seen_from_both_sides(asking, system, owner):
    other = SystemFactory(slug="other")
    put = asking.put("systems/churn/dependencies/", {"systems": ["other"], "feeds": ["events"]})
    assert (put.status_code, put.json()["systems"], put.json()["feeds"]) == (200, ["other"], ["events"])
    assert asking.get("systems/other/dependencies/").json()["dependents"] == ["churn"]
    assert owner.get("feeds/events/").json()["systems"] == ["churn"]
    assert asking.put("systems/churn/dependencies/", {"systems": []}).json()["feeds"] == ["events"]
    assert not other.dependents.exists()


def test_what_is_not_there_or_hidden_is_named_alike(asking, system):
    SystemFactory(slug="secret", restricted=True)
    answer = asking.put("systems/churn/dependencies/", {"systems": ["secret", "nothing"], "feeds": ["no"]})
    assert answer.json()["errors"] == {
        "systems.0": ["There is no system secret."],
        "systems.1": ["There is no system nothing."],
        "feeds.0": ["There is no feed no."],
    }


def test_a_circle_is_refused_by_its_name(asking, system):
    answer = asking.put("systems/churn/dependencies/", {"systems": ["churn"]})
    assert "Churn model → Churn model" in answer.json()["errors"]["systems"][0]


def test_stale_dependencies_are_shown_as_they_stand(asking, system, owner):
    asking.put("systems/churn/dependencies/", {"feeds": ["events"]})
    late = asking.put("systems/churn/dependencies/", {"feeds": []}, HTTP_IF_MATCH='"1"')
    assert (late.status_code, late.json()["current"]["feeds"]) == (412, ["events"])


def test_a_restricted_system_is_no_dependent_of_a_feed_for_those_who_may_not_see_it(owner, system, manager, now):
    set_dependencies(system=system, feeds=Feed.objects.all(), by=manager, at=now)
    System.objects.update(restricted=True)
    assert owner.get("feeds/events/").json()["systems"] == []


def test_a_drill_is_recorded_and_says_when_it_is_due(asking, system):
    at = timezone.now() - timedelta(days=3)
    body = {"situation": "load", "result": "passed", "rate": 50, "at": at.isoformat(), "evidence": "In staging."}
    made = asking.post("systems/churn/drills/", body)
    assert (made.status_code, made["Location"]) == (201, made.json()["url"])
    assert made.json()["due_on"] == (at + timedelta(days=180)).date().isoformat()
    assert asking.post("systems/churn/drills/", body).json()["url"] == made.json()["url"]
    assert len(asking.get("systems/churn/drills/").json()["results"]) == 1


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("situation", {"situation": "normal"}),
        ("rate", {"situation": "load"}),
        ("rate", {"situation": "load", "rate": -1}),
        ("rate", {"rate": 5}),
        ("result", {"result": "maybe"}),
        ("at", {"at": "2999-01-01T00:00:00Z"}),
        ("evidence", {"evidence": "x" * 2001}),
    ],
)
def test_what_is_wrong_with_a_drill_is_named_by_its_path(asking, system, path, wrong):
    answer = asking.post("systems/churn/drills/", {"situation": "rollback", "result": "passed"} | wrong)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [path])
    assert not Drill.objects.exists()


def test_a_proposal_is_confirmed_by_who_holds_a_role_of_a_system_that_depends_on_it(
    owner, system, manager, holder, now
):
    address = "systems/churn/feeds/events/confirm/"
    owner.put("feeds/events/contract/?from=2100-04-01", PROPOSED, **YAML)
    assert owner.post(address, {"n": 1}).status_code == 403
    assert caller(holder).post(address, {"n": 1}).status_code == 409
    set_dependencies(system=system, feeds=Feed.objects.all(), by=manager, at=now)
    assert caller(holder).post(address, {"n": 2}).status_code == 404
    confirmed = caller(holder).post(address, {"n": 1}).json()
    assert (confirmed["feed"], confirmed["n"], confirmed["by"]) == ("events", 1, "holder")
