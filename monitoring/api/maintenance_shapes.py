"""How maintenance looks to programs, and what it takes from them."""

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from mlops_portal.engine.api.fields import Moment, Text
from mlops_portal.engine.api.serializers import Strict
from monitoring.api.shapes import Ours, address
from monitoring.models import Maintenance
from systems.models import System


class MaintenanceShape(serializers.ModelSerializer):
    """A time in which alerts of the system open no incident."""

    id = serializers.CharField(source="pk")
    system = serializers.SlugRelatedField("slug", read_only=True)
    to = Moment(source="to_at")
    by = serializers.SlugRelatedField("username", read_only=True)
    ended_by = serializers.SlugRelatedField("username", read_only=True, allow_null=True)
    url = address("maintenance")
    page = serializers.SerializerMethodField()

    class Meta:
        model = Maintenance
        fields = ["id", "system", "to", "why", "by", "ended_by", "url", "page"]

    def get_fields(self) -> dict:
        return super().get_fields() | {"from": Moment(source="from_at")}

    @extend_schema_field(serializers.URLField())
    def get_page(self, row) -> str:
        path = reverse("monitoring:maintenance", args=[row.system.slug])
        return self.context["request"].build_absolute_uri(path)


class NewMaintenance(Strict):
    """Without `from` it begins now."""

    system = Ours("slug", queryset=System.objects.in_use())
    to = Moment()
    why = Text(max_length=300)

    def get_fields(self) -> dict:
        return super().get_fields() | {"from": Moment(required=False)}
