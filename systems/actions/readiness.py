"""Answering the questions of a system, reviewing the answers, waiving what cannot be answered in time."""

from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction

from mlops_portal.engine.audit import record
from mlops_portal.engine.versions import Stale
from systems.actions.verdict import fold_verdict
from systems.models import Answer, Decision, Item, Review, System, Waiver, interval_of
from systems.notices import News, tell_person
from systems.questions import LAUNCH
from systems.states import state_of

RENEW_FROM = timedelta(days=14)  # before it ends, an answer may be given again word for word


class NotFromHere(Exception):
    """It cannot be done as things stand: the sentence says why."""


def in_use(system: System) -> System:
    """Return the system, locked for this transaction. Raises NotFromHere when it is retired."""
    system = System.objects.select_for_update().get(pk=system.pk)
    if system.retired_at:
        raise NotFromHere(f"{system.name} is retired: nothing is asked of it any more.")
    return system


@transaction.atomic
def answer_question(
    *,
    system: System,
    key: str,
    text: str,
    confidence: str,
    applicable: bool = True,
    evidence: list[dict] | None = None,
    by,
    at: datetime,
    seen: int | None = None,
) -> Answer:
    """Put a new answer in the place of the present one and return it; it has no review yet.

    Where the question does not apply, `text` is the reason. What says the same as a standing answer changes nothing.
    Raises ValidationError, Stale when `seen` is not the number of the present answer (0: there is none), NotFromHere
    when the system is retired.
    """
    system = in_use(system)
    before = Answer.objects.current().filter(system=system, question_key=key).first()
    if seen is not None and seen != (before.n if before else 0):
        raise Stale(before or Answer(system=system, question_key=key, n=0))
    new = Answer(
        system=system,
        question_key=key,
        n=before.n + 1 if before else 1,
        text=text,
        confidence=confidence,
        applicable=applicable,
        evidence=evidence or [],
        author=by,
        at=at,
        expires_at=at + interval_of(system.tier),
    )
    new.clean_fields(exclude=["system", "author", "superseded_at"])
    if before and _says_the_same(before, new):
        return before
    return _put_in_place(before, new)


def _says_the_same(before: Answer, new: Answer) -> bool:
    words = ("text", "confidence", "applicable", "evidence")
    review = before.review
    stands = review is None or (review.decision == Decision.APPROVED and not review.lapsed_at)
    lasts = before.expires_at > new.at + RENEW_FROM
    return stands and lasts and all(getattr(before, word) == getattr(new, word) for word in words)


def _put_in_place(before: Answer | None, new: Answer) -> Answer:
    if before:
        Answer.objects.filter(pk=before.pk).update(superseded_at=new.at)
    new.save()
    record(
        by=new.author,
        verb="answered",
        kind="question",
        object=new.question_key,
        system=new.system,
        before=_facts(before),
        after=_facts(new),
    )
    fold_verdict(new.system, new.at)
    return new


def _facts(answer: Answer | None) -> dict | None:
    if answer is None:
        return None
    return {"answer": answer.text, "confidence": answer.confidence, "applicable": answer.applicable}


@transaction.atomic
def review_answer(*, answer: Answer, decision: str, comment: str = "", by, at: datetime) -> Review:
    """Approve the answer or send it back, and return the review; the author is told of what was sent back.

    Raises PermissionDenied for its author, NotFromHere when the answer was replaced, or is decided so already.
    """
    _refuse_oneself(answer.author_id, by, "Somebody else than its author reviews an answer.")
    system = System.objects.select_for_update().get(pk=answer.system_id)
    answer = Answer.objects.select_related("author").get(pk=answer.pk)
    _refuse_to_review(answer, decision)
    review = Review.objects.create(
        answer=answer,
        author=answer.author,
        decision=decision,
        comment=comment,
        by=by,
        at=at,
        rests_on=_rests_on(system, answer, at),
    )
    verb = "approved" if decision == Decision.APPROVED else "sent_back"
    after = {"comment": comment, "answer_of": answer.author.username} if comment else None
    record(by=by, verb=verb, kind="question", object=answer.question_key, system=system, after=after)
    if decision == Decision.CHANGES_REQUESTED:
        _tell_author(review, system)
    fold_verdict(system, at)
    return review


def _refuse_oneself(author_id: int, by, why: str) -> None:
    if author_id == by.pk:
        raise PermissionDenied(why)


