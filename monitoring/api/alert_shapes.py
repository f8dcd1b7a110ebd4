"""How monitors and alerts look to programs, and what they take from them."""

from datetime import timedelta

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from mlops_portal.engine.api.fields import Choice, Integer, Moment, Number, Text, Truth
from mlops_portal.engine.api.serializers import Strict
from monitoring.api.shapes import Id, address
from monitoring.models import Alert, Metric, Monitor

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


class MonitorShape(OfSeriesOrSource):
    url = address("monitor")
    kind = serializers.ChoiceField(Monitor.Kind.choices)
    settings = serializers.DictField()
    state = serializers.SerializerMethodField(help_text="The severity of its open alert, or ok, or not_evaluated.")
    snoozed_until = Moment(allow_null=True)
    evaluated_at = Moment(allow_null=True)

    class Meta:
        model = Monitor
        fields = [
            *["id", "system", "metric", "segment", "source", "kind", "settings", "severity", "snoozed_until"],
            *["state", "evaluated_at", "why", "version", "url", "page"],
        ]

    def get_state(self, monitor) -> str:
        alert = next((alert for alert in monitor.alerts.all() if alert.cleared_at is None), None)
        if alert:
            return alert.severity
        return "ok" if monitor.evaluated_at else "not_evaluated"


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

    class Meta:
        model = Alert
        fields = [
            *["id", "system", "metric", "segment", "source", "monitor", "kind", "severity", "sentence"],
            *["opened_at", "onset_at", "first_visible_at", "cleared_at", "not_evaluated_since", "snoozed_until"],
            *["real", "said_by", "said_at", "url", "page"],
        ]


class LimitSettings(Strict):
    """`bad` of the last `of` values beyond a bound open an alert."""

    below = Number(required=False, allow_null=True)
    above = Number(required=False, allow_null=True)
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
