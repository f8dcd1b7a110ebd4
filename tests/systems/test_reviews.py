from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from mlops_portal.engine.models import Change
from systems.actions.readiness import NotFromHere, answer_question, ask_waiver, decide_waiver, review_answer
from systems.models import Notice, Review, System, Waiver
from systems.readiness import count_to_review
from systems.states import state_of
from tests.at_once import at_once
from tests.callers import caller
from tests.factories import AnswerFactory, PersonFactory, ReviewFactory, WaiverFactory, answer_all
from tests.protections import protects

KEY = "feed_unavailable"


@pytest.fixture
def answer(system, data_scientist):
    return AnswerFactory(system=system, author=data_scientist)


@pytest.fixture
def waiver(system, data_scientist):
    return WaiverFactory(system=system, asked_by=data_scientist)


def test_approving_settles_the_question_and_writes_down_what_it_rests_on(system, answer, manager, holder, now):
    review = review_answer(answer=answer, decision="approved", by=manager, at=now)
    assert state_of(system, KEY, at=now).holds
    assert review.rests_on["holders"] == {"product_owner": "holder"}
    assert list(review.rests_on["checks"]) == ["runbook_feed_unavailable", "drill_feed_unavailable"]
    assert Change.objects.get(verb="approved").by == "manager"


def test_the_author_does_not_review_it(answer, data_scientist, now):
    with pytest.raises(PermissionDenied):
        review_answer(answer=answer, decision="approved", by=data_scientist, at=now)
    assert not Review.objects.exists()


@protects("S14", off={"systems.actions.readiness._refuse_oneself": lambda *who: None})
def test_a_manager_approves_no_answer_of_their_own(system, manager):
    AnswerFactory(system=system, author=manager)
    refused = caller(manager).post(f"systems/churn/readiness/{KEY}/review/", {"decision": "approved"})
    assert (refused.status_code, Review.objects.exists()) == (403, False)


def test_not_even_the_database_lets_the_author_review_it(answer):
    with pytest.raises(IntegrityError):
        ReviewFactory(answer=answer, by=answer.author)


def test_what_is_sent_back_is_told_to_its_author(answer, manager, data_scientist, now):
    review_answer(answer=answer, decision="changes_requested", comment="For how long?", by=manager, at=now)
    notice = Notice.objects.get(person=data_scientist)
    assert notice.subject == "Churn model: your answer on feed outage was sent back"
    assert notice.url == f"/systems/churn/readiness/{KEY}/"


@protects("S14", off={"systems.actions.readiness._refuse_to_review": lambda *what: None})
def test_an_answer_that_was_replaced_is_not_reviewed_any_more(system, answer, manager, data_scientist, now):
    answer_question(system=system, key=KEY, text="New.", confidence="confident", by=data_scientist, at=now)
    with pytest.raises(NotFromHere):
        review_answer(answer=answer, decision="approved", by=manager, at=now)


def test_an_approval_is_of_that_answer_and_of_no_later_one(system, answer, manager, data_scientist, now):
    review_answer(answer=answer, decision="approved", by=manager, at=now)
    new = answer_question(system=system, key=KEY, text="New.", confidence="confident", by=data_scientist, at=now)
    assert (new.reviews.count(), state_of(system, KEY, at=now).because) == (0, "unreviewed")


@protects("S14", off={"systems.actions.readiness._refuse_to_review": lambda *what: None})
@pytest.mark.django_db(transaction=True)
def test_of_eight_who_approve_at_once_one_does():
    answer, now = AnswerFactory(), timezone.now()

    def approve(person):
        return review_answer(answer=answer, decision="approved", by=person, at=now)

    done, refused = at_once(approve, PersonFactory.create_batch(8), refusals=(NotFromHere, IntegrityError))
    assert [type(refusal) for refusal in refused] == [NotFromHere] * 7
    assert [review.pk for review in done] == [Review.objects.get().pk]
    assert Change.objects.filter(verb="approved").count() == 1


@pytest.mark.parametrize("first", ["approved", "changes_requested"])
def test_an_answer_is_not_approved_after_a_decision(answer, manager, now, first):
    review_answer(answer=answer, decision=first, comment="Well.", by=manager, at=now)
    with pytest.raises(NotFromHere):
        review_answer(answer=answer, decision="approved", by=PersonFactory(), at=now)


def test_two_approvals_at_once_are_one(answer):
    ReviewFactory(answer=answer)
    with pytest.raises(IntegrityError), transaction.atomic():
        ReviewFactory(answer=answer)
    assert answer.reviews.count() == 1


def test_an_approval_can_be_taken_back(system, answer, manager, now):
    review_answer(answer=answer, decision="approved", by=manager, at=now)
    review_answer(answer=answer, decision="changes_requested", comment="No longer.", by=manager, at=now)
    assert state_of(system, KEY, at=now).because == "sent_back"


def test_a_draft_is_not_reviewed(system, manager, now):
    with pytest.raises(NotFromHere):
        review_answer(
            answer=AnswerFactory(system=system, confidence="partial"), decision="approved", by=manager, at=now
        )


def test_the_last_approval_makes_the_system_ready(system, data_scientist, manager, now):
    answer_all(system, but=[KEY])
    review_answer(answer=AnswerFactory(system=system), decision="approved", by=manager, at=now)
    assert System.objects.get(pk=system.pk).verdict == "ready"


def test_a_waiver_is_asked_for_granted_and_told(system, data_scientist, manager, now):
    words = {"reason": "Late.", "control": "By hand.", "until": now + timedelta(days=9)}
    waiver = ask_waiver(system=system, key=KEY, by=data_scientist, at=now, **words)
    assert state_of(system, KEY, at=now).because == "unanswered"
    decide_waiver(waiver=waiver, grant=True, by=manager, at=now)
    assert state_of(system, KEY, at=now).result == "waived"
    assert Notice.objects.get(person=data_scientist).subject == "Churn model: your waiver was granted"


def test_who_asks_for_a_waiver_does_not_grant_it(waiver, data_scientist, now):
    with pytest.raises(PermissionDenied):
        decide_waiver(waiver=waiver, grant=True, by=data_scientist, at=now)


def test_a_waiver_is_asked_for_once_and_decided_once(system, waiver, manager, viewer, now):
    words = {"reason": "Late.", "control": "By hand.", "until": now + timedelta(days=9)}
    with pytest.raises(NotFromHere):
        ask_waiver(system=system, key=KEY, by=viewer, at=now, **words)
    decide_waiver(waiver=waiver, grant=False, by=manager, at=now)
    with pytest.raises(NotFromHere):
        decide_waiver(waiver=Waiver.objects.get(), grant=True, by=manager, at=now)
    assert Waiver.objects.get().state == "refused"


def test_a_waiver_lasts_until_a_day_to_come(system, viewer, now):
    with pytest.raises(NotFromHere):
        ask_waiver(system=system, key=KEY, reason="r", control="c", until=now, by=viewer, at=now)


def test_the_queue_counts_answers_and_waivers_of_others(answer, waiver, manager, viewer):
    WaiverFactory(system=answer.system, question_key="load", asked_by=manager)
    assert (count_to_review(manager), count_to_review(viewer)) == (2, 0)
