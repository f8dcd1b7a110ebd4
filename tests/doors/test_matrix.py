"""Every route × every kind of person: who gets in, who is refused, and that no route lacks a rule (S11, S12)."""

from http.cookies import SimpleCookie

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import path, reverse
from rest_framework.test import APIClient

from systems.access import RULES
from systems.models import Scope
from systems.tokens import make_token
from tests.doors.cast import ANONYMOUS, BODIES, KINDS, MAY
from tests.doors.routes import API, PAGES, ROUTES, Route, routes, undeclared
from tests.doors.world import World, undone

API_METHODS = ["get", "post", "put", "patch", "delete", "options"]
PAGE_METHODS = ["get", "post", "delete"]
REGISTERS = ("api:system-spec", "put")  # a system that one does not see is a new one
IN_THE_WAY = ("api:feed", "delete")  # systems depend on the feed, and nobody said that they can do without
NO_SUCH_METHOD = "takes no such method"


def asked(some: list[Route], is_restricted: bool) -> list[Route]:
    """Return the routes that are asked in a world: where the system is restricted, those that touch it."""
    return [route for route in some if route.touches_system or not is_restricted]


def test_every_route_declares_its_rule(record_property):
    cells = len(KINDS) * sum(
        len(API_METHODS) * len(asked(API, is_restricted)) + len(PAGE_METHODS) * len(asked(PAGES, is_restricted))
        for is_restricted in (False, True)
    )
    missing = undeclared(ROUTES)
    for what, count in (("routes", len(ROUTES)), ("cells", cells), ("undeclared", len(missing))):
        record_property(what, count)
    assert missing == []


def test_a_route_without_a_rule_is_found():
    bare = list(routes([path("bare/", lambda request: HttpResponse(), name="bare")]))
    assert undeclared(bare) == ["bare ?"]


def test_every_rule_is_told_apart_here():
    assert set(MAY) == set(RULES)


@pytest.mark.parametrize("kind", KINDS)
def test_the_api_lets_in_whom_the_rules_let_in(world, kind):
    client = APIClient()
    if kind != ANONYMOUS:
        _, text = make_token(person=world.people[kind], scopes=Scope.values, by=None)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    wrong = {}
    for route in asked(API, world.is_restricted):
        address = world.address(route, kind)
        for method in API_METHODS:
            body = BODIES.get(f"{route.name} {method}")
            got = undone(lambda: getattr(client, method)(address, body)).status_code  # noqa: B023
            wanted = answer_of_api(world, route, method, kind)
            if got != wanted:
                wrong[f"{method} {address}"] = f"{got}, not {wanted}"
    assert wrong == {}


def answer_of_api(world: World, route: Route, method: str, kind: str) -> int:
    if kind == ANONYMOUS:
        return 401
    if method not in route.actions:
        return 405
    door = route.door(method)
    is_in = kind in MAY[door.rule]
    if not is_in and not RULES[door.rule].about:
        return 403
    if world.hides(route, kind) and (route.name, method) == REGISTERS:
        return 400 if kind in MAY["system.register"] else 403  # the file says too little for a new one
    if world.hides(route, kind):
        return 404
    if is_in and (route.name, method) == IN_THE_WAY:
        return 409
    return door.status if is_in else 403


@pytest.mark.parametrize("kind", KINDS)
def test_pages_let_in_whom_the_rules_let_in(world, kind):
    client = Client()
    if kind != ANONYMOUS:
        client.force_login(world.people[kind])
    mine = client.cookies.output(header="", sep=";")
    wrong = {}
    for route in asked(PAGES, world.is_restricted):
        address = world.address(route, kind)
        got = {}
        for method in PAGE_METHODS:
            client.cookies = SimpleCookie(mine)
            got[method] = answer_of_page(undone(lambda: getattr(client, method)(address)))  # noqa: B023
        wanted = {method: wanted_of_page(world, route, method, kind) for method in got}
        if any(got[method] not in (wanted[method], NO_SUCH_METHOD) for method in got):
            wrong[address] = f"{got}, not {wanted}"
        if set(got.values()) == {NO_SUCH_METHOD}:
            wrong[address] = "takes no method at all"
    assert wrong == {}


def answer_of_page(response) -> str:
    if response.status_code == 302 and response["Location"].startswith(reverse("account_login") + "?next="):
        return "sent to sign in"
    words = {403: "refused", 404: "hidden", 405: NO_SUCH_METHOD}
    return words.get(response.status_code, "in" if response.status_code < 500 else "broken")


def wanted_of_page(world: World, route: Route, method: str, kind: str) -> str:
    if hasattr(route.view, "public"):
        return "hidden" if route.name == "api-nothing" else "in"
    if kind == ANONYMOUS:
        return "sent to sign in"
    rule = route.view.rules["POST" if method == "post" else "GET"]
    if kind not in MAY[rule] and not RULES[rule].about:
        return "refused"
    if world.hides(route, kind):
        return "hidden"
    return "in" if kind in MAY[rule] else "refused"
