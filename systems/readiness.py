"""Readiness: what the states of a system's questions make of it: the verdict, the gate, and who is asked for what.

Reads only. The verdict is stored by systems/actions/verdict.py.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from systems.access import Rights, may
from systems.models import Answer, Because, Item, Outcome, Person, System, Verdict, Waiver
from systems.questions import LAUNCH, ROLE_OF_TOPIC
from systems.states import FAIL, UNKNOWN, WAIVED, State, states_of

GAPS = {"data": "The data gap", "monitoring": "The monitoring gap", "ownership": "The ownership gap"}


@dataclass(frozen=True)
class Judgement:
    """The verdict that follows from the states of a system's questions, with its sentences."""

    verdict: str
    sentence: str
    short: str
    due_at: datetime | None
    against: list[str]


def judge(states: list[State]) -> Judgement:
    """Return the verdict on a system from the states of all its questions."""
    required = [state for state in states if state.item.required]
    open_ones = [state for state in required if not state.holds]
    waived = sum(state.claim.result == WAIVED for state in required)
    verdict = Verdict.EXPERIMENT if open_ones or not required else Verdict.READY
    return Judgement(
        verdict,
        _sentence(required, open_ones, waived),
        _short(required, open_ones, waived),
        min((state.moves_at for state in required if state.moves_at), default=None),
        [state.key for state in required if state.is_refuted],
    )


def _sentence(required: list[State], open_ones: list[State], waived: int) -> str:
    if not required:
        return "At the experiment stage: no questions are in force."
    if open_ones:
        have = "has" if len(open_ones) == 1 else "have"
        said = f"At the experiment stage: {len(open_ones)} of {len(required)} questions {have} no confident answer"
    elif waived:
        said = f"Ready, {waived} waived: {len(required) - waived} of {len(required)} questions have a confident answer"
    else:
        said = f"Ready: all {len(required)} questions have a confident answer"
    return f"{said}.{_beside(required)}"


def _beside(required: list[State]) -> str:
    """Return what is said beside the verdict: evidence that fails but has not moved it, evidence that is not known."""
    doubted = sum(state.because == Because.CONTRADICTED and state.holds for state in required)
    unknown = sum(state.because == Because.EVIDENCE_UNKNOWN and state.holds for state in required)
    said = f" {doubted} contradicted by evidence lately." if doubted else ""
    return said + (f" The evidence of {unknown} is not known." if unknown else "")


def _short(required: list[State], open_ones: list[State], waived: int) -> str:
    if not required:
        return "no questions"
    if not open_ones:
        return f"ready, {waived} waived" if waived else "ready"
    first = open_ones[0]
    word = Because(first.claim.because or Because.CONTRADICTED).label
    return f"{len(required) - len(open_ones)} of {len(required)}, {first.item.title.lower()} {word.lower()}"


@dataclass(frozen=True)
class Blocker:
    """A question in the gate: what shuts it, what is waived, or what to know about it."""

    key: str
    question: str
    because: str
    why: str
    url: str


@dataclass(frozen=True)
class Gate:
    """Whether the system may go into operations, and what stands in the way."""

    passed: bool
    verdict: str
    sentence: str
    waived: list[Blocker]
    blocking: list[Blocker]
    warnings: list[Blocker]

    def as_json(self) -> dict:
        return asdict(self)


def gate_of(system: System, *, at: datetime | None = None) -> Gate:
    """Return the gate of `system` into operations as it stands at the moment `at` (None: now)."""
    states = states_of([system], at=at or timezone.now())[system.pk]
    judgement = judge(states)
    required = [state for state in states if state.item.required]
    blocking = [_blocker(state) for state in required if not state.opens_gate]
    waived = [_blocker(state) for state in required if state.claim.result == WAIVED]
    warned = [state for state in states if state.result in (FAIL, UNKNOWN)]
    warnings = [_blocker(state) for state in warned if state.opens_gate or not state.item.required]
    passed = not blocking and bool(required)
    sentence = _gate_sentence(passed, len(blocking), len(waived))
    return Gate(passed, judgement.verdict, sentence, waived, blocking, warnings)


def _gate_sentence(passed: bool, blocking: int, waived: int) -> str:
    if passed:
        return f"The gate is open, {waived} waived." if waived else "The gate is open."
    return f"The gate is shut: {blocking} question{'' if blocking == 1 else 's'} must be settled first."


def _blocker(state: State) -> Blocker:
    return Blocker(state.key, state.item.text, state.because, state.why, state.url)


