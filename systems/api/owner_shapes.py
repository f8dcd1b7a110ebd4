"""How roles and who holds them look to programs."""

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from mlops_portal.engine.api.fields import Choice, Integer, Moment, Named, Text
from mlops_portal.engine.api.serializers import Strict
from systems.models import Holding, Person, Role
from systems.ownership import LONGEST_NOTE

MOST_AT_ONCE = 1000


class HoldingShape(Strict):
    role = serializers.ChoiceField(Role.choices, read_only=True)
    person = Named("username", queryset=Person.objects.all())
    deputy = Named("username", queryset=Person.objects.all(), required=False, allow_null=True)
    until = Moment(required=False, allow_null=True)
    note = Text(max_length=LONGEST_NOTE, required=False, allow_blank=True)
    confirmed_at = Moment(read_only=True)
    confirm_by = Moment(read_only=True)
    version = serializers.IntegerField(read_only=True)
    url = serializers.SerializerMethodField()
    page = serializers.SerializerMethodField()

    def get_fields(self):
        return super().get_fields() | {"from": Moment(source="from_at", required=False)}

    @extend_schema_field(serializers.URLField())
    def get_url(self, holding: Holding) -> str:
        return self._absolute("api:owner", holding)

    @extend_schema_field(serializers.URLField())
    def get_page(self, holding: Holding) -> str:
        return self._absolute("systems:owner", holding)

    def _absolute(self, name: str, holding: Holding) -> str:
        return self.context["request"].build_absolute_uri(reverse(name, args=[holding.system.slug, holding.role]))


class NextShape(serializers.Serializer):
    """Who takes the role over on a day to come, as planned."""

    person = serializers.CharField(source="person.username")
    deputy = serializers.CharField(source="deputy.username", allow_null=True, default=None)
    until = Moment(allow_null=True)
    note = serializers.CharField()
    by = serializers.CharField(source="by.username", allow_null=True, default=None)

    def get_fields(self):
        return super().get_fields() | {"from": Moment(source="from_at")}


class OwnerShape(HoldingShape):
    """The role as it stands: `person` is null while nobody holds it, `next` while nothing is planned."""

    system = serializers.CharField(source="system.slug", read_only=True)
    person = serializers.CharField(source="person.username", read_only=True, allow_null=True)
    deputy = serializers.CharField(source="deputy.username", read_only=True, allow_null=True)
    confirmed_at = Moment(read_only=True, allow_null=True)
    confirm_by = Moment(read_only=True, allow_null=True)
    next = NextShape(source="plan", read_only=True, allow_null=True)

    def get_fields(self):
        return super().get_fields() | {"from": Moment(source="from_at", read_only=True, allow_null=True)}


class NoteShape(Strict):
    note = Text(max_length=LONGEST_NOTE, default="", allow_blank=True)


class RoleOf(Strict):
    """A role of a system; `version`, where it is given, must be the one that stands."""

    system = Text(max_length=60)
    role = Choice(Role.choices)
    version = Integer(min_value=1, max_value=2**31 - 1, required=False)


class ConfirmShape(Strict):
    roles = RoleOf(many=True, allow_empty=False, max_length=MOST_AT_ONCE)


class NamedRole(serializers.Serializer):
    system = serializers.CharField()
    role = serializers.ChoiceField(Role.choices)


class ConfirmedShape(serializers.Serializer):
    confirmed = NamedRole(many=True)
    left = NamedRole(many=True, help_text="What changed meanwhile, or is not held by the caller.")


def _successor() -> Named:
    return Named("username", queryset=Person.objects.all(), required=False, allow_null=True)


class RoleTo(RoleOf):
    """Who takes this one over; null leaves it where it is."""

    to = _successor()


class FeedTo(Strict):
    """Who owns this feed from now on; null leaves it where it is."""

    feed = Text(max_length=60)
    to = _successor()
    version = Integer(min_value=1, max_value=2**31 - 1, required=False)


class HandOverAllShape(Strict):
    to = Named(
        "username",
        queryset=Person.objects.all(),
        required=False,
        help_text="Who takes over all that is not named below.",
    )
    roles = RoleTo(many=True, default=list, max_length=MOST_AT_ONCE)
    feeds = FeedTo(many=True, default=list, max_length=MOST_AT_ONCE)
    note = Text(max_length=LONGEST_NOTE, default="", allow_blank=True)


class HandedOverShape(serializers.Serializer):
    handed_over = serializers.IntegerField()
    left = serializers.IntegerField(help_text="What stays where it is.")


class OwnedFeed(serializers.Serializer):
    feed = serializers.CharField(source="slug")
    version = serializers.IntegerField()


class HeldShape(serializers.Serializer):
    username = serializers.CharField()
    url = serializers.URLField()
    page = serializers.URLField(help_text="Where all of it is handed over.")
    roles = OwnerShape(many=True, help_text="Those in which the person is the holder or the deputy.")
    feeds = OwnedFeed(many=True)
