"""The other side of a page: one as Django's tutorial would write it, with as many rows and columns."""

from django.core.paginator import Paginator
from django.shortcuts import render
from django.urls import include, path

from systems.models import Outcome, System

ROWS = {
    "systems": lambda: System.objects.select_related("team").prefetch_related("holdings__person"),
    "outcomes": lambda: Outcome.objects.select_related("system__team").order_by("pk"),
}


def page(request, of):
    """The first rows, in a table and nothing else."""
    rows, columns = int(request.GET["rows"]), int(request.GET["columns"])
    context = {"page": Paginator(ROWS[of](), rows).get_page(1), "columns": columns}
    return render(request, f"bench/{of}.html", context)


urlpatterns = [path("bench/plain/<slug:of>/", page), path("", include("mlops_portal.urls"))]
