"""How the registry looks to programs, and what it takes from them."""

from urllib.parse import urlsplit

from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from mlops_portal.engine.api.fields import Choice, Integer, Moment, Named, Page, Text, Truth
from mlops_portal.engine.api.serializers import StrictModel
from mlops_portal.engine.models import Change
from systems.models import (
    PHASES_IN_USE,
    Because,
    Group,
    Level,
    Notice,
    Person,
    Phase,
    Scope,
    Scoped,
    System,
    Team,
    Token,
)
from systems.models.slug import slug_is_plain
from systems.models.system import NOT_LOOKED

MOST_TAGS = 20
MOST_LINKS = 20
COMPUTED = ["reality_gap", "reality_gap_now", "reality_gap_sentence"]
COMPUTED += ["verdict", "verdict_since", "verdict_sentence", "registered_at", "retired_at", "version"]


class Address(serializers.HyperlinkedIdentityField):
    """The object's own address in the API."""

    def __init__(self, name: str, lookup_field: str, lookup_url_kwarg: str = ""):
        kwarg = lookup_url_kwarg or lookup_field
        super().__init__(view_name=f"api:{name}", lookup_field=lookup_field, lookup_url_kwarg=kwarg)


class Links(serializers.DictField):
    """Names and the http or https addresses that they lead to."""

    child = serializers.URLField(max_length=500)

    def to_internal_value(self, data):
        links = super().to_internal_value(data)
        if len(links) > MOST_LINKS or any(not name.strip() or len(name) > 60 for name in links):
            raise serializers.ValidationError(f"At most {MOST_LINKS} links, each with a name of at most 60 characters.")
        if any(urlsplit(url).scheme not in ("http", "https") for url in links.values()):
            raise serializers.ValidationError("Only http and https addresses.")
        return links


class Me(serializers.Serializer):
    username = serializers.CharField()
    name = serializers.CharField()
    groups = serializers.ListField(child=serializers.ChoiceField(Group.choices))
    teams = serializers.ListField(child=serializers.CharField())
    scopes = serializers.ListField(child=serializers.ChoiceField(Scope.choices))
    expires_at = Moment(allow_null=True)


class PersonShape(StrictModel):
    url = Address("person", "username")
    page = serializers.SerializerMethodField()
    groups = serializers.ListField(child=Choice(Group.choices), max_length=len(Group))
    teams = serializers.SlugRelatedField("slug", many=True, read_only=True)
    active = Truth(source="is_active")

    class Meta:
        model = Person
        fields = [
            "username",
            "name",
            "email",
            "groups",
            "service",
            "active",
            "until",
            "teams",
            "version",
            "url",
            "page",
        ]
        read_only_fields = ["username", "service", "version"]

    @extend_schema_field(serializers.URLField())
    def get_page(self, person) -> str:
        """Return the systems that the person holds a role of."""
        return self.context["request"].build_absolute_uri(reverse("systems:list") + f"?owner={person.username}")


class NewPerson(StrictModel):
    groups = serializers.ListField(child=Choice(Group.choices), max_length=len(Group), required=False)
    team = Named("slug", queryset=Team.objects.all(), required=False)

    class Meta:
        model = Person
        fields = ["username", "name", "email", "groups", "service", "team"]


class TeamShape(StrictModel):
    url = Address("team", "slug")
    page = serializers.SerializerMethodField()
    members = serializers.SlugRelatedField("username", many=True, read_only=True)

    class Meta:
        model = Team
        fields = ["slug", "name", "members", "version", "url", "page"]
        read_only_fields = ["version"]

    @extend_schema_field(serializers.URLField())
    def get_page(self, team) -> str:
        """Return the systems of the team."""
        return self.context["request"].build_absolute_uri(reverse("systems:list") + f"?team={team.slug}")


class TokenShape(StrictModel):
    id = serializers.CharField(source="prefix", read_only=True)
    url = Address("token", "prefix")
    scopes = serializers.ListField(child=Choice(Scope.choices), min_length=1, max_length=len(Scope))

    class Meta:
        model = Token
        fields = ["id", "name", "scopes", "made_at", "expires_at", "last_used_at", "revoked_at", "url"]
        read_only_fields = ["made_at", "last_used_at", "revoked_at"]

    def validate_expires_at(self, at):
        if at and at <= timezone.now():
            raise serializers.ValidationError("This moment has passed.")
        return at


