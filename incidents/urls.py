"""Pages of incidents."""

from django.urls import path

from incidents.views import declaring, incidents, response

app_name = "incidents"
urlpatterns = [
    path("", incidents.list_page, name="list"),
    path("declare/", declaring.declare_page, name="declare"),
    path("<int:number>/", incidents.detail, name="detail"),
    path("<int:number>/timeline/", incidents.timeline, name="timeline"),
    path("<int:number>/change/", declaring.change, name="change"),
    path("<int:number>/acknowledge/", response.acknowledge, name="acknowledge"),
    path("<int:number>/mitigate/", response.mitigate, name="mitigate"),
    path("<int:number>/resolve/", response.resolve, name="resolve"),
    path("<int:number>/write/", response.write, name="write"),
]
