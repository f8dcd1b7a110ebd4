"""Monitors, and the alerts that they open."""

from datetime import timedelta

from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from mlops_portal.engine.api.errors import Conflict
from mlops_portal.engine.api.paging import Cursor
from mlops_portal.engine.api.permissions import Door
from mlops_portal.engine.limits import spend
from monitoring.actions import monitors
from monitoring.actions.alerts import NotAsked, answer_version, say_real
from monitoring.actions.maintenance import BadMaintenance, Over, end_maintenance, plan_maintenance
from monitoring.api import alert_shapes as shapes
from monitoring.api.backtest_shapes import BacktestAsked, BacktestShape
from monitoring.api.maintenance_shapes import MaintenanceShape, NewMaintenance
from monitoring.api.sources import OfASystem
from monitoring.feedback import said_of
from monitoring.filters import AlertFilter, MaintenanceFilter, MonitorFilter
from monitoring.judging.backtesting import OLDEST, backtest
from monitoring.models import Alert, Maintenance, Monitor
from monitoring.models.alert import ask_once
from systems.access import require
from systems.models import Scope

YEAR = timedelta(days=365)
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
        "backtest": Door(Scope.READ, "read", takes=BacktestAsked, gives=BacktestShape),
    }

    def get_queryset(self):
        return super().get_queryset().visible_to(self.request.user)

    def represent(self, row) -> dict:
        return super().represent(Monitor.objects.select_related(*ORIGIN).get(pk=row.pk))

    def paginate_queryset(self, queryset):
        rows = super().paginate_queryset(queryset)
        self.said = said_of(rows)
        return rows

    def get_serializer_context(self) -> dict:
        return super().get_serializer_context() | {"said": getattr(self, "said", {})}

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

    def backtest(self, request, monitor_id) -> Response:
        """What would it have told of what is stored, with other settings if some are given? Nothing is written."""
        monitor, said = self.get_object(), self.given()
        spend("backtest", by=request.user)
        end = said.get("to") or timezone.now()
        begin = said.get("from") or max(end, OLDEST) - YEAR
        if begin >= end:
            raise ValidationError({"from": ["It must lie before the end."]})
        try:
            settings = monitors.checked(monitor.kind, said.get("settings", monitor.settings))
            asked = Monitor(series=monitor.series, kind=monitor.kind, settings=settings)
            done = backtest(asked, from_at=begin, to_at=end)
        except monitors.BadMonitor as bad:
            raise ValidationError({"settings": [str(bad)]}) from None
        except ValueError as cannot:
            raise Conflict(str(cannot)) from None
        return Response(BacktestShape(done, context=self.get_serializer_context()).data)


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
        "answer_version": Door(Scope.INCIDENTS, "alert.act", takes=shapes.VersionAnswer),
    }

    def paginate_queryset(self, queryset):
        rows = super().paginate_queryset(queryset)
        ask_once(rows)
        return rows

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

    def answer_version(self, request, alert_id) -> Response:
        """Say whether the level since a new model version is what is to be expected; if so, it is the baseline."""
        alert = self.get_object()
        try:
            return self.answer(answer_version(alert, by=request.user, at=timezone.now(), **self.given()))
        except NotAsked as over:
            raise Conflict(str(over)) from None


class Maintenances(OfASystem):
    """Times in which alerts of a system open no incident."""

    queryset = Maintenance.objects.select_related("system__team", "by", "ended_by")
    serializer_class = MaintenanceShape
    filterset_class = MaintenanceFilter
    lookup_url_kwarg = "maintenance_id"
    doors = {
        "list": Door(Scope.READ, "read"),
        "retrieve": Door(Scope.READ, "read"),
        "create": Door(Scope.INCIDENTS, "maintenance.plan", takes=NewMaintenance, status=201),
        "end": Door(Scope.INCIDENTS, "maintenance.plan"),
    }

    def get_queryset(self):
        return super().get_queryset().visible_to(self.request.user)

    def create(self, request) -> Response:
        """Plan one."""
        said = self.given()
        require(request.user, "maintenance.plan", said["system"])
        now = timezone.now()
        times = {"from_at": said.get("from") or now, "to_at": said["to"]}
        try:
            planned = plan_maintenance(system=said["system"], why=said["why"], by=request.user, at=now, **times)
        except BadMaintenance as bad:
            raise ValidationError({bad.field: [str(bad)]}) from None
        return self.answer(planned, created=True)

    def end(self, request, maintenance_id) -> Response:
        """End it before its time, or call it off."""
        self.given()
        try:
            ended = end_maintenance(maintenance=self.get_object(), by=request.user, at=timezone.now())
        except Over as over:
            raise Conflict(str(over)) from None
        return self.answer(ended)
