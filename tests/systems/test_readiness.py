from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mlops_portal.engine.models import Change
from systems.access import Rights
from systems.actions.verdict import fold_verdict, fold_verdicts
from systems.checking import CHECKS, Check
from systems.models import Answer, Item, Notice, Outcome, Role, System, Topic, Waiver
from systems.questions import LAUNCH, LAUNCH_QUESTIONS, ROLE_OF_TOPIC, seed_checklists
from systems.readiness import judge, readiness_of, to_answer, to_review
from systems.states import state_of, states_of
from systems.tasks import lapse
from tests.factories import AnswerFactory, ReviewFactory, SystemFactory, answer_all

KEY = "feed_unavailable"
DAY = timedelta(days=1)


@pytest.fixture
def state(system, now):
    """Return the state of the question KEY, at a moment."""
    return lambda at=now: state_of(System.objects.get(pk=system.pk), KEY, at=at)


def _evidence(system, result, since, key="runbook_feed_unavailable", why="It is not written."):
    """Let one check have found something; the other one of the question holds."""
    for check, outcome in ((key, result), ("drill_feed_unavailable", "pass")):
        facts = {"outcome": outcome, "why": why, "since": since}
        Outcome.objects.update_or_create(system=system, check_key=check, defaults=facts)


@pytest.fixture(autouse=True)
def _declared(monkeypatch):
    """The check that the question rests on is declared, whether or not its app is done with it."""
    one = Check("runbook_feed_unavailable", "resilience", "Runbook for an outage", Role.SERVICE_OWNER, lambda s: [])
    monkeypatch.setitem(CHECKS, one.key, one)


def _verdict(system, at):
    fold_verdict(system, at)
    return System.objects.get(pk=system.pk)


def test_the_questions_cover_the_seven_topics_and_each_names_its_role(db):
    assert {question.topic for question in LAUNCH_QUESTIONS} == set(Topic) == set(ROLE_OF_TOPIC)


def test_seeding_again_changes_nothing_and_a_new_text_is_a_new_version_that_is_announced(db, now, monkeypatch):
    seed_checklists()
    assert Item.objects.count() == len(LAUNCH_QUESTIONS)
    monkeypatch.setattr("systems.questions.LAUNCH_QUESTIONS", LAUNCH_QUESTIONS[:3])
    seed_checklists()
    assert Item.objects.in_force(LAUNCH, now).count() == len(LAUNCH_QUESTIONS)
    assert Item.objects.in_force(LAUNCH, now + 31 * DAY).count() == 3


def test_what_nobody_answered_fails_as_unanswered(state):
    assert (state().result, state().because, state().holds) == ("fail", "unanswered", False)


@pytest.mark.parametrize("confidence", ["none", "partial"])
def test_an_answer_without_confidence_fails(system, state, confidence):
    AnswerFactory(system=system, confidence=confidence)
    assert state().because == "not_confident"


def test_a_confident_answer_waits_for_its_review(system, state):
    AnswerFactory(system=system)
    assert state().because == "unreviewed"


def test_an_approved_answer_with_evidence_that_passes_passes(system, state, now):
    ReviewFactory(answer=AnswerFactory(system=system))
    _evidence(system, "pass", now)
    assert (state().result, state().because) == ("pass", "")


def test_what_was_sent_back_says_by_whom_and_why(system, state, manager):
    answer = AnswerFactory(system=system)
    ReviewFactory(answer=answer, by=manager, decision="changes_requested", comment="For how long?")
    assert (state().because, state().why) == ("sent_back", "manager sent the answer back: For how long?")


def test_an_answer_lapses_when_its_time_is_over(system, state, now):
    ReviewFactory(answer=AnswerFactory(system=system, at=now - 9 * DAY, expires_at=now + DAY))
    assert state().because != "lapsed"
    assert (state(now + DAY).because, state(now + DAY).since) == ("lapsed", now + DAY)


