"""How incidents look to programs, and what they take from them."""

from rest_framework import serializers

from incidents.models import Entry, Incident, IncidentAlert, Severity
from mlops_portal.engine.api.fields import Choice, Moment, Named, Page, Text, Truth
from mlops_portal.engine.api.serializers import Strict, StrictModel
from systems.models import Person, System
from systems.models.drill import CAN_BE_TRIED

LONGEST_TEXT = 10_000


class AlertOfIncident(serializers.ModelSerializer):
    """An alert that belongs to an incident."""

    id = serializers.CharField(source="alert_id")
    severity = serializers.CharField(source="alert.severity")
    sentence = serializers.CharField(source="alert.sentence")
    opened_at = Moment(source="alert.opened_at")
    first_visible_at = Moment(source="alert.first_visible_at", allow_null=True)
    cleared_at = Moment(source="alert.cleared_at", allow_null=True)
    joined_at = Moment()

    class Meta:
        model = IncidentAlert
        fields = ["id", "severity", "sentence", "opened_at", "first_visible_at", "cleared_at", "joined_at"]
        read_only_fields = fields


class IncidentShape(StrictModel):
    url = serializers.HyperlinkedIdentityField(view_name="api:incident", lookup_field="number")
    page = Page()
    state = serializers.ChoiceField(Incident.State.choices, read_only=True)
    systems = serializers.SerializerMethodField()
    noticed_by = serializers.SlugRelatedField("username", read_only=True, allow_null=True)
    alerts = AlertOfIncident(source="memberships", many=True, read_only=True)
    lead = serializers.SerializerMethodField(help_text="Who is on it.")
    situation = Choice(CAN_BE_TRIED, read_only=True, allow_blank=True, help_text="Empty: nobody said which.")
    acknowledged_by = serializers.SlugRelatedField("username", read_only=True, allow_null=True)
    mitigated_by = serializers.SlugRelatedField("username", read_only=True, allow_null=True)
    resolved_by = serializers.SlugRelatedField("username", read_only=True, allow_null=True)

    class Meta:
        model = Incident
        fields = [
            *["number", "title", "severity", "state", "systems", "topic", "situation", "held"],
            *["lead", "noticed_how", "noticed_by"],
            *["impact_started_at", "first_visible_at", "noticed_at", "declared_at"],
            *["acknowledged_at", "acknowledged_by", "mitigated_at", "mitigated_by", "resolved_at", "resolved_by"],
            *["alerts", "version", "url", "page"],
        ]
        read_only_fields = fields

    def get_lead(self, incident) -> str | None:
        return incident.who.username if incident.who else None

    def get_systems(self, incident) -> list[str]:
        """Return those of its systems that the caller may see."""
        return [system.slug for system in incident.shown_systems]


class VisibleSystem(Named):
    """A system that the caller may see and that is not retired."""

    def get_queryset(self):
        return System.objects.visible_to(self.context["request"].user).in_use()


class Declaration(Strict):
    title = Text(max_length=200)
    systems = VisibleSystem("slug", queryset=System.objects.all(), many=True, allow_empty=False)
    severity = Choice(Severity.choices)
    noticed_how = Choice(Incident.NoticedHow.choices)
    noticed_by = Named("username", queryset=Person.objects.active(), required=False)
    noticed_at = Moment(required=False)
    impact_started_at = Moment(required=False)
    what = Text(max_length=LONGEST_TEXT, required=False, allow_blank=True)
    situation = Choice(CAN_BE_TRIED, required=False, help_text="Resolved, it counts as a drill of it.")


class Correction(Strict):
    title = Text(max_length=200)
    severity = Choice(Severity.choices)
    situation = Choice(CAN_BE_TRIED, allow_blank=True)
    held = Truth(help_text="Whether what is written for the situation did.")
    reason = Text(max_length=1000, allow_blank=True, help_text="Needed when the severity changes.")


class EntryShape(serializers.ModelSerializer):
    at = Moment()
    by = serializers.SlugRelatedField("username", read_only=True, allow_null=True)

    class Meta:
        model = Entry
        fields = ["n", "at", "by", "kind", "text", "data"]


class Note(Strict):
    text = Text(max_length=LONGEST_TEXT)


class MaybeNote(Strict):
    text = Text(max_length=LONGEST_TEXT, required=False, allow_blank=True)
