import pytest

from systems.models import Answer, System
from tests.callers import caller
from tests.factories import AnswerFactory, WaiverFactory, answer_all

QUESTION = "systems/churn/readiness/feed_unavailable/"
ANSWER = {"text": "The last value.", "confidence": "confident"}


def test_the_questions_say_where_each_stands(viewer, system):
    said = caller(viewer).get("systems/churn/readiness/").json()["results"]
    assert len(said) == 10
    assert (said[0]["key"], said[0]["outcome"], said[0]["because"]) == ("data_received", "fail", "unanswered")
    assert said[0]["version"] == 0
    assert said[0]["page"].endswith("/systems/churn/readiness/data_received/")


def test_an_answer_is_put_and_the_same_again_changes_nothing(data_scientist, system):
    client = caller(data_scientist)
    body = ANSWER | {"evidence": [{"kind": "Runbook", "url": "https://git.example/runbook"}]}
    first, second = client.put(QUESTION, body), client.put(QUESTION, body)
    assert (first.status_code, first.json()) == (200, second.json())
    assert first.json()["answer"]["author"] == "data-scientist"
    assert (first.json()["because"], first["ETag"]) == ("unreviewed", '"1"')


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"confidence": "sure"}, "confidence"),
        ({"text": ""}, "text"),
        ({"text": 7}, "text"),
        ({"applicable": 1}, "applicable"),
        ({"evidence": [{"kind": "x", "url": "javascript:alert(1)"}]}, "evidence"),
        ({"author": "manager"}, "author"),
        ({"verdict": "ready"}, "verdict"),
    ],
)
def test_what_is_wrong_is_named(data_scientist, system, body, field):
    response = caller(data_scientist).put(QUESTION, ANSWER | body)
    assert response.status_code == 400
    assert next(iter(response.json()["errors"])).startswith(field)


def test_an_answer_over_another_than_the_one_seen_is_412_with_what_stands(data_scientist, system):
    AnswerFactory(system=system, text="Somebody was first.")
    response = caller(data_scientist).put(QUESTION, ANSWER, headers={"If-Match": '"0"'})
    assert response.status_code == 412
    assert response.json()["current"]["answer"]["text"] == "Somebody was first."


def test_a_review_by_another_person_settles_it(manager, system):
    AnswerFactory(system=system)
    said = caller(manager).post(f"{QUESTION}review/", {"decision": "approved"}).json()
    assert (said["review"]["by"], said["because"]) == ("manager", "evidence_unknown")


def test_the_author_is_refused_and_a_second_approval_is_409(manager, system, data_scientist):
    AnswerFactory(system=system, question_key="load", author=manager)
    client = caller(manager)
    assert client.post("systems/churn/readiness/load/review/", {"decision": "approved"}).status_code == 403
    AnswerFactory(system=system)
    codes = [client.post(f"{QUESTION}review/", {"decision": "approved"}).status_code for _ in range(2)]
    assert codes == [200, 409]


def test_a_review_of_another_answer_than_the_one_seen_is_412(manager, system):
    AnswerFactory(system=system, n=2)
    response = caller(manager).post(f"{QUESTION}review/", {"decision": "approved"}, headers={"If-Match": '"1"'})
    assert response.status_code == 412


def test_sending_back_needs_a_comment(manager, system):
    AnswerFactory(system=system)
    response = caller(manager).post(f"{QUESTION}review/", {"decision": "changes_requested"})
    assert list(response.json()["errors"]) == ["comment"]


def test_a_review_needs_its_scope(manager, system):
    AnswerFactory(system=system)
    assert caller(manager, "read", "write").post(f"{QUESTION}review/", {"decision": "approved"}).status_code == 403


def test_a_waiver_is_asked_for_and_decided(data_scientist, manager, system):
    body = {"reason": "Late.", "control": "By hand.", "until": "2100-01-01T00:00:00Z"}
    asked = caller(data_scientist).post(f"{QUESTION}waiver/", body)
    assert (asked.status_code, asked.json()["waiver"]["state"]) == (201, "asked")
    assert caller(data_scientist).post(f"{QUESTION}waiver/", body).status_code == 409
    decided = caller(manager).post(f"{QUESTION}waiver/decide/", {"grant": True}).json()
    assert (decided["outcome"], decided["waiver"]["decided_by"]) == ("waived", "manager")


def test_a_waiver_that_nobody_asked_for_is_409(manager, system):
    assert caller(manager).post(f"{QUESTION}waiver/decide/", {"grant": True}).status_code == 409


def test_the_queue_is_what_others_wrote_when_it_is_for_me(manager, system, data_scientist):
    AnswerFactory(system=system, author=data_scientist)
    WaiverFactory(system=system, question_key="load", asked_by=manager)
    client = caller(manager)
    assert [one["kind"] for one in client.get("reviews/?for=me").json()["results"]] == ["answer"]
    assert [one["kind"] for one in client.get("reviews/").json()["results"]] == ["answer", "waiver"]
    assert client.get("reviews/?for=you").status_code == 400


def test_the_gate_answers_409_only_when_asked_to_be_strict(viewer, system):
    client = caller(viewer)
    said = client.get("systems/churn/gate/").json()
    assert (said["passed"], said["verdict"], len(said["blocking"])) == (False, "experiment", 10)
    assert said["blocking"][0]["url"].startswith("http://testserver/systems/churn/readiness/")
    assert client.get("systems/churn/gate/?strict=false").status_code == 200
    assert client.get("systems/churn/gate/?strict=true").status_code == 409
    assert client.get("systems/churn/gate/?strict=maybe").status_code == 400


def test_the_checklist_is_told_in_the_version_that_is_in_force(viewer, system):
    client = caller(viewer)
    [one] = client.get("checklists/").json()["results"]
    assert (one["key"], one["version"], len(one["items"])) == ("launch-readiness", 1, 10)
    assert client.get("checklists/launch-readiness/").json() == one


def test_systems_tell_their_verdict_and_are_found_by_it(viewer, system):
    System.objects.filter(pk=system.pk).update(verdict="ready", verdict_sentence="Ready.")
    client = caller(viewer)
    assert client.get("systems/churn/").json()["verdict_sentence"] == "Ready."
    assert [one["slug"] for one in client.get("systems/?verdict=ready").json()["results"]] == ["churn"]
    assert client.get("systems/?verdict=fine").status_code == 400


def test_nobody_types_a_verdict(manager, system):
    assert list(caller(manager).patch("systems/churn/", {"verdict": "ready"}).json()["errors"]) == ["verdict"]


def test_answers_of_a_restricted_system_are_hidden(stranger, system):
    System.objects.update(restricted=True)
    answer_all(system)
    assert caller(stranger).get("systems/churn/readiness/").status_code == 404
    assert caller(stranger).put(QUESTION, ANSWER).status_code == 404
    assert Answer.objects.filter(n=2).count() == 0
