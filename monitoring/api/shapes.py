"""How sources, metrics and what is found of them look to programs, and what they take from them."""

from django.conf import settings
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers

from mlops_portal.engine.api.fields import Choice, Integer, Moment, Named, Number, Page, Text, Truth
from mlops_portal.engine.api.serializers import Strict
from monitoring import connectors
from monitoring.drawing.bands import normals_of
from monitoring.models import Baseline, Metric, Pull, Source
from monitoring.models.metric import key_is_plain
from monitoring.models.series import SHOWN
from systems.models import System

LONGEST_INTERVAL_S = 30 * 86400
MOST_SEGMENTS = 100


class Ours(Named):
    """Something that the caller may see, by its name or id; the rest is answered like what is not there."""

    def get_queryset(self):
        return super().get_queryset().visible_to(self.context["request"].user)


@extend_schema_field(str)
class Id(Ours):
    """Something that the caller may see, by its id."""

    def __init__(self, **options):
        super().__init__("pk", **options)

    def to_internal_value(self, data):
        if not isinstance(data, str) or not data.isascii() or not data.isdecimal() or len(data) > 18:
            self.fail("invalid")
        return super().to_internal_value(data)

    def to_representation(self, thing):
        return str(thing.pk)


def address(name: str) -> serializers.HyperlinkedIdentityField:
    """Return the field of the object's own address, api:<name>."""
    return serializers.HyperlinkedIdentityField(
        view_name=f"api:{name}", lookup_field="pk", lookup_url_kwarg=f"{name}_id"
    )


class KindShape(serializers.Serializer):
    """A kind of source; the three schemas are JSON Schema."""

    kind = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    settings = serializers.DictField()
    credentials = serializers.DictField()
    selector = serializers.DictField()
    example = serializers.DictField()


class Credentials(Strict):
    """What lets the portal in; kept sealed, never given out."""

    bearer = Text(max_length=4000, required=False)
    username = Text(max_length=200, required=False)
    password = Text(max_length=4000, required=False, trim_whitespace=False)
    header = serializers.DictField(child=Text(max_length=4000), required=False, allow_empty=False)

    def validate(self, said: dict) -> dict:
        if "password" in said and "username" not in said:
            raise serializers.ValidationError({"username": ["A password needs a user name."]})
        return said


def _interval() -> Integer:
    return Integer(min_value=settings.MIN_INTERVAL_S, max_value=LONGEST_INTERVAL_S, required=False)


def _max_age() -> Integer:
    return Integer(min_value=1, max_value=10**8, required=False, allow_null=True)


class SourceChange(Strict):
    """What can be changed of a source; credentials left out stay as they are, null takes them away."""

    name = Text(max_length=80, required=False)
    settings = serializers.DictField(required=False)
    credentials = Credentials(required=False, allow_null=True, write_only=True)
    interval_s = _interval()
    max_age_s = _max_age()
    enabled = Truth(required=False)


class NewSource(SourceChange):
    """A source to pull from."""

    system = Ours("slug", queryset=System.objects.all())
    kind = Text(max_length=30, help_text="One of `source-kinds/`.")
    name = Text(max_length=80)
    settings = serializers.DictField()

    def validate_kind(self, kind: str) -> str:
        if kind not in connectors.kinds():
            raise serializers.ValidationError(f"There is no kind {kind}: look at source-kinds/.")
        return kind


class SourceToTest(NewSource):
    name = Text(max_length=80, required=False)


class SourceShape(serializers.ModelSerializer):
    id = serializers.CharField(source="pk")
    url = address("source")
    page = Page()
    system = serializers.SlugRelatedField("slug", read_only=True)
    settings = serializers.DictField()
    has_credentials = serializers.SerializerMethodField()
    next_due_at = Moment()
    failing_since = Moment(allow_null=True)
    back_off_until = Moment(allow_null=True)
    last_success_at = Moment(allow_null=True)

    class Meta:
        model = Source
        fields = [
            *["id", "system", "kind", "name", "settings", "has_credentials", "interval_s", "max_age_s", "enabled"],
            *["next_due_at", "failing_since", "failures", "back_off_until", "last_success_at", "last_error"],
            *["version", "url", "page"],
        ]
        read_only_fields = fields

    def get_has_credentials(self, source) -> bool:
        return bool(source.secret)


class SuggestedShape(serializers.Serializer):
    key = serializers.CharField()
    name = serializers.CharField()
    unit = serializers.CharField()
    kind = serializers.ChoiceField(Metric.Kind.choices)
    scale = serializers.ChoiceField(Metric.Scale.choices)
    direction = serializers.ChoiceField(Metric.Direction.choices)
    means = serializers.CharField()


class FoundShape(serializers.Serializer):
    selector = serializers.DictField()
    last = serializers.FloatField(allow_null=True)
    at = Moment(allow_null=True)
    suggested = SuggestedShape()


class TestedShape(serializers.Serializer):
    """What a test found, or why it found nothing."""

    outcome = serializers.ChoiceField(Pull.Outcome.choices)
    error = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True, help_text="What it does not show, and what to do about that.")
    found = FoundShape(many=True)


class PullShape(serializers.ModelSerializer):
    """One time that a source was asked; `outcome` is null while it runs."""

    id = serializers.CharField(source="pk")
    url = address("pull")
    source = serializers.CharField(source="source_id")
    due_at = Moment()
    started_at = Moment()
    finished_at = Moment(allow_null=True)
    outcome = serializers.ChoiceField(Pull.Outcome.choices, allow_null=True)

    class Meta:
        model = Pull
        fields = [
            *["id", "source", "due_at", "why", "attempt", "started_at", "finished_at", "outcome", "error"],
            *["bytes", "points", "duplicates", "conflicts", "url"],
        ]