def test_an_approval_that_lapsed_says_why(system, state, now):
    ReviewFactory(answer=AnswerFactory(system=system), lapsed_at=now, lapsed_because="the holder left.")
    assert (state().because, state().why) == ("lapsed", "The approval has lapsed: the holder left.")


def test_evidence_that_fails_contradicts_at_once(system, state, now):
    ReviewFactory(answer=AnswerFactory(system=system))
    _evidence(system, "fail", now)
    assert (state().result, state().because) == ("fail", "contradicted")
    assert state().why == "The evidence says otherwise: It is not written."


def test_evidence_that_was_never_looked_for_is_not_known(system, state):
    ReviewFactory(answer=AnswerFactory(system=system))
    assert (state().result, state().because, state().holds) == ("unknown", "evidence_unknown", True)


def test_a_check_that_is_not_declared_is_not_known_and_no_error(system, state, monkeypatch):
    monkeypatch.delitem(CHECKS, "runbook_feed_unavailable")
    ReviewFactory(answer=AnswerFactory(system=system))
    assert state().evidence[0].why == "The portal cannot check “runbook feed unavailable” yet."


def test_what_does_not_apply_is_neither_passed_nor_contradicted(system, state, now):
    ReviewFactory(answer=AnswerFactory(system=system, applicable=False, confidence="none", text="It has no feed."))
    _evidence(system, "fail", now - 30 * DAY)
    assert (state().result, state().holds) == ("not_applicable", True)


def test_that_it_does_not_apply_is_reviewed_like_any_answer(system, state):
    AnswerFactory(system=system, applicable=False)
    assert state().because == "unreviewed"


def test_a_waiver_stands_until_its_day_and_is_no_pass(system, state, manager, viewer, now):
    granted = {"state": "granted", "asked_by": viewer, "asked_at": now, "decided_by": manager, "decided_at": now}
    Waiver.objects.create(system=system, question_key=KEY, reason="Late", control="By hand", until=now + DAY, **granted)
    assert (state().result, state().holds) == ("waived", True)
    assert state().why.endswith("Meanwhile: By hand")
    assert state(now + DAY).because == "unanswered"


def test_a_question_outside_its_tiers_is_not_asked(system, now):
    System.objects.filter(pk=system.pk).update(tier=4)
    assert state_of(System.objects.get(pk=system.pk), "load", at=now) is None


def test_a_new_system_is_at_the_experiment_stage(system, now):
    found = _verdict(system, now)
    assert found.verdict == "experiment"
    assert found.verdict_sentence == "At the experiment stage: 10 of 10 questions have no confident answer."
    assert found.verdict_short == "0 of 10, data feed missing"


def test_a_system_with_every_answer_approved_is_ready(system, now):
    answer_all(system)
    found = _verdict(system, now)
    assert (found.verdict, found.verdict_since, found.verdict_short) == ("ready", now, "ready")
    assert found.verdict_sentence.startswith("Ready: all 10 questions have a confident answer. The evidence of ")


def test_one_open_question_keeps_it_at_the_experiment_stage(system, now):
    answer_all(system, but=["load"])
    found = _verdict(system, now)
    assert found.verdict_sentence.startswith("At the experiment stage: 1 of 10 questions has no confident answer.")
    assert found.verdict_short == "9 of 10, load missing"


def test_a_waived_question_is_said_beside_ready(system, manager, viewer, now):
    answer_all(system, but=["load"])
    granted = {"state": "granted", "asked_by": viewer, "asked_at": now, "decided_by": manager, "decided_at": now}
    Waiver.objects.create(system=system, question_key="load", reason="r", control="c", until=now + DAY, **granted)
    assert _verdict(system, now).verdict_sentence.startswith("Ready, 1 waived: 9 of 10 questions")


@pytest.mark.parametrize(("tier", "days"), [(1, 1), (2, 1), (3, 7), (4, 7)])
def test_evidence_moves_the_verdict_only_when_it_has_failed_long_enough(system, now, tier, days):
    System.objects.filter(pk=system.pk).update(tier=tier)
    answer_all(system)
    _evidence(system, "fail", now)
    assert _verdict(system, now + days * DAY - timedelta(seconds=1)).verdict == "ready"
    assert _verdict(system, now + days * DAY).verdict == "experiment"


