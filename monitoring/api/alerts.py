"""Monitors, and the alerts that they open."""

from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from mlops_portal.engine.api.errors import Conflict
from mlops_portal.engine.api.paging import Cursor
from mlops_portal.engine.api.permissions import Door
from monitoring.actions import monitors
from monitoring.actions.alerts import say_real
from monitoring.api import alert_shapes as shapes
from monitoring.api.sources import OfASystem
from monitoring.filters import AlertFilter, MonitorFilter
from monitoring.models import Alert, Monitor
from systems.access import require
from systems.models import Scope

ORIGIN = ("series__metric__system__team", "source__system__team")


class Monitors(OfASystem):
    queryset = Monitor.objects.select_related(*ORIGIN).prefetch_related("alerts").order_by("-pk")
    serializer_class = shapes.MonitorShape
    filterset_class = MonitorFilter
    lookup_url_kwarg = "monitor_id"
    versioned = ("partial_update", "destroy")
    doors = {
        "list": Door(Scope.READ, "read"),
        "retrieve": Door(Scope.READ, "read"),
        "create": Door(Scope.WRITE, "system.edit", takes=shapes.NewMonitor, status=201),
        "partial_update": Door(Scope.WRITE, "system.edit", takes=shapes.MonitorChange),
        "destroy": Door(Scope.WRITE, "system.edit", status=204),
    }

    def get_queryset(self):
        return super().get_queryset().visible_to(self.request.user)

    def represent(self, row) -> dict:
        return super().represent(Monitor.objects.select_related(*ORIGIN).get(pk=row.pk))

    def create(self, request) -> Response:
        said = self.given()
        series = said["series"]
        require(request.user, "system.edit", series.metric.system)
        severity = said.get("severity", Monitor.Severity.WARNING)
        there = series.monitors.filter(kind=Monitor.Kind.LIMIT, severity=severity).first()
        if there:
            raise Conflict(f"This series has a limit of severity {severity}.", self.represent(there)["url"])
        try:
            limit = monitors.set_limit(
                series, **said["settings"], severity=severity, by=request.user, at=timezone.now()
            )
        except monitors.BadMonitor as bad:
            raise ValidationError({"settings": [str(bad)]}) from None
        return self.answer(limit, created=True)

    def partial_update(self, request, monitor_id) -> Response:
        monitor = self.get_object()
        facts = self.given(monitor)
        try:
            edited = monitors.edit_monitor(monitor=monitor, by=request.user, at=timezone.now(), seen=self.seen, **facts)
        except monitors.BadMonitor as bad:
            raise ValidationError({"settings": [str(bad)]}) from None
        return self.answer(edited)

    def destroy(self, request, monitor_id) -> Response:
        """Watch by it no more, and forget its alerts."""
        monitors.remove_monitor(monitor=self.get_object(), by=request.user, at=timezone.now(), seen=self.seen)
        return Response(status=204)


class Alerts(OfASystem):
    queryset = Alert.objects.with_origin().select_related("said_by")
    serializer_class = shapes.AlertShape
    filterset_class = AlertFilter
    pagination_class = Cursor
    lookup_url_kwarg = "alert_id"
    doors = {
        "list": Door(Scope.READ, "read"),
        "retrieve": Door(Scope.READ, "read"),
        "snooze": Door(Scope.INCIDENTS, "alert.act", takes=shapes.Snooze),
        "feedback": Door(Scope.INCIDENTS, "alert.act", takes=shapes.Feedback),
    }

    def get_queryset(self):
        return super().get_queryset().visible_to(self.request.user)

    def represent(self, row) -> dict:
        return super().represent(Alert.objects.with_origin().select_related("said_by").get(pk=row.pk))

    def snooze(self, request, alert_id) -> Response:
        """Let its monitor open no incident until then."""
        alert = self.get_object()
        monitors.snooze(alert.monitor, by=request.user, at=timezone.now(), **self.given())
        return self.answer(alert)

    def feedback(self, request, alert_id) -> Response:
        """Say whether it was about something real."""
        alert = self.get_object()
        return self.answer(say_real(alert, by=request.user, at=timezone.now(), **self.given()))
