"""The other side of `list_page`: a page as Django's tutorial would write it, with as many rows and columns."""

from django.core.paginator import Paginator
from django.shortcuts import render
from django.urls import include, path

from systems.models import System


def page(request):
    """The first 50 systems, in a table and nothing else."""
    systems = System.objects.select_related("team").prefetch_related("holdings__person")
    return render(request, "bench/plain.html", {"page": Paginator(systems, 50).get_page(1)})


urlpatterns = [path("bench/plain/", page), path("", include("mlops_portal.urls"))]
