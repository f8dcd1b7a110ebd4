"""Pages of what the machines see that monitoring brings by itself; the roof adds a metric's page."""

from django.urls import path

from monitoring.views import alerts, backfilling, connecting, editing, maintenance, sources

urlpatterns = [
    path("systems/<slug:slug>/connect/", connecting.connect, name="connect"),
    path("systems/<slug:slug>/metrics/<str:key>/edit/", editing.edit, name="edit-metric"),
    path("systems/<slug:slug>/metrics/<str:key>/remove/", editing.remove, name="remove-metric"),
    path("systems/<slug:slug>/metrics/<str:key>/expect/", editing.expect, name="expect"),
    path("systems/<slug:slug>/metrics/<str:key>/renew/", editing.renew, name="renew-baseline"),
    path("alerts/<int:alert_id>/feedback/", alerts.feedback, name="alert-feedback"),
    path("alerts/<int:alert_id>/snooze/", alerts.snooze, name="alert-snooze"),
    path("alerts/<int:alert_id>/answer/", alerts.answer, name="alert-answer"),
    path("monitors/<int:monitor_id>/tune/", alerts.tune, name="tune-monitor"),
    path("monitors/<int:monitor_id>/snooze/", alerts.snooze_monitor, name="snooze-monitor"),
    path("systems/<slug:slug>/maintenance/", maintenance.maintenance, name="maintenance"),
    path("maintenance/<int:maintenance_id>/end/", maintenance.end, name="end-maintenance"),
    path("sources/<int:source_id>/", sources.source, name="source"),
    path("sources/<int:source_id>/progress/", sources.progress, name="source-progress"),
    path("sources/<int:source_id>/edit/", sources.edit, name="edit-source"),
    path("sources/<int:source_id>/pull/", sources.pull, name="pull-source"),
    path("sources/<int:source_id>/backfill/", backfilling.fill_in, name="backfill"),
    path("sources/<int:source_id>/backfill/progress/", backfilling.progress, name="backfill-progress"),
    path("backfills/<int:backfill_id>/cancel/", backfilling.cancel, name="cancel-backfill"),
    path("sources/<int:source_id>/pause/", sources.pause, name="pause-source"),
    path("sources/<int:source_id>/remove/", sources.remove, name="remove-source"),
]
