"""What is changed through the API stands in the history, whatever it is: a row that says who, what and which door."""

import pytest

from mlops_portal.engine.models import Change
from tests.doors.cast import BODIES
from tests.doors.routes import API
from tests.doors.world import undone

STEPS = ("acknowledge", "mitigate", "resolve")
METHODS = ("post", "put", "patch", "delete")
OTHERWISE = {"api:dependencies put": {"systems": [], "feeds": []}}  # another body than stands there already
TIMELINE = "an incident's own history is its timeline (DESIGN 4)"
CHANGES_NOTHING = {
    **dict.fromkeys((f"api:{name}" for name in ("incidents", "incident", "timeline", *STEPS)), TIMELINE),
    "api:member delete": "nobody is a member here who could be taken out",
    "api:sources-test": "asks and keeps nothing",
    "api:ingest": "brings values, which keep what they replaced; no points are sent here",
    "api:roles-confirm": "confirms what one holds, and a manager holds nothing here",
    "api:monitor-backtest": "asks what would have been told, and keeps nothing",
    "api:notice-read": "is the reader's own tick",
    "api:system-spec": "names no section here; a whole file is in tests/test_history.py",
}


@pytest.mark.every_shape
def test_every_change_through_the_api_leaves_its_row(open_world, all_powerful):
    silent, done = [], 0
    for route in API:
        for method in (one for one in METHODS if one in route.actions):
            if not CHANGES_NOTHING.keys().isdisjoint({route.name, f"{route.name} {method}"}):
                continue
            rows, status = undone(lambda: changed(all_powerful, open_world, route, method))  # noqa: B023
            done += status < 300
            if status < 300 and not any(row.door == "api" and row.by == "manager" for row in rows):
                silent.append(f"{method} {route.name}")
    assert silent == []
    assert done > 40


def changed(program, world, route, method: str) -> tuple[list[Change], int]:
    """Do it, and return the rows that it left and the status of the answer."""
    last = Change.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    body = OTHERWISE.get(f"{route.name} {method}", BODIES.get(f"{route.name} {method}"))
    answer = getattr(program, method)(world.address(route, "manager"), body)
    return list(Change.objects.filter(pk__gt=last)), answer.status_code