def _refuse_to_review(answer: Answer, decision: str) -> None:
    if answer.superseded_at:
        raise NotFromHere("There is a newer answer: review that one.")
    if not answer.is_whole:
        raise NotFromHere("Its author is not confident of it yet, so there is nothing to review.")
    review = answer.review
    if review and (review.decision == Decision.CHANGES_REQUESTED or decision == Decision.APPROVED or review.lapsed_at):
        raise NotFromHere(f"{review.by} has reviewed this answer already ({review.get_decision_display().lower()}).")


def _rests_on(system: System, answer: Answer, at: datetime) -> dict:
    """Return what held when it was decided: the outcomes of the checks, and who held which role."""
    state = state_of(system, answer.question_key, at=at)
    holders = {role: holding.person.username for role, holding in system.roles() if holding}
    return {"checks": {one.key: one.result for one in state.evidence} if state else {}, "holders": holders}


def _tell_author(review: Review, system: System) -> None:
    answer = review.answer
    title = Item.objects.in_force(LAUNCH, review.at).filter(question_key=answer.question_key).values_list("title")
    about = title[0][0] if title else answer.question_key
    news = News(
        system,
        f"sent-back:{review.pk}",
        f"your answer on {about.lower()} was sent back",
        f"{review.by}: {review.comment}" if review.comment else "",
        f"{system.readiness_url}{answer.question_key}/",
    )
    tell_person(news, answer.author)


@transaction.atomic
def ask_waiver(*, system: System, key: str, reason: str, control: str, until: datetime, by, at: datetime) -> Waiver:
    """Ask for leave to do without a confident answer until then, and return the request.

    Raises ValidationError for what is empty or too long, NotFromHere when a request waits already, or the system is
    retired.
    """
    system = in_use(system)
    if Waiver.objects.asked().filter(system=system, question_key=key).exists():
        raise NotFromHere("A waiver of this question has been asked for already and waits for a decision.")
    if until <= at:
        raise NotFromHere("A waiver lasts until a day to come.")
    waiver = Waiver(
        system=system, question_key=key, reason=reason, control=control, until=until, asked_by=by, asked_at=at
    )
    waiver.clean_fields(exclude=["system", "asked_by", "decided_by", "decided_at"])
    waiver.save()
    facts = {"reason": reason, "meanwhile": control, "until": until.isoformat(timespec="minutes")}
    record(by=by, verb="asked_to_waive", kind="question", object=key, system=system, after=facts)
    return waiver


@transaction.atomic
def decide_waiver(*, waiver: Waiver, grant: bool, comment: str = "", by, at: datetime) -> Waiver:
    """Grant or refuse the waiver and return it; who asked is told.

    Raises PermissionDenied for who asked, NotFromHere when it is decided or its time is over.
    """
    _refuse_oneself(waiver.asked_by_id, by, "Somebody else than who asked decides about a waiver.")
    system = System.objects.select_for_update().get(pk=waiver.system_id)
    if grant and waiver.until <= at:
        raise NotFromHere("The time that was asked for is over.")
    state = Waiver.State.GRANTED if grant else Waiver.State.REFUSED
    first = Waiver.objects.filter(pk=waiver.pk, state=Waiver.State.ASKED).update(
        state=state, decided_by=by, decided_at=at, comment=comment
    )
    if not first:
        raise NotFromHere("Somebody has decided about this waiver already.")
    waiver.refresh_from_db()
    verb = "waived" if grant else "refused_to_waive"
    record(by=by, verb=verb, kind="question", object=waiver.question_key, system=system, after={"comment": comment})
    word = "granted" if grant else "refused"
    url = f"{system.readiness_url}{waiver.question_key}/"
    tell_person(News(system, f"waiver:{waiver.pk}", f"your waiver was {word}", comment, url), waiver.asked_by)
    fold_verdict(system, at)
    return waiver


@transaction.atomic
def lapse_reviews(*, system: System, topic: str, because: str, at: datetime) -> int:
    """End the approvals of the answers of `topic`, since what they rested on has changed; return how many.

    Those given after `at` stay. `because` is a sentence for people.
    """
    system = System.objects.select_for_update().get(pk=system.pk)
    keys = Item.objects.in_force(LAUNCH, at).filter(topic=topic).values("question_key")
    standing = Review.objects.filter(
        answer__system=system,
        answer__question_key__in=keys,
        answer__superseded_at=None,
        decision=Decision.APPROVED,
        lapsed_at=None,
        at__lt=at,
    )
    lapsed = list(standing.values_list("answer__question_key", flat=True))
    standing.update(lapsed_at=at, lapsed_because=because[:200])
    for key in lapsed:
        after = {"because": because}
        record(by=None, verb="let_lapse", kind="question", object=key, system=system, after=after)
    if lapsed:
        fold_verdict(system, at)
    return len(lapsed)