class BaselineShape(serializers.ModelSerializer):
    from_at = Moment()

    class Meta:
        model = Baseline
        fields = ["value", "spread", "origin", "reason", "from_at"]


class NormalShape(serializers.Serializer):
    """What is normal at the time of the last value, by the newest state of the monitor of quiet change.

    `low` and `high` are in the metric's unit.
    """

    low = serializers.FloatField()
    high = serializers.FloatField()
    unit = serializers.CharField()
    when = serializers.CharField(help_text="For which kind of moment it holds, such as for a Monday; empty: for any.")
    sentence = serializers.CharField(help_text="Such as: Normal for a Monday at 09:00 UTC: 0.900–0.940.")


class SeriesShape(serializers.Serializer):
    """One line of a metric: its state as of now, and the last that came."""

    segment = serializers.CharField()
    estimated = serializers.BooleanField()
    source = serializers.CharField(source="source_id", allow_null=True)
    selector = serializers.DictField()
    state = serializers.ChoiceField(SHOWN, source="shown_now", help_text="`unmonitored`: nothing watches it.")
    since = Moment(source="shown_now_since", allow_null=True, help_text="Null while nothing watches it.")
    sentence = serializers.CharField()
    last_at = Moment(allow_null=True)
    last_value = serializers.FloatField(allow_null=True)
    baseline = serializers.SerializerMethodField()
    normal = serializers.SerializerMethodField(help_text="Null while that is not known.")

    @extend_schema_field(BaselineShape(allow_null=True))
    def get_baseline(self, series):
        newest = next(iter(series.baselines.all()), None)
        return BaselineShape(newest).data if newest else None

    @extend_schema_field(NormalShape(allow_null=True))
    def get_normal(self, series):
        known = self.context.get("normals")
        normal = (normals_of([series]) if known is None else known).get(series.pk)
        return NormalShape(normal).data if normal else None


class MetricShape(serializers.ModelSerializer):
    id = serializers.CharField(source="pk")
    url = address("metric")
    page = Page()
    system = serializers.SlugRelatedField("slug", read_only=True)
    series = SeriesShape(source="series_shown", many=True)

    class Meta:
        model = Metric
        fields = [
            *["id", "system", "key", "name", "unit", "kind", "scale", "direction", "target", "means", "leading"],
            *["series", "version", "url", "page"],
        ]


class NewBaseline(Strict):
    """What the whole of the metric is expected to be, as the experiment found; without a spread it is learned."""

    value = Number()
    spread = Number(required=False, allow_null=True)
    reason = Text(max_length=300)

    def validate_spread(self, spread):
        if spread is not None and spread <= 0:
            raise serializers.ValidationError("A spread is a positive number.")
        return spread


class MetricChange(Strict):
    name = Text(max_length=120, required=False, allow_blank=True)
    unit = Text(max_length=30, required=False, allow_blank=True)
    kind = Choice(Metric.Kind.choices, required=False)
    scale = Choice(Metric.Scale.choices, required=False)
    direction = Choice(Metric.Direction.choices, required=False)
    target = Number(required=False, allow_null=True)
    means = Text(max_length=300, required=False, allow_blank=True)
    leading = Truth(required=False)
    baseline = NewBaseline(required=False)


class NewMetric(MetricChange):
    """A metric of a system; with `source` it is pulled, by `selector`; `segments` are watched beside the whole."""

    system = Ours("slug", queryset=System.objects.all())
    key = Text(max_length=80, validators=[key_is_plain])
    unit = Text(max_length=30, allow_blank=True)
    kind = Choice(Metric.Kind.choices)
    direction = Choice(Metric.Direction.choices)
    source = Id(queryset=Source.objects.all(), required=False)
    selector = serializers.DictField(required=False)
    segments = serializers.ListField(child=Text(max_length=200), max_length=MOST_SEGMENTS, required=False)

    def validate(self, said: dict) -> dict:
        if said["direction"] == Metric.Direction.TARGET and said.get("target") is None:
            raise serializers.ValidationError({"target": ["Say which value is best."]})
        if "source" in said and said["source"].system_id != said["system"].pk:
            raise serializers.ValidationError({"source": ["This source is another system's."]})
        return said


class WithBand(serializers.Serializer):
    """Between which values it is normal."""

    normal_low = serializers.FloatField(allow_null=True)
    normal_high = serializers.FloatField(allow_null=True)


class PointShape(WithBand):
    """One value. `samples` is null where it is not known; what is normal is so of a value of as many samples.

    `normal_low` and `normal_high` are null without `band`, or while that is not known.
    """

    at = Moment()
    value = serializers.FloatField()
    samples = serializers.IntegerField(allow_null=True)
    maturity = serializers.ChoiceField(["provisional", "final"])
    version = serializers.CharField(allow_null=True)


class WindowShape(WithBand):
    """The values of `step` seconds from `at` on; what is normal is so of a value of the usual samples.

    `normal_low` and `normal_high` are null without `band`, or while that is not known.
    """

    at = Moment()
    mean = serializers.FloatField()
    min = serializers.FloatField()
    max = serializers.FloatField()
    samples = serializers.IntegerField(allow_null=True)
    points = serializers.IntegerField()


PointOrWindow = PolymorphicProxySerializer("PointOrWindow", [PointShape, WindowShape], None)
