"""How promises look to programs: runbooks, versions, deployments, retraining, moves of phase."""

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from mlops_portal.engine.api.fields import Choice, Integer, Moment, Named, Number, Text, Truth
from mlops_portal.engine.api.serializers import Strict
from systems.models import PHASES_IN_USE, PRODUCTION, ModelVersion, Retraining, RetrainingRun, Runbook, Situation
from systems.models.retraining import last_trained
from systems.models.words import words_are_seen
from systems.runbooks import LONGEST, steps_of

MOST_FIGURES = MOST_TRIGGERS = 20


class OfSystemShape(Strict):
    """What hangs on a system: its addresses are below the system's."""

    api_name = ""
    page_name = ""

    def get_fields(self):
        return super().get_fields() | {
            "url": serializers.SerializerMethodField(),
            "page": serializers.SerializerMethodField(),
        }

    def own_arguments(self, row) -> list:
        return [row.system.slug, row.pk]

    def page_arguments(self, row) -> list:
        return [row.system.slug]

    @extend_schema_field(serializers.URLField())
    def get_url(self, row) -> str:
        return self._absolute(f"api:{self.api_name}", self.own_arguments(row))

    @extend_schema_field(serializers.URLField())
    def get_page(self, row) -> str:
        return self._absolute(f"systems:{self.page_name}", self.page_arguments(row))

    def _absolute(self, name: str, arguments: list) -> str:
        return self.context["request"].build_absolute_uri(reverse(name, args=arguments))


class Figures(serializers.DictField):
    """Names and finite numbers."""

    child = Number()

    def to_internal_value(self, data):
        figures = super().to_internal_value(data)
        if len(figures) > MOST_FIGURES or any(not name.strip() or len(name) > 80 for name in figures):
            raise serializers.ValidationError(f"At most {MOST_FIGURES} figures, with names of at most 80 characters.")
        return figures


class VersionShape(OfSystemShape):
    api_name, page_name = "version", "deployments"
    id = serializers.CharField(source="pk", read_only=True)
    name = Text(max_length=120)
    trained_at = Moment(required=False, allow_null=True)
    registry_ref = Text(max_length=300, required=False, allow_blank=True)
    figures = Figures(required=False)


class OwnVersion(Named):
    """A version of the very system, by its name."""

    def __init__(self, **options):
        super().__init__("name", queryset=ModelVersion.objects.all(), **options)

    def get_queryset(self):
        return super().get_queryset().filter(system=self.context["view"].system)


class Gate(serializers.DictField):
    """The gate as it stood, when it was shut."""

    child = serializers.JSONField()


class DeploymentShape(OfSystemShape):
    api_name, page_name = "deployment", "deployments"
    id = serializers.CharField(source="pk", read_only=True)
    version = OwnVersion(source="model_version")
    environment = Text(max_length=40, default=PRODUCTION)
    at = Moment(required=False)
    rollback_to = OwnVersion(required=False, allow_null=True)
    note = Text(max_length=300, required=False, allow_blank=True)
    by = serializers.CharField(source="by.username", read_only=True, allow_null=True)
    gate = Gate(read_only=True, allow_null=True)

    def validate(self, said: dict) -> dict:
        if said.get("rollback_to") and said["rollback_to"] == said["model_version"]:
            raise serializers.ValidationError({"rollback_to": "A version cannot be its own way back: name another."})
        return said


class RetrainingShape(OfSystemShape):
    api_name, page_name = "retraining", "retraining"
    policy = Text(max_length=2000)
    every_days = Integer(min_value=1, max_value=3650, required=False, allow_null=True)
    triggers = serializers.ListField(child=Text(max_length=200), max_length=MOST_TRIGGERS, required=False)
    who = Text(max_length=200)
    set_at = Moment(read_only=True, allow_null=True)
    due_at = serializers.SerializerMethodField()
    version = serializers.IntegerField(read_only=True)

    def own_arguments(self, row) -> list:
        return [row.system.slug]

    @extend_schema_field(Moment(allow_null=True))
    def get_due_at(self, plan: Retraining) -> str | None:
        due = plan.due_at(last_trained([plan.system]).get(plan.system_id)) if plan.pk else None
        return Moment().to_representation(due)

    def validate(self, said: dict) -> dict:
        if not said.get("every_days") and not said.get("triggers"):
            raise serializers.ValidationError({"every_days": "Give an interval or a trigger: else it is never due."})
        return said