def readiness_of(
    system: System, rights: Rights, *, at: datetime | None = None, outcomes: Iterable[Outcome] | None = None
) -> dict:
    """Return what the readiness section of the system's page shows to who has the `rights`.

    `outcomes` as states_of() takes them.
    """
    states = states_of([system], at=at or timezone.now(), outcomes=outcomes)[system.pk]
    required = [state for state in states if state.item.required]
    judgement = judge(states)
    return {
        "system": system,
        "verdict": judgement.verdict,
        "sentence": judgement.sentence,
        "since": system.verdict_since,
        "states": states,
        "by_gap": _by_gap(states),
        "settled": sum(state.holds for state in required),
        "required": len(required),
        "open": [state for state in required if not state.holds],
        "doubted": [state for state in required if state.holds and state.because],
        "may_answer": system.retired_at is None and rights.may("answer.write", system),
        "may_review": rights.may("review", system),
    }


def _by_gap(states: list[State]) -> list[tuple[str, list[State]]]:
    by_gap = defaultdict(list)
    for state in states:
        by_gap[state.gap].append(state)
    return [(label, by_gap[gap]) for gap, label in GAPS.items() if by_gap[gap]]


@dataclass(frozen=True)
class ToDo:
    """Something that a person is asked for: one sentence, since when, the button and where it leads."""

    system: System
    sentence: str
    since: datetime
    url: str
    label: str


def to_answer(roles: dict[System, set[str]], states: dict[int, list[State]]) -> list[ToDo]:
    """Return what the holder of `roles` is asked to answer: what came back first, then what is still open.

    `states` are those of the systems (states_of()).
    """
    came_back, still_open = [], []
    for system, held in roles.items():
        mine = [state for state in states[system.pk] if ROLE_OF_TOPIC[state.topic] in held]
        came_back += [_came_back(state) for state in mine if state.because in (Because.SENT_BACK, Because.LAPSED)]
        still_open += _still_open(system, [state for state in mine if _is_open(state)])
    return came_back + still_open


def _is_open(state: State) -> bool:
    return state.item.required and state.because in (Because.UNANSWERED, Because.NOT_CONFIDENT)


def _came_back(state: State) -> ToDo:
    sentence = f"{state.item.title}: {state.why}"
    return ToDo(state.system, sentence, state.since, state.url, "Answer again")


def _still_open(system: System, states: list[State]) -> list[ToDo]:
    """Return one thing to do for all the open questions of a system, or none."""
    if not states:
        return []
    since = min(state.since for state in states)
    if len(states) == 1:
        return [
            ToDo(system, f"A question waits for your answer: {states[0].item.text}", since, states[0].url, "Answer")
        ]
    titles = ", ".join(state.item.title.lower() for state in states)
    sentence = f"{len(states)} questions wait for your answer: {titles}."
    return [ToDo(system, sentence, since, system.readiness_url, "Answer them")]


def waiting_answers(person: Person | None = None):
    """Answers that wait for a review, the oldest first; of `person` only those that somebody else gave."""
    return Answer.objects.to_review().exclude(author=person).select_related("system", "author")


def waiting_waivers(person: Person | None = None):
    """Requests for a waiver that wait for a decision, the oldest first; without those that `person` made."""
    return Waiver.objects.asked().exclude(asked_by=person).select_related("system", "asked_by")


def count_to_review(person: Person) -> int:
    """Return how many decisions wait for `person`; none for who may not review."""
    if not may(person, "review"):
        return 0
    return waiting_answers(person).count() + waiting_waivers(person).count()


def to_review(person: Person, *, at: datetime | None = None) -> list[ToDo]:
    """Return the answers and the waivers that wait for a decision by `person`, the oldest first."""
    if not may(person, "review"):
        return []
    named = ["question_key", "system__slug", "system__name"]
    answers = list(waiting_answers(person).only("at", "author__username", "author__name", *named))
    waivers = list(waiting_waivers(person).only("asked_at", "asked_by__username", "asked_by__name", *named))
    if not answers and not waivers:
        return []
    titles = dict(Item.objects.in_force(LAUNCH, at or timezone.now()).values_list("question_key", "title"))
    waiting = [_to_decide(one, "answer", one.author, one.at, titles) for one in answers]
    waiting += [_to_decide(one, "waiver", one.asked_by, one.asked_at, titles) for one in waivers]
    return sorted(waiting, key=lambda todo: todo.since)


def _to_decide(row, kind: str, who: Person, since: datetime, titles: dict[str, str]) -> ToDo:
    title = titles.get(row.question_key, row.question_key).lower()
    word = "answer on" if kind == "answer" else "request for a waiver of"
    sentence = f"The {word} {title} by {who} waits for your decision."
    return ToDo(row.system, sentence, since, f"{reverse('systems:reviews')}?{kind}={row.pk}", "Review")
