"""Pages of incidents."""

from django.urls import path

from incidents.views import incidents

app_name = "incidents"
urlpatterns = [
    path("", incidents.list_page, name="list"),
    path("<int:number>/", incidents.detail, name="detail"),
]