def test_evidence_that_is_not_known_never_moves_the_verdict(system, now):
    answer_all(system)
    _evidence(system, "fail", now - 8 * DAY)
    assert _verdict(system, now).verdict == "experiment"
    _evidence(system, "unknown", now)
    assert _verdict(system, now).verdict == "experiment"
    _evidence(system, "pass", now)
    assert _verdict(system, now).verdict == "ready"


def test_a_verdict_that_falls_is_told_to_the_product_owner_once_and_written_down(system, holder, now):
    answer_all(system)
    _verdict(system, now)
    Answer.objects.filter(question_key="load").update(expires_at=now)
    for _ in range(2):
        _verdict(system, now)
    [notice] = Notice.objects.all()
    assert (notice.person, notice.subject) == (holder, "Churn model: is at the experiment stage again")
    assert Change.objects.filter(kind="verdict").count() == 2


def test_time_alone_moves_the_verdict_by_the_duty(system, now):
    answer_all(system)
    _verdict(system, now)
    Answer.objects.filter(question_key="load").update(expires_at=now - DAY)
    System.objects.filter(pk=system.pk).update(verdict_due_at=now - timedelta(seconds=1))
    assert lapse() >= 1
    assert System.objects.get(pk=system.pk).verdict == "experiment"
    assert lapse() == 0


def test_a_verdict_is_due_again_when_the_first_answer_ends(system, now):
    answer_all(system, at=now, expires_at=now + 90 * DAY)
    assert _verdict(system, now).verdict_due_at == now + 90 * DAY


def test_the_number_of_reads_does_not_grow_with_the_systems(team, now):
    def reads_for(count):
        for system in SystemFactory.create_batch(count, team=team):
            answer_all(system)
        fold_verdicts(System.objects.values_list("pk", flat=True), now)
        with CaptureQueriesContext(connection) as queries:
            fold_verdicts(System.objects.values_list("pk", flat=True), now)
        return len(queries)

    few, many = reads_for(1), reads_for(4)
    assert many == few


def test_who_holds_the_role_of_a_topic_is_asked_for_its_answers(system, holder, now):
    held = {one.role for one in holder.holdings.all()}
    [asked] = to_answer({system: held}, states_of([system], at=now))
    assert asked.sentence == "2 questions wait for your answer: responsible people, phases and budget."
    assert asked.url == "/systems/churn/readiness/"


def test_what_came_back_is_asked_for_by_itself(system, viewer, manager, now):
    answer = AnswerFactory(system=system)
    ReviewFactory(answer=answer, by=manager, decision="changes_requested", comment="For how long?")
    first = to_answer({system: {Role.SERVICE_OWNER}}, states_of([system], at=now))[0]
    assert first.sentence == "Feed outage: manager sent the answer back: For how long?"
    assert first.url == f"/systems/churn/readiness/{KEY}/"


def test_managers_are_asked_to_review_what_others_answered(system, manager, viewer, now):
    answer = AnswerFactory(system=system, author=viewer)
    AnswerFactory(system=system, question_key="load", author=manager)
    assert [todo.url for todo in to_review(manager, at=now)] == [f"/reviews/?answer={answer.pk}"]
    assert to_review(viewer, at=now) == []


def test_the_section_of_a_page_counts_what_is_settled(system, viewer, now):
    answer_all(system, but=["load", "errors"])
    shown = readiness_of(system, Rights(viewer, [system]), at=now)
    assert (shown["settled"], shown["required"]) == (8, 10)
    assert [state.key for state in shown["open"]] == ["errors", "load"]
    assert [label for label, _ in shown["by_gap"]] == ["The data gap", "The monitoring gap", "The ownership gap"]


def test_no_questions_make_nobody_ready(system, now):
    Item.objects.all().delete()
    assert judge(states_of([system], at=now)[system.pk]).verdict == "experiment"
