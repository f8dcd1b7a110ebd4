"""What one may not see does not exist: no page, list, count or answer tells of a restricted system (S12)."""

import re
from functools import partial

import pytest
from django.test import Client
from django.urls import reverse

from systems.models import Scope
from systems.tokens import make_token
from tests.callers import caller
from tests.doors.cast import BODIES, SECRET
from tests.doors.routes import API, PAGES, Route
from tests.doors.world import NOWHERE, World, undone
from tests.protections import protects

NUMBERS = ("number", "model_version", "deployment", "run", "drill", "answer", "waiver")
IDS = ("source_id", "metric_id", "monitor_id", "alert_id", "pull_id", "backfill_id")
NEVER_THERE = dict.fromkeys((*NUMBERS, *IDS), NOWHERE) | {"slug": "nowhere"}
ASKED = ["", "?format=csv", "?page_size=500"]
ROOM = re.compile(r'<section class="stack" id="room">.*?</section>', re.DOTALL)  # how large tables are, of all alike
PASSING = re.compile(  # another one at each request, or about all mail alike: tells of no system
    r"\w{64}|\d+ notices|_s\": -?[\d.]+|[0-9a-f]{32}|just now|moments|[\d.]+\s?(s|second|minute)s?\b( ago)?"
    r"|duty_age_seconds\S* [\d.e-]+|\d{4}-\d\d-\d\dT[\d:.]+"
)
SYSTEMS = "systems.models.system.SystemQuerySet"


def all_of_them(rows, person):
    return rows


def none_of_them(rows, person):
    return rows.none()


def doors(person) -> list[tuple[Client, list[Route]]]:
    """Return who asks for pages and who for the API, both `person`, with the routes."""
    client = Client()
    client.force_login(person)
    program = caller(person)
    program.get("me/")  # from now on the token's last use is known
    return [(client, PAGES), (program, API)]


def told_of(world: World, kind: str, shared: int) -> list[str]:
    """Return the addresses whose answers tell somebody of `kind` of the hidden system: its own, lists, `shared`."""
    telling = []
    for client, routes in doors(world.people[kind]):
        addresses = [world.address(route, kind) for route in routes if route.touches_system]
        addresses += [
            world.address(route, kind) + query for route in routes if not route.touches_system for query in ASKED
        ]
        addresses += [world.address(route, kind, number=shared) for route in routes if "number" in route.arguments]
        telling += [one for one in addresses if SECRET in client.get(one).content.decode().lower()]
    return telling


@protects("S12", off={f"{SYSTEMS}.visible_to": all_of_them})
@protects("S12", off={f"{SYSTEMS}.hidden_from": none_of_them})
@protects("S12", off={"incidents.models.entry.EntryQuerySet.visible_to": all_of_them})
def test_nothing_that_a_stranger_can_get_tells_of_a_hidden_system(hidden, shared):
    assert told_of(hidden, "stranger", shared) == []


@pytest.mark.parametrize("kind", ["administrator", "on_call", "viewer"])
def test_nothing_that_others_can_get_tells_of_a_hidden_system(hidden, shared, kind):
    assert told_of(hidden, kind, shared) == []


@pytest.mark.every_shape
def test_whoever_may_see_it_is_told_of_it_in_many_places(hidden, shared):
    assert len(told_of(hidden, "manager", shared)) > 60


def lasting(act) -> str:
    """Return what `act()` answers, without what passes; the database stays as it was."""
    response = undone(act)
    return f"{response.status_code} {PASSING.sub('…', ROOM.sub('…', response.content.decode()))}"


def lists(world: World, kind: str) -> list[tuple[Client, str]]:
    """Return who asks and where, for all that is about no one system."""
    return [
        (client, world.address(route, kind) + query)
        for client, routes in doors(world.people[kind])
        for route in routes
        if not route.touches_system and route.name != "components"  # which shows moments, and nothing that is kept
        for query in ASKED[:2]
    ]


@protects("S12", off={f"{SYSTEMS}.visible_to": all_of_them})
def test_lists_and_counts_are_those_of_a_portal_without_it(request, people, system):
    asked = lists(World(people, False, NEVER_THERE), "administrator")
    without = [lasting(partial(client.get, address)) for client, address in asked]
    request.getfixturevalue("hidden")
    answers = zip(asked, without, strict=True)
    assert [address for (client, address), before in answers if lasting(partial(client.get, address)) != before] == []


@pytest.mark.parametrize("kind", ["administrator", "stranger"])
@protects("S12", off={f"{SYSTEMS}.visible_to": all_of_them})
def test_what_is_hidden_answers_like_what_was_never_there(hidden, kind):
    differing = []
    for client, routes in doors(hidden.people[kind]):
        for route in filter(lambda route: route.touches_system, routes):
            addresses = hidden.address(route, kind), hidden.address(route, kind, **NEVER_THERE)
            for method in ("get", "post", "put", "patch", "delete"):
                ask, sent = getattr(client, method), BODIES.get(f"{route.name} {method}")
                answers = {lasting(partial(ask, address, sent)) for address in addresses}
                differing += [f"{method} {route.name}"] if len(answers) > 1 else []
    assert differing == []


@protects("S12", off={f"{SYSTEMS}.visible_to": all_of_them})
def test_the_portals_own_figures_count_what_the_tokens_owner_sees(hidden, stranger):
    _, text = make_token(person=stranger, scopes=[Scope.METRICS], by=stranger)
    figures = Client().get(reverse("metrics"), headers={"Authorization": f"Bearer {text}"}).content.decode()
    assert 'portal_systems{status="failing"} 0.0' in figures
    assert "portal_incidents_unresolved 0.0" in figures
