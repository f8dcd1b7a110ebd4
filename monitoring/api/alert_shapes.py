"""How monitors and alerts look to programs, and what they take from them."""

from datetime import timedelta

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from mlops_portal.engine.api.fields import Choice, Integer, Moment, Number, Text, Truth
from mlops_portal.engine.api.serializers import Strict
from monitoring.actions.monitors import BadMonitor, bounds_of_baseline
from monitoring.api.shapes import Id, address
from monitoring.feedback import said_of
from monitoring.models import Alert, Metric, Monitor
from monitoring.wording import plain

LONGEST_SNOOZE = timedelta(days=90)


class OfSeriesOrSource(serializers.ModelSerializer):
    """What watches, or was found by what watches, a series or a source: which, and whose."""

    id = serializers.CharField(source="pk")
    system = serializers.SerializerMethodField()
    metric = serializers.SerializerMethodField(help_text="Its id; null where a source is watched.")
    segment = serializers.SerializerMethodField()
    source = serializers.SerializerMethodField(help_text="Its id; null where a series is watched.")
    page = serializers.SerializerMethodField()

    def _monitor(self, row) -> Monitor:
        return row if isinstance(row, Monitor) else row.monitor

    def get_system(self, row) -> str:
        return row.system.slug

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_metric(self, row):
        series = self._monitor(row).series
        return str(series.metric_id) if series else None

    def get_segment(self, row) -> str:
        series = self._monitor(row).series
        return series.segment if series else ""

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_source(self, row):
        source_id = self._monitor(row).source_id
        return str(source_id) if source_id else None

    @extend_schema_field(serializers.URLField())
    def get_page(self, row) -> str:
        monitor = self._monitor(row)
        of = monitor.series.metric if monitor.series else monitor.source
        return self.context["request"].build_absolute_uri(of.get_absolute_url())


class FeedbackShape(serializers.Serializer):
    """`proposed` is a sensitivity, null where nothing speaks against the present one; nobody but a person sets it."""

    real = serializers.IntegerField()
    false_alarms = serializers.IntegerField(source="false")
    not_said = serializers.IntegerField(source="open_question")
    proposed = serializers.CharField(allow_null=True)
    why = serializers.CharField()


class MonitorShape(OfSeriesOrSource):
    url = address("monitor")
    kind = serializers.ChoiceField(Monitor.Kind.choices)
    settings = serializers.DictField()
    state = serializers.SerializerMethodField(help_text="The severity of its open alert, or ok, or not_evaluated.")
    snoozed_until = Moment(allow_null=True)
    feedback = serializers.SerializerMethodField(help_text="What people said of its alerts, and what that speaks for.")
    evaluated_at = Moment(allow_null=True)

    class Meta:
        model = Monitor
        fields = [
            *["id", "system", "metric", "segment", "source", "kind", "settings", "severity", "snoozed_until"],
            *["state", "feedback", "evaluated_at", "why", "version", "url", "page"],
        ]

    @extend_schema_field(FeedbackShape)
    def get_feedback(self, monitor) -> dict:
        said = self.context.get("said", {}).get(monitor.pk) or said_of([monitor])[monitor.pk]
        return FeedbackShape(said).data

    def get_state(self, monitor) -> str:
        alert = next((alert for alert in monitor.alerts.all() if alert.cleared_at is None), None)
        if alert:
            return alert.severity
        return "ok" if monitor.evaluated_at else "not_evaluated"


class Sentence(serializers.CharField):
    """A sentence without what marks names in it for pages."""

    def to_representation(self, value) -> str:
        return plain(super().to_representation(value))


class BesideShape(serializers.Serializer):
    """Something that moved, or was recorded, at about the same time."""

    words = Sentence()
    metric = serializers.CharField(required=False)
    segment = serializers.CharField(required=False)
    onset_at = serializers.DateTimeField(required=False)
    size = serializers.FloatField(required=False, allow_null=True)
    kind = serializers.CharField(required=False, help_text="deployment, schema, contract or incident")
    at = serializers.DateTimeField(required=False)
    page = serializers.SerializerMethodField(help_text="The page that shows it; empty of what was explained long ago.")

    @extend_schema_field(serializers.CharField())
    def get_page(self, said) -> str:
        return self.context["request"].build_absolute_uri(said["page"]) if said.get("page") else ""


