"""Where each question of a system stands: what people claim, what the portal checked, and what follows.

Reads only, a fixed number of queries for many systems. What follows for the system is in systems/readiness.py.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.urls import reverse

from systems.checking import CHECKS, GAP_OF_TOPIC
from systems.models import Answer, Because, Confidence, Decision, Item, Level, Outcome, System, Topic, Waiver
from systems.models.outcome import Found
from systems.questions import LAUNCH

PASS, FAIL, UNKNOWN = Outcome.Result.PASS, Outcome.Result.FAIL, Outcome.Result.UNKNOWN
WAIVED, NOT_APPLICABLE = Outcome.Result.WAIVED, Outcome.Result.NOT_APPLICABLE
LEVELS: dict[str, Level] = {PASS: Level.HEALTHY, FAIL: Level.DEGRADED, UNKNOWN: Level.UNKNOWN}


def grace(tier: int) -> timedelta:
    """Return how long evidence may fail before it moves the verdict."""
    return timedelta(days=1) if tier <= 2 else timedelta(days=7)


@dataclass(frozen=True)
class Evidence:
    """What a check found for the system. `since` is None, and the result unknown, where it was never run."""

    key: str
    title: str
    result: str
    why: str
    since: datetime | None
    url: str

    @property
    def is_declared(self) -> bool:
        return self.key in CHECKS


@dataclass(frozen=True)
class Claim:
    """What is claimed and approved, evidence left aside."""

    result: str
    because: str
    why: str
    since: datetime


@dataclass(frozen=True)
class State:
    """One question of one system at the moment `at`."""

    system: System
    item: Item
    answer: Answer | None
    waiver: Waiver | None
    asked: Waiver | None
    evidence: list[Evidence]
    at: datetime

    @property
    def key(self) -> str:
        return self.item.question_key

    @property
    def gap(self) -> str:
        return GAP_OF_TOPIC[self.item.topic]

    @property
    def url(self) -> str:
        return reverse("systems:question", args=[self.system.slug, self.key])

    @property
    def review(self):
        return self.answer.review if self.answer else None

    @cached_property
    def claim(self) -> Claim:
        """What the people say: pass, fail, waived or not applicable."""
        said = _claim(self.answer, self.review, self.system, self.at)
        if said.result == FAIL and self.waiver:
            waiver = self.waiver
            why = f"Waived by {waiver.decided_by} until {_day(waiver.until)}. Meanwhile: {waiver.control}"
            return Claim(WAIVED, "", why, waiver.decided_at or waiver.asked_at)
        return said

    @cached_property
    def failing(self) -> list[Evidence]:
        return [one for one in self.evidence if one.result == FAIL]

    @cached_property
    def unknown(self) -> list[Evidence]:
        return [one for one in self.evidence if one.result == UNKNOWN]

    @cached_property
    def outcome(self) -> Claim:
        """What is said of the question now: the claim, as far as the evidence bears it."""
        if self.claim.result != PASS:
            return self.claim
        if self.failing:
            first = self.failing[0]
            why = f"The evidence says otherwise: {first.why}"
            return Claim(FAIL, Because.CONTRADICTED, why, max(first.since or self.claim.since, self.claim.since))
        if self.unknown:
            why = f"The answer stands, but its evidence is not known: {self.unknown[0].why}"
            return Claim(UNKNOWN, Because.EVIDENCE_UNKNOWN, why, self.claim.since)
        return self.claim

    @property
    def result(self) -> str:
        return self.outcome.result

    @property
    def because(self) -> str:
        return self.outcome.because

    @property
    def level(self) -> Level:
        """The mark that it carries."""
        if self.because == Because.CONTRADICTED:
            return Level.FAILING
        return LEVELS.get(self.result, Level.UNMONITORED)

    @property
    def topic(self) -> Topic:
        return Topic(self.item.topic)

    @property
    def why(self) -> str:
        return self.outcome.why

    @property
    def since(self) -> datetime:
        return self.outcome.since

    @property
    def _ends_of_grace(self) -> list[datetime]:
        return [one.since + grace(self.system.tier) for one in self.failing if one.since]

    @cached_property
    def is_refuted(self) -> bool:
        """Whether the evidence has failed for so long that it moves the verdict; not known leaves it where it was."""
        if self.claim.result != PASS:
            return False
        if self.failing:
            return min(self._ends_of_grace) <= self.at
        return bool(self.unknown) and self.key in self.system.verdict_against

    @property
    def holds(self) -> bool:
        """Whether the question counts as settled for the verdict."""
        return self.claim.result != FAIL and not self.is_refuted

    @property
    def opens_gate(self) -> bool:
        """Whether the question lets the system into operations: here the evidence must pass now.

        A check that is not declared cannot pass and does not shut it; that is a warning.
        """
        shut = self.failing or [one for one in self.unknown if one.is_declared]
        return self.claim.result in (WAIVED, NOT_APPLICABLE) or (self.claim.result == PASS and not shut)

    @property
    def moves_at(self) -> datetime | None:
        """When time alone may change whether it holds."""
        times: list[datetime] = []
        if self.claim.result == WAIVED and self.waiver:
            times.append(self.waiver.until)
        elif self.claim.result != FAIL and self.answer:
            times += [self.answer.expires_at, *self._ends_of_grace]
        return min((time for time in times if time > self.at), default=None)


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"


def _claim(answer: Answer | None, review, system: System, at: datetime) -> Claim:
    if answer is None:
        return Claim(FAIL, Because.UNANSWERED, "Nobody has answered this yet.", system.registered_at)
    if review and review.decision == Decision.CHANGES_REQUESTED:
        why = f"{review.by} sent the answer back: {review.comment or 'no comment.'}"
        return Claim(FAIL, Because.SENT_BACK, why, review.at)
    if not answer.is_whole:
        word = "only partly confident" if answer.confidence == Confidence.PARTIAL else "not confident"
        return Claim(FAIL, Because.NOT_CONFIDENT, f"{answer.author} is {word} of the answer.", answer.at)
    if review is None:
        return Claim(FAIL, Because.UNREVIEWED, f"The answer of {answer.author} waits for a review.", answer.at)
    if review.lapsed_at:
        return Claim(FAIL, Because.LAPSED, f"The approval has lapsed: {review.lapsed_because}", review.lapsed_at)
    if answer.expires_at <= at:
        why = f"The answer was good until {_day(answer.expires_at)}: look at it again."
        return Claim(FAIL, Because.LAPSED, why, answer.expires_at)
    if not answer.applicable:
        return Claim(NOT_APPLICABLE, "", f"Does not apply, as {review.by} agreed: {answer.text}", review.at)
    return Claim(PASS, "", f"Answered by {answer.author}, approved by {review.by}.", review.at)


def states_of(
    systems: Iterable[System], *, at: datetime, outcomes: Iterable[Outcome | Found] | None = None
) -> dict[int, list[State]]:
    """Return by system id the states of its questions of *Launch readiness*, in order; five queries in all.

    `outcomes` are those of the systems (with_result()), from whoever has read them already.
    """
    systems = list(systems)
    items = list(Item.objects.in_force(LAUNCH, at))
    answers = _answers(systems)
    waivers = Waiver.objects.standing(at).filter(system__in=systems).select_related("asked_by", "decided_by")
    granted = {(row.system_id, row.question_key): row for row in waivers if row.state == Waiver.State.GRANTED}
    asked = {(row.system_id, row.question_key): row for row in waivers if row.state == Waiver.State.ASKED}
    if outcomes is None:
        keys = {key for item in items for key in item.checks}
        outcomes = Outcome.objects.filter(system__in=systems, check_key__in=keys).as_rows()
    found = _found(outcomes)
    return {
        system.pk: [
            State(
                system,
                item,
                answers.get((system.pk, item.question_key)),
                granted.get((system.pk, item.question_key)),
                asked.get((system.pk, item.question_key)),
                [_evidence(key, found[system.pk].get(key)) for key in item.checks],
                at,
            )
            for item in items
            if system.tier in item.tiers
        ]
        for system in systems
    }


def state_of(system: System, key: str, *, at: datetime) -> State | None:
    """Return the state of one question of `system`, or None when it is not asked."""
    return next((state for state in states_of([system], at=at)[system.pk] if state.key == key), None)


def _answers(systems) -> dict[tuple[int, str], Answer]:
    current = Answer.objects.current().filter(system__in=systems).select_related("author")
    return {(row.system_id, row.question_key): row for row in current.prefetch_related("reviews__by")}


def _found(outcomes: Iterable[Outcome | Found]) -> dict[int, dict[str, Outcome | Found]]:
    found: dict[int, dict[str, Outcome | Found]] = defaultdict(dict)
    for row in outcomes:
        found[row.system_id][row.check_key] = row
    return found


def _evidence(key: str, row) -> Evidence:
    title = CHECKS[key].title if key in CHECKS else key.replace("_", " ").capitalize()
    if key not in CHECKS:
        return Evidence(key, title, UNKNOWN, f"The portal cannot check “{title.lower()}” yet.", None, "")
    if row is None:
        return Evidence(key, title, UNKNOWN, f"“{title}” has not been checked yet.", None, "")
    if row.result_now == UNKNOWN != row.outcome:
        return Evidence(key, title, UNKNOWN, f"Not checked in time; before, it was: {row.why}", row.since, row.url)
    return Evidence(key, title, row.result_now, row.why, row.since, row.url)
