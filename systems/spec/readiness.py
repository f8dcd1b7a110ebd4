"""The answers to the questions of a system in its file: each goes to review like any other answer."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils import timezone

from mlops_portal.engine.spec import Asked, Refused, Section, Step
from systems.actions.readiness import answer_question
from systems.models import Answer, Confidence, Item, System
from systems.models.answer import LONGEST_KIND, MOST_EVIDENCE
from systems.questions import LAUNCH
from systems.spec.texts import text

EVIDENCE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["kind", "url"],
    "properties": {
        "kind": text(LONGEST_KIND, 1, "What is found there.", pattern="\\S", examples=["Load test"]),
        "url": text(
            2000, 1, "Its whole address on the web.", pattern="^https?://", examples=["https://git.example/load"]
        ),
    },
}
ANSWER = {
    "type": "object",
    "description": "The answer to the question of this key, such as feed_unavailable.",
    "additionalProperties": False,
    "required": ["text", "confidence"],
    "properties": {
        "text": text(
            4000,
            1,
            "What is so today, for somebody who does not know the system; where the question does not apply, why.",
            pattern="\\S",
        ),
        "confidence": {
            "enum": list(Confidence.values),
            "description": "How sure the author is; only a confident answer is reviewed, by somebody else.",
        },
        "applicable": {
            "type": "boolean",
            "default": True,
            "description": "Whether the question applies to this system at all.",
        },
        "evidence": {
            "type": "array",
            "items": EVIDENCE,
            "maxItems": MOST_EVIDENCE,
            "default": [],
            "description": "Where it can be seen.",
        },
    },
}


def _read(system: System) -> dict[str, dict]:
    """Return the present answers to what is asked of a system these days; older ones stay in its history."""
    asked = Item.objects.in_force(LAUNCH, timezone.now()).values("question_key")
    answers = Answer.objects.current().filter(system=system, question_key__in=asked).order_by("question_key")
    return {one.question_key: {name: getattr(one, name) for name in ANSWER["properties"]} for one in answers}


def _unknown(items: dict[str, dict], asked: Asked) -> dict[str, list[str]]:
    keys = list(Item.objects.in_force(LAUNCH, timezone.now()).values_list("question_key", flat=True)) if items else []
    why = f"There is no such question. Expected one of {', '.join(keys)}."
    return {f"readiness.{key}": [why] for key in items if key not in keys}


def _apply(system: System, step: Step, by, at: datetime) -> None:
    try:
        answer_question(system=system, key=step.key, by=by, at=at, **step.after)
    except ValidationError as error:
        raise Refused({f"{step.path}.{name}": texts for name, texts in error.message_dict.items()}) from None


SECTION = Section(
    "readiness",
    ANSWER,
    _read,
    _apply,
    about="Answers to the questions of launch readiness, by the key of the question.",
    rule="answer.write",
    removes=False,
    missing=_unknown,
    trail=("question",),
)
