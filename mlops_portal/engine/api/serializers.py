"""Serializers that name every field and refuse what they do not know (S13)."""

from django.db import models
from rest_framework import serializers

from mlops_portal.engine.api import fields


class _NothingUnknown:
    """A field that is not in the table, or that cannot be written, is an error and never passed over in silence."""

    def to_internal_value(self, data):
        if isinstance(data, dict):
            strange = {name: [self._why_not(name)] for name in data if self._why_not(name)}
            if strange:
                raise serializers.ValidationError(strange)
        return super().to_internal_value(data)

    def _why_not(self, name: str) -> str:
        field = self.fields.get(name)
        if field is None:
            return "There is no such field."
        return "This field is read only." if field.read_only else ""


class Strict(_NothingUnknown, serializers.Serializer):
    """For bodies that are no model's."""


class StrictModel(_NothingUnknown, serializers.ModelSerializer):
    """For rows; `fields` names each."""

    serializer_field_mapping = serializers.ModelSerializer.serializer_field_mapping | {
        models.CharField: fields.Text,
        models.TextField: fields.Text,
        models.IntegerField: fields.Integer,
        models.PositiveIntegerField: fields.Integer,
        models.PositiveSmallIntegerField: fields.Integer,
        models.FloatField: fields.Number,
        models.BooleanField: fields.Truth,
        models.DateTimeField: fields.Moment,
    }
    serializer_choice_field = fields.Choice
    serializer_related_field = fields.Named


class Nothing(Strict):
    """The body of what takes none: absent, or an empty object."""


class Problem(serializers.Serializer):
    """What went wrong (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    request_id = serializers.CharField()
    errors = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()), required=False, help_text="By path of the field."
    )
    url = serializers.URLField(required=False, help_text="409: the address of what stands in the way.")
    gaps = serializers.ListField(child=serializers.DictField(), required=False, help_text="409: what stays open.")
    plan = serializers.DictField(required=False, help_text="409: what the file would create, change and remove.")
    gate = serializers.DictField(required=False, help_text="409: the gate that is shut.")
    current = serializers.DictField(required=False, help_text="412: the object as it stands.")
