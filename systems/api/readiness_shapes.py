"""How questions, answers, reviews, waivers and the gate look to programs, and what is taken from them."""

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from mlops_portal.engine.api.fields import Choice, Moment, Text, Truth
from mlops_portal.engine.api.serializers import Strict
from systems.models import Because, Confidence, Decision, Verdict, Waiver
from systems.models.answer import LONGEST_KIND, MOST_EVIDENCE
from systems.states import State


class Link(Strict):
    """Where something can be seen; http or https."""

    kind = Text(max_length=LONGEST_KIND, default="link")
    url = Text(max_length=500)


class NewAnswer(Strict):
    """Where the question does not apply, `text` is the reason why."""

    text = Text(max_length=4000)
    confidence = Choice(Confidence.choices)
    applicable = Truth(default=True)
    evidence = serializers.ListField(child=Link(), max_length=MOST_EVIDENCE, required=False)


class NewReview(Strict):
    decision = Choice(Decision.choices)
    comment = Text(max_length=2000, required=False, allow_blank=True)

    def validate(self, said: dict) -> dict:
        if said["decision"] == Decision.CHANGES_REQUESTED and not said.get("comment"):
            raise serializers.ValidationError({"comment": "Say what is missing, so that the author can mend it."})
        return said


class NewWaiver(Strict):
    reason = Text(max_length=2000)
    control = Text(max_length=2000)
    until = Moment()


class WaiverDecision(Strict):
    grant = Truth()
    comment = Text(max_length=2000, required=False, allow_blank=True)


class AnswerShape(serializers.Serializer):
    text = serializers.CharField()
    confidence = serializers.ChoiceField(Confidence.choices)
    applicable = serializers.BooleanField()
    evidence = Link(many=True)
    author = serializers.CharField(source="author.username")
    at = Moment()
    expires_at = Moment()


class ReviewShape(serializers.Serializer):
    decision = serializers.ChoiceField(Decision.choices)
    comment = serializers.CharField()
    by = serializers.CharField(source="by.username")
    at = Moment()
    lapsed_at = Moment(allow_null=True)
    lapsed_because = serializers.CharField()


class WaiverShape(serializers.Serializer):
    reason = serializers.CharField()
    control = serializers.CharField()
    until = Moment()
    state = serializers.ChoiceField(Waiver.State.choices)
    asked_by = serializers.CharField(source="asked_by.username")
    asked_at = Moment()
    decided_by = serializers.CharField(source="decided_by.username", allow_null=True, default=None)
    decided_at = Moment(allow_null=True)
    comment = serializers.CharField()


class EvidenceShape(serializers.Serializer):
    key = serializers.CharField()
    title = serializers.CharField()
    outcome = serializers.CharField(source="result")
    why = serializers.CharField()
    since = Moment(allow_null=True)


class QuestionShape(serializers.Serializer):
    """One question of a system; `version` is the number of the answer, 0 while there is none."""

    key = serializers.CharField()
    topic = serializers.CharField()
    gap = serializers.CharField()
    title = serializers.CharField(source="item.title")
    question = serializers.CharField(source="item.text")
    guidance = serializers.CharField(source="item.guidance")
    required = serializers.BooleanField(source="item.required")
    outcome = serializers.CharField(source="result")
    because = serializers.ChoiceField(Because.choices, allow_blank=True)
    why = serializers.CharField()
    since = Moment()
    answer = AnswerShape(allow_null=True)
    review = ReviewShape(allow_null=True)
    waiver = serializers.SerializerMethodField()
    checks = EvidenceShape(many=True, source="evidence")
    version = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()
    page = serializers.SerializerMethodField()

    @extend_schema_field(WaiverShape(allow_null=True))
    def get_waiver(self, state: State) -> dict | None:
        """Return the waiver in force, else the one that is asked for."""
        waiver = state.waiver or state.asked
        return WaiverShape(waiver).data if waiver else None

    def get_version(self, state: State) -> int:
        return state.answer.n if state.answer else 0

    @extend_schema_field(serializers.URLField())
    def get_url(self, state: State) -> str:
        address = reverse("api:system-question", args=[state.system.slug, state.key])
        return self.context["request"].build_absolute_uri(address)

    @extend_schema_field(serializers.URLField())
    def get_page(self, state: State) -> str:
        return self.context["request"].build_absolute_uri(state.url)


class BlockerShape(serializers.Serializer):
    key = serializers.CharField()
    question = serializers.CharField()
    because = serializers.ChoiceField(Because.choices, allow_blank=True)
    why = serializers.CharField()
    url = serializers.SerializerMethodField(help_text="The page where it is mended.")

    @extend_schema_field(serializers.URLField())
    def get_url(self, blocker) -> str:
        return self.context["request"].build_absolute_uri(blocker.url)


class GateShape(serializers.Serializer):
    passed = serializers.BooleanField()
    verdict = serializers.ChoiceField(Verdict.choices)
    sentence = serializers.CharField()
    waived = BlockerShape(many=True)
    blocking = BlockerShape(many=True)
    warnings = BlockerShape(many=True)


class WaitingShape(serializers.Serializer):
    """An answer or a request for a waiver that waits for a decision."""

    kind = serializers.ChoiceField([("answer", "Answer"), ("waiver", "Waiver")])
    system = serializers.CharField()
    key = serializers.CharField()
    by = serializers.CharField()
    since = Moment()
    url = serializers.URLField()
    page = serializers.URLField()


class ItemShape(serializers.Serializer):
    key = serializers.CharField(source="question_key")
    title = serializers.CharField()
    question = serializers.CharField(source="text")
    guidance = serializers.CharField()
    topic = serializers.CharField()
    tiers = serializers.ListField(child=serializers.IntegerField())
    required = serializers.BooleanField()
    checks = serializers.ListField(child=serializers.CharField())


class ChecklistShape(serializers.Serializer):
    """A checklist in the version that is in force."""

    key = serializers.CharField(source="checklist.key")
    title = serializers.CharField(source="checklist.title")
    version = serializers.IntegerField(source="n")
    in_force_from = Moment()
    items = ItemShape(many=True)
    url = serializers.SerializerMethodField()

    @extend_schema_field(serializers.URLField())
    def get_url(self, version) -> str:
        address = reverse("api:checklist", args=[version.checklist.key])
        return self.context["request"].build_absolute_uri(address)
