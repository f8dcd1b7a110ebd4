"""Addresses of what the machines see, under /api/v1/."""

from django.urls import path

from monitoring.api.alerts import Alerts, Maintenances, Monitors
from monitoring.api.backfills import Backfills, SourceBackfills
from monitoring.api.ingest import Ingest
from monitoring.api.metrics import Metrics, Points
from monitoring.api.sources import Pulls, PullsOfSource, SourceKinds, Sources

READ = {"get": "list"}
READ_ADD = {"get": "list", "post": "create"}
ONE = {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}

urlpatterns = [
    path("source-kinds/", SourceKinds.as_view(READ), name="source-kinds"),
    path("sources/", Sources.as_view(READ_ADD), name="sources"),
    path("sources/test/", Sources.as_view({"post": "test"}), name="sources-test"),
    path("sources/<int:source_id>/", Sources.as_view(ONE), name="source"),
    path("sources/<int:source_id>/pull/", Sources.as_view({"post": "pull"}), name="source-pull"),
    path("sources/<int:source_id>/pulls/", PullsOfSource.as_view(READ), name="source-pulls"),
    path("sources/<int:source_id>/backfill/", SourceBackfills.as_view({"post": "create"}), name="source-backfill"),
    path("backfills/<int:backfill_id>/", Backfills.as_view({"get": "retrieve"}), name="backfill"),
    path("backfills/<int:backfill_id>/cancel/", Backfills.as_view({"post": "cancel"}), name="backfill-cancel"),
    path("pulls/<int:pull_id>/", Pulls.as_view({"get": "retrieve"}), name="pull"),
    path("metrics/", Metrics.as_view(READ_ADD), name="metrics"),
    path("metrics/<int:metric_id>/", Metrics.as_view(ONE), name="metric"),
    path("metrics/<int:metric_id>/points/", Points.as_view(READ), name="metric-points"),
    path("ingest/", Ingest.as_view({"post": "create"}), name="ingest"),
    path("monitors/", Monitors.as_view(READ_ADD), name="monitors"),
    path("monitors/<int:monitor_id>/", Monitors.as_view(ONE), name="monitor"),
    path("monitors/<int:monitor_id>/backtest/", Monitors.as_view({"post": "backtest"}), name="monitor-backtest"),
    path("alerts/", Alerts.as_view(READ), name="alerts"),
    path("alerts/<int:alert_id>/", Alerts.as_view({"get": "retrieve"}), name="alert"),
    path("alerts/<int:alert_id>/snooze/", Alerts.as_view({"post": "snooze"}), name="alert-snooze"),
    path("alerts/<int:alert_id>/feedback/", Alerts.as_view({"post": "feedback"}), name="alert-feedback"),
    path("alerts/<int:alert_id>/answer/", Alerts.as_view({"post": "answer_version"}), name="alert-answer"),
    path("maintenance/", Maintenances.as_view(READ_ADD), name="maintenances"),
    path("maintenance/<int:maintenance_id>/", Maintenances.as_view({"get": "retrieve"}), name="maintenance"),
    path("maintenance/<int:maintenance_id>/end/", Maintenances.as_view({"post": "end"}), name="maintenance-end"),
]
