from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from mlops_portal.engine.models import Change
from mlops_portal.engine.versions import Stale
from systems.actions.ownership import assign_role
from systems.actions.readiness import NotFromHere, answer_question, lapse_reviews
from systems.models import Answer, Role, System, Topic
from systems.states import state_of
from tests.factories import AnswerFactory, ReviewFactory

KEY = "feed_unavailable"


@pytest.fixture
def answer(system, data_scientist, now):
    """Return the answer that a data scientist gives to KEY."""

    def give(**facts):
        words = {"text": "The last value, for a day.", "confidence": "confident", "by": data_scientist, "at": now}
        return answer_question(system=system, key=KEY, **words | facts)

    return give


@pytest.mark.parametrize(("tier", "days"), [(1, 90), (2, 120), (3, 180), (4, 180)])
def test_an_answer_is_good_for_as_long_as_the_tier_says(system, answer, now, tier, days):
    System.objects.filter(pk=system.pk).update(tier=tier)
    assert answer().expires_at == now + timedelta(days=days)


def test_a_new_answer_takes_the_place_of_the_old_one_which_is_kept(system, answer, now):
    first = answer()
    second = answer(text="A rule, for an hour.")
    first.refresh_from_db()
    assert (first.superseded_at, second.n, second.superseded_at) == (now, 2, None)
    assert list(Answer.objects.current().filter(system=system)) == [second]


def test_a_new_answer_has_no_review_of_its_own(system, answer, now):
    ReviewFactory(answer=answer())
    answer(text="A rule, for an hour.")
    assert state_of(system, KEY, at=now).because == "unreviewed"


def test_the_same_answer_again_changes_nothing_and_keeps_its_approval(answer, manager):
    ReviewFactory(answer=answer())
    assert answer(by=manager).n == 1
    assert Change.objects.filter(verb="answered").count() == 1


def test_the_same_answer_is_a_new_one_when_the_old_was_sent_back_or_ends_soon(answer, now):
    ReviewFactory(answer=answer(), decision="changes_requested", comment="Why?")
    assert answer().n == 2
    assert answer(at=now + timedelta(days=170)).n == 3


def test_whoever_has_not_seen_the_present_answer_does_not_replace_it(answer):
    answer(seen=0)
    with pytest.raises(Stale):
        answer(text="A rule.", seen=0)
    assert Answer.objects.count() == 1


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://files.example/x", "not an address"])
def test_evidence_is_on_the_web(answer, url):
    with pytest.raises(ValidationError):
        answer(evidence=[{"kind": "Runbook", "url": url}])


@pytest.mark.parametrize("facts", [{"text": ""}, {"confidence": "sure"}])
def test_an_answer_that_says_nothing_or_nonsense_is_refused(answer, facts):
    with pytest.raises(ValidationError):
        answer(**facts)


def test_nothing_is_asked_of_a_retired_system(system, answer, now):
    System.objects.filter(pk=system.pk).update(retired_at=now)
    with pytest.raises(NotFromHere):
        answer()


def test_an_answer_stands_in_the_trail_with_what_was_before(answer, data_scientist):
    answer()
    answer(text="A rule.")
    change = Change.objects.get(verb="answered", before__isnull=False)
    assert (change.by, change.object) == ("data-scientist", KEY)
    assert (change.before["answer"], change.after["answer"]) == ("The last value, for a day.", "A rule.")


def test_approvals_of_a_topic_lapse_and_say_why(system, now):
    ReviewFactory(answer=AnswerFactory(system=system, at=now - timedelta(days=1)))
    ReviewFactory(answer=AnswerFactory(system=system, question_key="errors", at=now - timedelta(days=1)))
    assert lapse_reviews(system=system, topic=Topic.RESILIENCE, because="incident 7 was a sev1.", at=now) == 1
    assert state_of(system, KEY, at=now).why == "The approval has lapsed: incident 7 was a sev1."
    assert state_of(system, "errors", at=now).because != "lapsed"


def test_an_approval_that_came_later_does_not_lapse(system, now):
    ReviewFactory(answer=AnswerFactory(system=system, at=now + timedelta(minutes=1)))
    assert lapse_reviews(system=system, topic=Topic.RESILIENCE, because="Old news.", at=now) == 0


def test_who_is_responsible_is_asked_again_when_a_role_changes_hands(system, viewer, stranger, manager, now):
    yesterday = now - timedelta(days=1)
    assign_role(system=system, role=Role.MODEL_OWNER, person=viewer, by=manager, at=yesterday)
    ReviewFactory(answer=AnswerFactory(system=system, question_key="responsible", at=yesterday))
    assign_role(system=system, role=Role.MODEL_OWNER, person=stranger, by=manager, at=now)
    found = state_of(system, "responsible", at=now)
    assert found.why == "The approval has lapsed: the model owner is stranger now, no longer viewer."