class ExplanationShape(serializers.Serializer):
    """`size` in the metric's unit; it began between `onset_from` and `onset_to`."""

    most = serializers.CharField(required=False, help_text="Where it moved most, as the sentence goes on.")
    beside = serializers.ListField(child=Sentence(), required=False)
    direction = serializers.CharField(required=False)
    size = serializers.FloatField(required=False)
    change = serializers.CharField(required=False)
    onset_from = serializers.DateTimeField(required=False)
    onset_to = serializers.DateTimeField(required=False)
    began = serializers.CharField(required=False)
    confidence = serializers.CharField(required=False)
    segments = BesideShape(many=True, required=False)
    metrics = BesideShape(many=True, required=False)
    changes = BesideShape(many=True, required=False)


class AlertShape(OfSeriesOrSource):
    url = address("alert")
    monitor = serializers.CharField(source="monitor_id")
    kind = serializers.ChoiceField(Monitor.Kind.choices, source="monitor.kind")
    opened_at = Moment()
    onset_at = Moment(allow_null=True)
    first_visible_at = Moment(allow_null=True)
    cleared_at = Moment(allow_null=True)
    not_evaluated_since = Moment(allow_null=True)
    snoozed_until = Moment(source="monitor.snoozed_until", allow_null=True)
    said_by = serializers.SlugRelatedField("username", read_only=True, allow_null=True)
    said_at = Moment(allow_null=True)
    returned = serializers.IntegerField(help_text="How often it came back after it was over.")
    asks = serializers.CharField(help_text="The new model version whose level may be the new normal; empty: it alarms.")
    whole_sentence = Sentence(help_text="With what moved, or was recorded, at that time.")
    explanation = ExplanationShape(
        source="told", help_text="Empty until it is found out, and of other than quiet change."
    )
    amended = serializers.CharField(help_text="What late or corrected values changed of it.")

    class Meta:
        model = Alert
        fields = [
            *[
                "id",
                "system",
                "metric",
                "segment",
                "source",
                "monitor",
                "kind",
                "severity",
                "sentence",
                "whole_sentence",
            ],
            *["opened_at", "onset_at", "first_visible_at", "cleared_at", "not_evaluated_since", "snoozed_until"],
            *["returned", "asks", "amended", "explanation", "real", "said_by", "said_at", "url", "page"],
        ]


class LimitSettings(Strict):
    """`bad` of the last `of` values beyond a bound open an alert."""

    below = Number(required=False, allow_null=True)
    above = Number(required=False, allow_null=True)
    spreads = Number(
        required=False, min_value=0.5, max_value=20, help_text="Instead of bounds: so many spreads from the baseline."
    )
    bad = Integer(min_value=1, max_value=100, required=False)
    of = Integer(min_value=1, max_value=100, required=False)


class NewMonitor(Strict):
    """A limit of a series; the other kinds stand by default and are changed, not added."""

    metric = Id(queryset=Metric.objects.all())
    segment = Text(max_length=200, required=False, allow_blank=True)
    kind = Text(max_length=10, help_text="limit")
    settings = LimitSettings()
    severity = Choice(Monitor.Severity.choices, required=False)

    def validate_kind(self, kind: str) -> str:
        if kind != Monitor.Kind.LIMIT:
            raise serializers.ValidationError("Only a limit is added; the others stand by default.")
        return kind

    def validate(self, said: dict) -> dict:
        series = said["metric"].series.filter(segment=said.get("segment", ""), estimated=False).first()
        if series is None:
            raise serializers.ValidationError({"segment": ["The metric has no such series."]})
        spreads = said["settings"].pop("spreads", None)
        if spreads is not None:
            try:
                said["settings"] |= bounds_of_baseline(series, spreads)
            except BadMonitor as bad:
                raise serializers.ValidationError({"settings": {"spreads": [str(bad)]}}) from None
        return said | {"series": series}


class MonitorChange(Strict):
    """`settings` replaces those that there are: limit {below?, above?, bad?, of?}, change {sensitivity},
    silence {after_s?}.
    """

    settings = serializers.DictField(required=False)
    severity = Choice(Monitor.Severity.choices, required=False)


class Snooze(Strict):
    until = Moment(allow_null=True, help_text="null: from now on again.")

    def validate_until(self, until):
        if until and until > timezone.now() + LONGEST_SNOOZE:
            raise serializers.ValidationError(f"At most {LONGEST_SNOOZE.days} days ahead.")
        return until


class Feedback(Strict):
    real = Truth()


class VersionAnswer(Strict):
    expected = Truth(help_text="true: the level is the new baseline; false: it alarms.")
