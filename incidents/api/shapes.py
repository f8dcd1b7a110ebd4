"""How incidents look to programs, and what they take from them."""

from rest_framework import serializers

from incidents.models import Entry, Incident
from mlops_portal.engine.api.fields import Moment, Page, Text
from mlops_portal.engine.api.serializers import Strict, StrictModel

LONGEST_TEXT = 10_000


class IncidentShape(StrictModel):
    url = serializers.HyperlinkedIdentityField(view_name="api:incident", lookup_field="number")
    page = Page()
    state = serializers.ChoiceField(Incident.State.choices, read_only=True)
    systems = serializers.SerializerMethodField()
    noticed_by = serializers.SlugRelatedField("username", read_only=True, allow_null=True)
    acknowledged_by = serializers.SlugRelatedField("username", read_only=True, allow_null=True)
    mitigated_by = serializers.SlugRelatedField("username", read_only=True, allow_null=True)
    resolved_by = serializers.SlugRelatedField("username", read_only=True, allow_null=True)

    class Meta:
        model = Incident
        fields = [
            *["number", "title", "severity", "state", "systems", "noticed_how", "noticed_by"],
            *["impact_started_at", "first_visible_at", "noticed_at", "declared_at"],
            *["acknowledged_at", "acknowledged_by", "mitigated_at", "mitigated_by", "resolved_at", "resolved_by"],
            *["version", "url", "page"],
        ]
        read_only_fields = fields

    def get_systems(self, incident) -> list[str]:
        """Return those of its systems that the caller may see."""
        return [system.slug for system in incident.shown_systems]


class EntryShape(serializers.ModelSerializer):
    at = Moment()
    by = serializers.SlugRelatedField("username", read_only=True, allow_null=True)

    class Meta:
        model = Entry
        fields = ["n", "at", "by", "kind", "text"]


class Note(Strict):
    text = Text(max_length=LONGEST_TEXT)


class MaybeNote(Strict):
    text = Text(max_length=LONGEST_TEXT, required=False, allow_blank=True)
