"""Pages of incidents."""

from django.urls import path

from incidents.views import incidents, response

app_name = "incidents"
urlpatterns = [
    path("", incidents.list_page, name="list"),
    path("<int:number>/", incidents.detail, name="detail"),
    path("<int:number>/timeline/", incidents.timeline, name="timeline"),
    path("<int:number>/acknowledge/", response.acknowledge, name="acknowledge"),
    path("<int:number>/mitigate/", response.mitigate, name="mitigate"),
    path("<int:number>/resolve/", response.resolve, name="resolve"),
    path("<int:number>/write/", response.write, name="write"),
]