class NewToken(TokenShape):
    """With the text, which is shown this once."""

    text = serializers.CharField(read_only=True)

    class Meta(TokenShape.Meta):
        fields = [*TokenShape.Meta.fields, "text"]


class SystemShape(StrictModel):
    url = Address("system", "slug")
    page = Page()
    slug = Text(max_length=60, validators=[slug_is_plain])
    team = Named("slug", queryset=Team.objects.all())
    tier = Integer(min_value=1, max_value=4, default=3)
    tags = serializers.ListField(child=Text(max_length=40), max_length=MOST_TAGS, required=False)
    links = Links(required=False)
    status = serializers.ChoiceField(Level.choices, source="status_now", read_only=True)
    status_since = serializers.SerializerMethodField()
    status_sentence = serializers.SerializerMethodField()
    owners = serializers.SerializerMethodField()
    scoped = serializers.ChoiceField(
        Scoped.choices, read_only=True, help_text="Of which phases dates, budget and exit criterion stand."
    )

    class Meta:
        model = System
        fields = [
            *["slug", "name", "purpose", "team", "tier", "phase", "scoped", "restricted", "tags", "links"],
            *["status", "status_since", "status_sentence", "verdict", "verdict_since", "verdict_sentence"],
            *["reality_gap", "reality_gap_now", "reality_gap_sentence"],
            *["owners", "registered_at", "retired_at"],
            *["version", "url", "page"],
        ]
        read_only_fields = ["phase", *COMPUTED]

    @extend_schema_field(Moment())
    def get_status_since(self, system) -> str:
        return Moment().to_representation(system.status_good_until if _is_over(system) else system.status_since)

    def get_status_sentence(self, system) -> str:
        return NOT_LOOKED if _is_over(system) else system.status_sentence

    def get_owners(self, system) -> dict[str, str]:
        """Return role → username of who holds it now."""
        return {holding.role: holding.person.username for holding in system.holdings_now}


def _is_over(system) -> bool:
    """Whether the stored status has had its time and reads unknown now."""
    return system.status_now != system.status


class NewSystem(SystemShape):
    phase = Choice(PHASES_IN_USE, default=Phase.RESEARCH)

    class Meta(SystemShape.Meta):
        read_only_fields = COMPUTED


class SpanShape(serializers.Serializer):
    """A stretch of time with one status; the last has no end."""

    status = serializers.ChoiceField(Level.choices)
    sentence = serializers.CharField()

    def get_fields(self):
        return super().get_fields() | {"from": Moment(source="from_at"), "to": Moment(source="to_at", allow_null=True)}


class ChangeShape(serializers.ModelSerializer):
    at = Moment()
    request_id = serializers.CharField(source="request")
    before = serializers.DictField(allow_null=True)
    after = serializers.DictField(allow_null=True)
    id = serializers.CharField()

    class Meta:
        model = Change
        fields = ["id", "at", "by", "door", "system", "kind", "object", "verb", "before", "after", "request_id"]


class CheckShape(serializers.Serializer):
    key = serializers.CharField()
    topic = serializers.CharField()
    gap = serializers.CharField()
    title = serializers.CharField()
    outcome = serializers.CharField()
    because = serializers.ChoiceField(Because.choices, allow_blank=True)
    why = serializers.CharField()
    since = Moment()
    url = serializers.URLField(help_text="The page where it is mended.", allow_blank=True)

    def get_fields(self):
        return super().get_fields() | {"for": serializers.CharField(source="for_role")}


class NoticeShape(serializers.ModelSerializer):
    id = serializers.CharField(source="pk")
    url = Address("notice", "pk")
    page = Page(source="url")
    system = serializers.SlugRelatedField("slug", read_only=True, allow_null=True)
    at = Moment()
    read_at = Moment(allow_null=True)

    class Meta:
        model = Notice
        fields = ["id", "subject", "text", "urgency", "system", "at", "read_at", "url", "page"]
