"""Pages of incidents."""

from django.http import HttpResponse


def list_page(request):
    return HttpResponse("incidents")


def detail(request, number):
    return HttpResponse(str(number))
