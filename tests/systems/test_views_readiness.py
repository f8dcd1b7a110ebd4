import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from systems.models import Answer, Review, Waiver
from tests.factories import AnswerFactory, ReviewFactory, WaiverFactory, answer_all

PAGE = "/systems/churn/readiness/"
QUESTION = f"{PAGE}feed_unavailable/"
ANSWER = {"text": "The last value.", "confidence": "confident", "evidence": "", "version": 0}


@pytest.fixture
def as_(client, system):
    """Return the client, signed in as somebody."""

    def signed_in(person):
        client.force_login(person)
        return client

    return signed_in


def test_the_page_says_the_verdict_and_every_question(as_, viewer):
    text = as_(viewer).get(PAGE).content.decode()
    assert "At the experiment stage: 10 of 10 questions have no confident answer." in text
    assert "What happens when its data feed is unavailable?" in text


def test_who_may_not_answer_is_told_who_may(as_, viewer):
    client = as_(viewer)
    assert "Who may answer" in client.get(PAGE).content.decode()
    assert "<form" not in client.get(QUESTION).content.decode().split("<main")[1]
    assert client.post(QUESTION, ANSWER).status_code == 403


def test_saving_an_answer_is_sending_it_for_review(as_, data_scientist, system):
    client = as_(data_scientist)
    response = client.post(QUESTION, ANSWER, follow=True)
    assert response.redirect_chain[-1][0] == f"{PAGE}#feed_unavailable"
    assert "Feed outage: saved; it waits for a review by a manager." in response.content.decode()
    assert Answer.objects.get().author == data_scientist


def test_what_was_typed_is_kept_when_something_is_wrong(as_, data_scientist):
    response = as_(data_scientist).post(QUESTION, ANSWER | {"evidence": "Runbook nowhere"})
    assert response.status_code == 422
    assert "The last value." in response.content.decode()
    assert "Give a whole web address" in response.content.decode()


def test_links_are_kept_with_what_they_are(as_, data_scientist):
    as_(data_scientist).post(QUESTION, ANSWER | {"evidence": "Load test https://git.example/load\nhttps://a.example/"})
    assert Answer.objects.get().evidence == [
        {"kind": "Load test", "url": "https://git.example/load"},
        {"kind": "link", "url": "https://a.example/"},
    ]


def test_that_it_does_not_apply_is_an_answer_with_a_reason(as_, data_scientist):
    as_(data_scientist).post(QUESTION, ANSWER | {"confidence": "not_applicable", "text": "It has no feed."})
    answer = Answer.objects.get()
    assert (answer.applicable, answer.text) == (False, "It has no feed.")


def test_an_answer_over_one_that_was_not_seen_is_kept_and_asked_again(as_, data_scientist, system):
    AnswerFactory(system=system, text="Somebody was first.")
    response = as_(data_scientist).post(QUESTION, ANSWER)
    assert response.status_code == 412
    text = response.content.decode()
    assert "Somebody was first." in text
    assert "The last value." in text
    assert 'name="version" value="1"' in text


def test_a_question_that_is_not_asked_is_not_there(as_, data_scientist):
    assert as_(data_scientist).get(f"{PAGE}nonsense/").status_code == 404


def test_a_waiver_is_asked_for_on_the_page_of_the_question(as_, data_scientist):
    words = {"reason": "Late.", "control": "By hand.", "until": "2100-01-01"}
    response = as_(data_scientist).post(f"{QUESTION}waiver/", words, follow=True)
    assert "A waiver is asked for" in response.content.decode()
    assert Waiver.objects.get().until.isoformat() == "2100-01-02T00:00:00+00:00"


@pytest.mark.parametrize("until", ["2020-01-01", "9999-12-31", "soon"])
def test_a_waiver_without_a_day_to_come_is_refused_beside_the_field(as_, data_scientist, until):
    response = as_(data_scientist).post(f"{QUESTION}waiver/", {"reason": "Late.", "control": "c", "until": until})
    assert response.status_code == 422
    assert "Late." in response.content.decode()


def test_the_queue_shows_the_oldest_first_and_the_next_one_follows(as_, manager, system, now):
    first = AnswerFactory(system=system, text="The first.")
    AnswerFactory(system=system, question_key="load", text="The second.")
    client = as_(manager)
    assert "The first." in client.get("/reviews/").content.decode()
    response = client.post(f"/reviews/answers/{first.pk}/", {"decision": "approved"}, follow=True)
    assert "The second." in response.content.decode()
    assert Review.objects.get().by == manager


def test_an_empty_queue_says_what_belongs_here(as_, manager):
    assert "Nothing waits for your review" in as_(manager).get("/reviews/").content.decode()


def test_sending_back_needs_a_comment(as_, manager, system):
    answer = AnswerFactory(system=system)
    response = as_(manager).post(f"/reviews/answers/{answer.pk}/", {"decision": "changes_requested"})
    assert response.status_code == 422
    assert "Say what is missing" in response.content.decode()
    assert not Review.objects.exists()


def test_ones_own_answer_waits_for_somebody_else(as_, manager, system):
    answer = AnswerFactory(system=system, author=manager)
    client = as_(manager)
    assert "somebody else decides" in client.get(f"/reviews/?answer={answer.pk}").content.decode()
    client.post(f"/reviews/answers/{answer.pk}/", {"decision": "approved"})
    assert not Review.objects.exists()


def test_a_waiver_is_decided_in_the_queue(as_, manager, system):
    waiver = WaiverFactory(system=system)
    client = as_(manager)
    assert waiver.control in client.get("/reviews/").content.decode()
    client.post(f"/reviews/waivers/{waiver.pk}/", {"grant": "yes"})
    waiver.refresh_from_db()
    assert waiver.state == "granted"


def test_the_navigation_counts_what_waits_for_managers_only(as_, manager, viewer, system):
    AnswerFactory(system=system)
    assert '1<span class="visually-hidden"> waiting' in as_(manager).get("/").content.decode()
    assert "/reviews/" not in as_(viewer).get("/").content.decode()


def test_what_people_write_is_never_markup(as_, manager, system):
    ReviewFactory(answer=AnswerFactory(system=system, text="<script>alert(1)</script>"), comment="<b>x</b>")
    text = as_(manager).get(PAGE).content.decode()
    assert "<script>alert" not in text
    assert "<b>x" not in text


def test_the_number_of_queries_does_not_grow_with_the_answers(as_, viewer, system):
    client = as_(viewer)

    def queries():
        with CaptureQueriesContext(connection) as found:
            client.get(PAGE)
        return len(found)

    AnswerFactory(system=system)
    few = queries()
    answer_all(system, but=["feed_unavailable"])
    assert queries() <= few + 2  # the reviews and their reviewers, each at once
