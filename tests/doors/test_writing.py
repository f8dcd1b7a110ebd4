"""What is written through the API: named fields alone, and nothing tied to what one may not touch (S13)."""

import pytest

from monitoring.models import Source
from systems.models import ModelVersion
from tests.callers import caller
from tests.doors.cast import BODIES
from tests.doors.routes import API
from tests.doors.world import fill, undone
from tests.factories import SystemFactory, TeamFactory
from tests.protections import protects

ALL_OF_THEM = "Additional properties are not allowed"  # how a document says it, which is read by its JSON Schema
KEPT_WHOLE = {"api:contract"}  # a document of a standard: what else it holds is kept, beside the table's own columns
CHANGING = [(route, method) for route in API for method in ("post", "put", "patch") if method in route.actions]


def taken(route, method: str) -> set[str]:
    """Return the fields that the door takes."""
    shape = route.door(method).takes
    return {name for name, field in shape().fields.items() if not field.read_only} if shape else set()


def of_the_table(route) -> set[str]:
    """Return the names of what the table behind the route holds: what somebody would try to write."""
    queryset = getattr(route.view.cls, "queryset", None)
    fields = queryset.model._meta.get_fields() if queryset is not None else []
    return {name for field in fields for name in (field.name, getattr(field, "attname", field.name))}


def rows(route) -> list[dict]:
    return list(route.view.cls.queryset.model._base_manager.order_by("pk").values())


@protects("S13", off={"mlops_portal.engine.api.serializers._NothingUnknown._why_not": lambda shape, name: ""})
def test_whatever_else_the_table_holds_cannot_be_written(open_world, all_powerful):
    written = []
    for route, method in (one for one in CHANGING if one[0].name not in KEPT_WHOLE):
        ask, address = getattr(all_powerful, method), open_world.address(route, "manager")
        strange = {"nonsense"} | of_the_table(route) - taken(route, method)
        body = (BODIES.get(f"{route.name} {method}") or {}) | dict.fromkeys(strange, 1)
        answer = undone(lambda: ask(address, body))  # noqa: B023
        told = answer.content.decode() if answer.status_code == 400 else ""
        if ALL_OF_THEM not in told:
            written += [f"{method} {route.name} {name}" for name in strange if name not in told]
    assert written == []


@protects("S13", off={"systems.api.permissions.may": lambda *asked: True})
@pytest.mark.parametrize("kind", ["viewer", "holder"])
def test_whoever_may_not_edit_changes_no_field(open_world, kind):
    program, changed = caller(open_world.people[kind]), []
    for route, method in CHANGING:
        if method != "patch" or route.door(method).rule not in ("system.edit", "people.manage"):
            continue
        before, address = rows(route), open_world.address(route, kind)
        for body in ({name: value} for name in sorted(of_the_table(route)) for value in (1, "x")):
            program.patch(address, body)
            changed += [f"{route.name} {body}"] if rows(route) != before else []
    assert changed == []


@pytest.fixture
def elsewhere(open_world, data_scientist):
    """What belongs to a system that the data scientist sees, but is not theirs to edit."""
    return fill(SystemFactory(slug="prices", team=TeamFactory(slug="away")), author=data_scientist, word="other")


METRIC_OF = BODIES["api:metrics post"]
TIES = {
    "a metric with a source of another system": ("post", "metrics/", METRIC_OF | {"source": "{source_id}"}, 400),
    "a metric of another's system": ("post", "metrics/", METRIC_OF | {"system": "prices"}, 403),
    "a source of another's system": ("post", "sources/", BODIES["api:sources post"] | {"system": "prices"}, 403),
    "a monitor of another's metric": (
        *("post", "monitors/", BODIES["api:monitors post"] | {"metric": "{metric_id}", "segment": ""}, 403),
    ),
    "a system into a team that is not one's own": ("patch", "systems/churn/", {"team": "vault"}, 403),
    "a version of another system": ("post", "systems/churn/deployments/", {"version": "only-of-prices"}, 400),
    "a source that moves": ("patch", "sources/{mine_source}/", {"system": "prices"}, 400),
    "a metric that moves": ("patch", "metrics/{mine_metric}/", {"system": "prices"}, 400),
    "a monitor that moves": ("patch", "monitors/{mine_monitor}/", {"metric": "{metric_id}"}, 400),
}
UNASKED = {
    f"{module}.require": lambda *asked: None
    for module in ("monitoring.api.sources", "monitoring.api.metrics", "monitoring.api.alerts", "systems.api.systems")
}


@pytest.mark.parametrize("tie", TIES)
def test_nothing_is_tied_to_what_one_may_not_edit(open_world, elsewhere, data_scientist, tie):
    answer = tied(open_world, elsewhere, data_scientist, tie)
    assert answer.status_code == TIES[tie][-1], answer.content


@protects("S13", off=UNASKED)
@pytest.mark.parametrize("tie", [name for name, (*_, status) in TIES.items() if status == 403])
def test_the_target_is_asked_for_too(open_world, elsewhere, data_scientist, tie):
    assert tied(open_world, elsewhere, data_scientist, tie).status_code == 403


def tied(world, elsewhere: dict, person, tie: str):
    """Return the answer to the attempt."""
    ModelVersion.objects.create(system=Source.objects.get(pk=elsewhere["source_id"]).system, name="only-of-prices")
    method, address, body, _ = TIES[tie]
    mine = {f"mine_{name.removesuffix('_id')}": world.known[name] for name in ("source_id", "metric_id", "monitor_id")}
    told = {name: value.format(**elsewhere) if isinstance(value, str) else value for name, value in body.items()}
    return getattr(caller(person), method)(address.format(**mine), told)


@protects("S13", off={"monitoring.api.shapes.Ours.get_queryset": lambda field: field.queryset})
@pytest.mark.parametrize(
    ("address", "body", "name", "key"),
    [
        ("sources/", BODIES["api:sources post"], "system", "slug"),
        ("metrics/", METRIC_OF, "system", "slug"),
        ("metrics/", METRIC_OF, "source", "source_id"),
        ("monitors/", BODIES["api:monitors post"], "metric", "metric_id"),
    ],
)
def test_what_is_hidden_is_named_in_vain(hidden, open_world, data_scientist, address, body, name, key):
    there, nowhere = str(hidden.known[key]), "nowhere" if key == "slug" else "999999999"
    answers = [
        caller(data_scientist).post(address, body | {name: one}).json().get("errors", {}) for one in (there, nowhere)
    ]
    assert answers[0] == {name: [f"There is no {there}."]}
    assert answers[1] == {name: [f"There is no {nowhere}."]}
