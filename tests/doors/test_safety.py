"""Nothing changes by being looked at, nor by a form that another site made (S20)."""

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.test import Client

from mlops_portal.engine.models import Change
from systems.models import Token
from tests.doors.routes import API, PAGES, ROUTES
from tests.doors.world import undone


def test_no_route_takes_a_post_from_a_session_without_the_csrf_token(world):
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.people["manager"])
    unsafe = [(route, method) for route in API for method in route.actions if method not in ("get", "head")]
    unsafe += [(route, "post") for route in PAGES if route.name != "api-nothing"]
    through = [
        f"{method} {route.name}"
        for route, method in unsafe
        if undone(lambda: getattr(client, method)(world.address(route, "manager"))).status_code not in (403, 405)  # noqa: B023
    ]
    assert through == []


def rows() -> dict:
    """Return all that the database holds, but for sessions, refusals and when a token was last used."""
    kept = {model: list(model.objects.order_by("pk").values()) for model in apps.get_models() if model is not Session}
    kept[Change] = [change for change in kept[Change] if change["verb"] != "refused"]
    for token in kept[Token]:
        del token["last_used_at"]
    return kept


@pytest.mark.every_shape
@pytest.mark.parametrize("kind", ["manager", "administrator"])
def test_reading_changes_nothing_but_the_trail_of_refusals(world, kind):
    client = Client()
    client.force_login(world.people[kind])
    before = rows()
    for route in ROUTES:
        client.get(world.address(route, kind))
    assert rows() == before
