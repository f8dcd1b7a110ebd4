"""Pages of systems."""

from django.http import HttpResponse


def list_page(request):
    return HttpResponse("systems")


def register(request):
    return HttpResponse("register")


def detail(request, slug):
    return HttpResponse(slug)


def edit(request, slug):
    return HttpResponse(slug)


def owner(request, slug, role):
    return HttpResponse(f"{slug} {role}")
