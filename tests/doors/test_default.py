"""Whoever says nothing lets nobody in, and what is declared is asked (S11)."""

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from rest_framework.response import Response
from rest_framework.views import APIView

from mlops_portal.settings import MIDDLEWARE
from mlops_portal.urls import urlpatterns as of_the_portal
from tests.callers import caller
from tests.protections import protects


class SaysNothing(APIView):
    def get(self, request):
        return Response("in")


urlpatterns = [
    path("bare/", lambda request: HttpResponse("in")),
    path("api/bare/", SaysNothing.as_view()),
    *of_the_portal,
]


@pytest.fixture
def _bare(settings):
    settings.ROOT_URLCONF = __name__


@protects("S11", off={"mlops_portal.engine.api.permissions.Denied.has_permission": lambda *asked: True})
@pytest.mark.usefixtures("_bare")
def test_a_view_of_the_api_that_says_nothing_lets_nobody_in(manager):
    assert caller(manager).get("/api/bare/").status_code == 403


@protects("S11", off={"settings.MIDDLEWARE": [one for one in MIDDLEWARE if "SignInRequired" not in one]})
@pytest.mark.usefixtures("_bare", "db")
def test_a_page_that_says_nothing_asks_to_sign_in():
    assert Client().get("/bare/").status_code == 302


@protects("S11", off={"systems.api.permissions.may": lambda *asked: True})
def test_the_api_asks_the_rule(viewer, system):
    program = caller(viewer)
    refused = [
        program.post("systems/", {"slug": "new", "name": "New", "team": "growth"}),
        program.patch("systems/churn/", {"name": "Mine"}),
        program.put("systems/churn/owners/data_owner/", {"person": "viewer"}),
    ]
    assert [answer.status_code for answer in refused] == [403, 403, 403]


@protects(
    "S11", off={"systems.doors.require": lambda *asked: None, "systems.views.editing.require": lambda *asked: None}
)
def test_a_page_asks_the_rule(client, viewer, system):
    client.force_login(viewer)
    asked = [client.get("/systems/new/"), client.get("/systems/churn/edit/"), client.get("/settings/people/")]
    assert [answer.status_code for answer in asked] == [403, 403, 403]
