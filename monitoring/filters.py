"""What the lists of monitoring can be asked for; hand in the request, so that what is hidden reads like what is not."""

import django_filters
from django.db.models import Q
from drf_spectacular.utils import extend_schema_field

from monitoring.models import Alert, Maintenance, Metric, Monitor, Source
from monitoring.models.series import SHOWN
from systems.models import System

YES_NO = [("true", "Yes"), ("false", "No")]


def _visible(request):
    if request is None:  # while the API describes itself
        return System.objects.none()
    return System.objects.visible_to(request.user)


class OfSystem(django_filters.FilterSet):
    """What belongs to one system, named by its slug."""

    system = extend_schema_field(str)(
        django_filters.ModelChoiceFilter(label="System", queryset=_visible, to_field_name="slug")
    )


class SourceFilter(OfSystem):
    kind = django_filters.CharFilter(max_length=30)
    enabled = django_filters.ChoiceFilter(method="by_enabled", choices=YES_NO)

    class Meta:
        model = Source
        fields: list[str] = []

    def by_enabled(self, sources, name, word):
        return sources.filter(enabled=word == "true")


class MetricFilter(OfSystem):
    key = django_filters.CharFilter(max_length=80)
    kind = django_filters.MultipleChoiceFilter(choices=Metric.Kind.choices, distinct=False)
    leading = django_filters.ChoiceFilter(method="by_leading", choices=YES_NO)
    state = django_filters.MultipleChoiceFilter(choices=SHOWN, method="by_state")

    class Meta:
        model = Metric
        fields: list[str] = []

    def by_leading(self, metrics, name, word):
        return metrics.filter(leading=word == "true")

    def by_state(self, metrics, name, words):
        return metrics.shown_as(words) if words else metrics


class MonitorFilter(OfSystem):
    system = extend_schema_field(str)(
        django_filters.ModelChoiceFilter(queryset=_visible, to_field_name="slug", method="of_system")
    )
    kind = django_filters.MultipleChoiceFilter(choices=Monitor.Kind.choices, distinct=False)

    class Meta:
        model = Monitor
        fields: list[str] = []

    def of_system(self, monitors, name, system):
        return monitors.filter(Q(series__metric__system=system) | Q(source__system=system))


class AlertFilter(OfSystem):
    system = extend_schema_field(str)(
        django_filters.ModelChoiceFilter(queryset=_visible, to_field_name="slug", method="of_system")
    )
    open = django_filters.ChoiceFilter(method="by_open", choices=YES_NO)
    severity = django_filters.MultipleChoiceFilter(choices=Monitor.Severity.choices, distinct=False)

    class Meta:
        model = Alert
        fields: list[str] = []

    def of_system(self, alerts, name, system):
        return alerts.of_systems([system])

    def by_open(self, alerts, name, word):
        return alerts.filter(cleared_at__isnull=word == "true")


class MaintenanceFilter(OfSystem):
    class Meta:
        model = Maintenance
        fields: list[str] = []
