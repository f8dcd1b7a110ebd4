"""How feeds, contracts, dependencies and drills look to programs."""

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from mlops_portal.engine.api.fields import Choice, Integer, Moment, Named, Number, Page, Text
from mlops_portal.engine.api.serializers import Strict
from systems.api.promise_shapes import OfSystemShape
from systems.api.shapes import Address
from systems.models import Arrival, Contract, Drill, Feed, Person, Situation, System
from systems.models.drill import CAN_BE_TRIED
from systems.models.feed import LONGEST_SPAN_S
from systems.models.words import words_are_seen


class FreshnessEvidence(Strict):
    """The metric of a system by which one sees whether a feed is fresh."""

    system = Named("slug", queryset=System.objects.in_use())
    metric = Text(max_length=80)

    def validate_system(self, system: System) -> System:
        """Refuse what the caller may not see as if it were not there, and what has fewer readers than a feed."""
        if not System.objects.visible_to(self.context["request"].user).filter(pk=system.pk).exists():
            raise serializers.ValidationError(f"There is no {system.slug}.")
        if system.restricted:
            raise serializers.ValidationError("This system is restricted: a feed has more readers.")
        return system


class FeedShape(Strict):
    """A feed; `systems` are those that depend on it and that the caller may see."""

    slug = serializers.CharField(read_only=True)
    name = Text(max_length=120, validators=[words_are_seen])
    owner = Named("username", queryset=Person.objects.active().filter(service=False))
    arrival = Choice(Arrival.choices)
    freshness_s = Integer(min_value=1, max_value=LONGEST_SPAN_S)
    max_delay_s = Integer(min_value=1, max_value=LONGEST_SPAN_S, required=False, allow_null=True)
    fallback = Text(max_length=2000, required=False, allow_blank=True, validators=[words_are_seen])
    evidence = FreshnessEvidence(required=False, allow_null=True)
    contract = serializers.SerializerMethodField()
    systems = serializers.SerializerMethodField()
    added_at = Moment(read_only=True)
    retired_at = Moment(read_only=True, allow_null=True)
    version = serializers.IntegerField(read_only=True)
    url = Address("feed", "slug", "feed")
    page = Page()

    def to_representation(self, feed: Feed) -> dict:
        said = {"system": feed.evidence_system, "metric": feed.evidence_metric}
        feed.evidence = said if feed.knows_evidence else None
        return super().to_representation(feed)

    def to_internal_value(self, data) -> dict:
        said = super().to_internal_value(data)
        evidence = said.pop("evidence", None) or {"system": None, "metric": ""}
        return said | {f"evidence_{name}": value for name, value in evidence.items()}

    @extend_schema_field({"type": "object", "nullable": True})
    def get_contract(self, feed: Feed) -> dict | None:
        """Return the newest version's number, status and day, and the number of the one in force."""
        versions = list(feed.contracts.all())
        if not versions:
            return None
        settled = next((one for one in versions if one.status not in ("proposed", "draft")), None)
        in_force = settled.n if settled and settled.status in Contract.IN_FORCE else None
        newest = versions[0]
        day = newest.from_on and newest.from_on.isoformat()
        return {"n": newest.n, "status": newest.status, "from": day, "in_force": in_force}

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_systems(self, feed: Feed) -> list[str]:
        return sorted(one.system.slug for one in feed.seen_dependencies)


class ContractShape(serializers.Serializer):
    """A contract as its document: the members that are read here; all others are kept as they came."""

    apiVersion = serializers.CharField()
    kind = serializers.ChoiceField(["DataContract"])
    id = serializers.CharField()
    version = serializers.CharField()
    status = serializers.CharField(help_text="proposed, draft, active, deprecated or retired")


class ConfirmationShape(Strict):
    """That the system can live with the proposed contract of a feed, of the number `n`."""

    feed = serializers.CharField(source="contract.feed.slug", read_only=True)
    n = Integer(min_value=1, max_value=999_999, source="contract.n")
    by = serializers.CharField(source="by.username", read_only=True)
    at = Moment(read_only=True)


class DependenciesShape(Strict):
    """What a system depends on, and what depends on it, as far as the caller may see."""

    systems = serializers.ListField(child=Text(max_length=60), max_length=200, required=False)
    feeds = serializers.ListField(child=Text(max_length=60), max_length=200, required=False)
    dependents = serializers.ListField(child=serializers.CharField(), read_only=True)
    version = serializers.IntegerField(read_only=True)
    url = serializers.SerializerMethodField()
    page = serializers.SerializerMethodField()

    @extend_schema_field(serializers.URLField())
    def get_url(self, said) -> str:
        return self._absolute(reverse("api:dependencies", args=[said["slug"]]))

    @extend_schema_field(serializers.URLField())
    def get_page(self, said) -> str:
        return self._absolute(reverse("systems:dependencies", args=[said["slug"]]))

    def _absolute(self, path: str) -> str:
        return self.context["request"].build_absolute_uri(path)

    def validate_systems(self, slugs: list[str]) -> list[System]:
        return self._found(System.objects.visible_to(self.context["request"].user), slugs, "system")

    def validate_feeds(self, slugs: list[str]) -> list[Feed]:
        return self._found(Feed.objects.all(), slugs, "feed")

    def _found(self, rows, slugs: list[str], what: str) -> list:
        there = {row.slug: row for row in rows.filter(slug__in=slugs)}
        missing = {n: [f"There is no {what} {slug}."] for n, slug in enumerate(slugs) if slug not in there}
        if missing:
            raise serializers.ValidationError(missing)
        return list(there.values())


class DrillShape(OfSystemShape):
    api_name, page_name = "drill", "drills"
    id = serializers.CharField(source="pk", read_only=True)
    situation = Choice(CAN_BE_TRIED)
    at = Moment(required=False)
    result = Choice(Drill.Result.choices)
    rate = Number(required=False, allow_null=True, help_text="Requests a second, under load.")
    evidence = Text(max_length=2000, required=False, allow_blank=True, validators=[words_are_seen])
    due_on = serializers.DateField(read_only=True)
    incident = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="Its number, when it came by itself."
    )
    by = serializers.CharField(source="by.username", read_only=True, allow_null=True)

    def validate(self, said: dict) -> dict:
        rate, is_load = said.get("rate"), said["situation"] == Situation.LOAD
        if rate is not None and not is_load:
            raise serializers.ValidationError({"rate": "Only a drill of load reaches a rate."})
        if is_load and (rate is None or rate <= 0):
            raise serializers.ValidationError({"rate": "Say which rate above zero was reached."})
        return said
