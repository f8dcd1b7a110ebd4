"""Every address of the portal."""

from django.urls import include, path

from mlops_portal.pages import health, views

urlpatterns = [
    path("", views.home, name="home"),
    path("systems/", include("systems.urls")),
    path("incidents/", include("incidents.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("healthz/live", health.live, name="healthz-live"),
    path("healthz/ready", health.ready, name="healthz-ready"),
    path("healthz/pipeline", health.pipeline, name="healthz-pipeline"),
    path("metrics", health.metrics, name="metrics"),
]
