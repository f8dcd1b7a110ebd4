"""Addresses of incidents under /api/v1/."""

from django.urls import path

from incidents.api.reports import Report
from incidents.api.views import Incidents, Timeline

urlpatterns = [
    path("incidents/", Incidents.as_view({"get": "list", "post": "create"}), name="incidents"),
    path("incidents/<int:number>/", Incidents.as_view({"get": "retrieve", "patch": "partial_update"}), name="incident"),
    path("incidents/<int:number>/acknowledge/", Incidents.as_view({"post": "acknowledge"}), name="acknowledge"),
    path("incidents/<int:number>/mitigate/", Incidents.as_view({"post": "mitigate"}), name="mitigate"),
    path("incidents/<int:number>/resolve/", Incidents.as_view({"post": "resolve"}), name="resolve"),
    path("incidents/<int:number>/timeline/", Timeline.as_view({"get": "list", "post": "create"}), name="timeline"),
    path("reports/incidents/", Report.as_view({"get": "retrieve"}), name="report-incidents"),
]
