"""Pages of incidents."""

from django.urls import path

from incidents.views import declaring, incidents, reports, response

app_name = "incidents"
urlpatterns = [
    path("incidents/", incidents.list_page, name="list"),
    path("incidents/declare/", declaring.declare_page, name="declare"),
    path("incidents/<int:number>/", incidents.detail, name="detail"),
    path("incidents/<int:number>/timeline/", incidents.timeline, name="timeline"),
    path("incidents/<int:number>/change/", declaring.change, name="change"),
    path("incidents/<int:number>/acknowledge/", response.acknowledge, name="acknowledge"),
    path("incidents/<int:number>/mitigate/", response.mitigate, name="mitigate"),
    path("incidents/<int:number>/resolve/", response.resolve, name="resolve"),
    path("incidents/<int:number>/tick/", response.tick, name="tick"),
    path("incidents/<int:number>/write/", response.write, name="write"),
    path("reports/incidents/", reports.incidents, name="report"),
]
