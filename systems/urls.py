"""Pages of the registry."""

from django.urls import path

from systems.views import systems

app_name = "systems"
urlpatterns = [
    path("", systems.list_page, name="list"),
    path("new/", systems.register, name="register"),
    path("<slug:slug>/", systems.detail, name="detail"),
    path("<slug:slug>/edit/", systems.edit, name="edit"),
    path("<slug:slug>/owners/<slug:role>/", systems.owner, name="owner"),
]