class RunShape(OfSystemShape):
    api_name, page_name = "retraining-run", "retraining"
    id = serializers.CharField(source="pk", read_only=True)
    open = Truth(source="is_open", required=False, help_text="Asked for, and not done yet: requirements alone.")
    asked_at = Moment(read_only=True, allow_null=True)
    at = Moment(required=False, allow_null=True)
    cause = Choice(RetrainingRun.Cause.choices)
    before = Number(required=False, allow_null=True)
    after = Number(required=False, allow_null=True)
    version = OwnVersion(source="model_version", required=False, allow_null=True)
    note = Text(max_length=300, required=False, allow_blank=True)
    by = serializers.CharField(source="by.username", read_only=True, allow_null=True)


class RunAnswer(Strict):
    """The version that answers an open run."""

    version = OwnVersion(source="model_version")
    at = Moment(required=False)
    before = Number(required=False, allow_null=True)
    after = Number(required=False, allow_null=True)
    note = Text(max_length=300, required=False, allow_blank=True)


class RunbookShape(OfSystemShape):
    api_name, page_name = "runbook", "runbook"
    situation = serializers.ChoiceField(Situation.choices, read_only=True)
    body = Text(max_length=LONGEST, trim_whitespace=False, validators=[words_are_seen])
    review_by = serializers.DateField(required=False)
    steps = serializers.ListField(child=serializers.CharField(), read_only=True)
    by = serializers.CharField(read_only=True, allow_null=True)
    at = Moment(read_only=True, allow_null=True)
    origin = serializers.CharField(read_only=True)
    version = serializers.IntegerField(read_only=True)

    def own_arguments(self, row) -> list:
        return [row.system.slug, row.situation]

    page_arguments = own_arguments

    def validate_body(self, body: str) -> str:
        if not body.strip():
            raise serializers.ValidationError("Write what is to be done.")
        return body

    def to_representation(self, runbook: Runbook):
        text = runbook.versions.select_related("by").first()
        runbook.body = text.body if text else ""
        runbook.steps = steps_of(runbook.body)
        runbook.review_by, runbook.at = (text.review_by, text.at) if text else (None, None)
        runbook.by, runbook.origin = (text.by and text.by.username, text.origin) if text else (None, "")
        return super().to_representation(runbook)


class RunbookVersionShape(Strict):
    """One text; an empty one took the runbook out of use."""

    n = serializers.IntegerField()
    body = serializers.CharField()
    by = serializers.CharField(source="by.username", allow_null=True)
    at = Moment()
    origin = serializers.CharField(help_text="Where it is kept; empty when it was typed here.")
    review_by = serializers.DateField()


class MoveShape(Strict):
    """Deciding a move of phase."""

    to = Choice(PHASES_IN_USE)
    note = Text(max_length=300, required=False, allow_blank=True)
    accept = serializers.ListField(child=Text(max_length=60), max_length=100, required=False)


class Accepted(serializers.Serializer):
    key = serializers.CharField()
    why = serializers.CharField()


class MovedShape(serializers.Serializer):
    """A decision as it was taken."""

    to = serializers.CharField(source="to_phase")
    by = serializers.CharField(source="by.username", read_only=True, allow_null=True)
    at = Moment()
    note = serializers.CharField()
    accepted = Accepted(many=True)
    url = serializers.SerializerMethodField()
    page = serializers.SerializerMethodField()

    def get_fields(self):
        return {"from": serializers.CharField(source="from_phase")} | super().get_fields()

    @extend_schema_field(serializers.URLField())
    def get_url(self, move) -> str:
        return self._absolute(reverse("api:system", args=[move.system.slug]))

    @extend_schema_field(serializers.URLField())
    def get_page(self, move) -> str:
        return self._absolute(move.system.get_absolute_url())

    def _absolute(self, path: str) -> str:
        return self.context["request"].build_absolute_uri(path)
