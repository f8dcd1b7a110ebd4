"""The schema says all that the API does, and the API does only what the schema says."""

from datetime import timedelta

import pytest
import schemathesis
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import booleans
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from monitoring.models import Alert, Backfill, Maintenance, Monitor
from systems.actions.contracts import put_contract
from systems.models import Drill, Group, Notice, RetrainingRun, Role, Scope, System
from systems.tokens import make_token
from tests.callers import caller
from tests.doors.routes import API
from tests.factories import FeedFactory, HoldingFactory, IncidentFactory, MetricFactory, SeriesFactory, SourceFactory
from tests.monitoring.points import write
from tests.systems.contracts import CONTRACT

CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance]
PARTS = 4  # of the operations, so that several processes share the work
THERE = {
    "slug": "churn",
    "role": "model_owner",
    "number": 1,
    "username": "viewer",
    "question": "load",
    "situation": "load",
    "phase": "engineering",
    "feed": "events",
    "drill": 100_000,
    "run": 100_000,
    "source_id": 1,
    "metric_id": 1,
    "monitor_id": 1,
    "alert_id": 1,
    "maintenance_id": 1,
    "backfill_id": 1,
}


def test_the_schema_is_made_without_a_warning_and_is_valid(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml"))


def test_schema_and_documentation_are_for_those_who_are_signed_in(client, viewer):
    assert client.get("/api/schema/").status_code == 401
    assert client.get("/api/docs/").status_code == 302
    assert caller(viewer).get("/api/schema/?format=json", headers={"Accept": "*/*"}).status_code == 200


@pytest.fixture
def contract(manager, viewer, system):
    """The API as its schema tells it, asked by somebody who may do everything."""
    manager.groups = list(Group)
    manager.save()
    HoldingFactory(system=system, role=Role.MODEL_OWNER, person=manager)
    IncidentFactory(number=1, systems=[system])
    feed = FeedFactory(slug=THERE["feed"])
    put_contract(feed=feed, text=CONTRACT, by=manager, at=timezone.now())
    Drill.objects.create(pk=THERE["drill"], system=system, situation="load", at=timezone.now(), result="passed")
    RetrainingRun.objects.create(pk=THERE["run"], system=system, asked_at=timezone.now(), cause="requirements")
    source = SourceFactory(pk=THERE["source_id"], system=system)
    series = SeriesFactory(metric=MetricFactory(pk=THERE["metric_id"], system=system), source=source)
    monitor = Monitor.objects.create(pk=THERE["monitor_id"], series=series, kind="limit", settings={"below": 0.8})
    Alert.objects.create(
        pk=THERE["alert_id"], monitor=monitor, opened_at=timezone.now(), severity="warning", sentence="Too low."
    )
    times = {"from_at": timezone.now(), "to_at": timezone.now() + timedelta(days=1)}
    Maintenance.objects.create(pk=THERE["maintenance_id"], system=system, why="It moves.", by=manager, **times)
    at = timezone.now()
    stretch = {"from_at": at - timedelta(days=9), "to_at": at, "cursor": at - timedelta(days=9)}
    Backfill.objects.create(pk=THERE["backfill_id"], source=source, asked_at=at, **stretch)
    write(series, [0.9, 0.8], to_at=timezone.now(), samples=10)
    Notice.objects.create(key="told", person=manager, subject="Told", text="Something", url="/")
    schema = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(public=True))
    schema.app = WSGIHandler()
    signals = (request_started, request_finished)
    for signal in signals:  # as Django's own test client does: the test's transaction lives on the connection
        signal.disconnect(close_old_connections)
    yield schema
    for signal in signals:
        signal.connect(close_old_connections)


def try_out(operation, headers: dict, examples: int) -> None:
    """Send what the schema allows, and what it does not, and judge each answer."""

    @settings(
        max_examples=examples, deadline=None, derandomize=True, database=None, suppress_health_check=[*HealthCheck]
    )
    @given(
        aimed=booleans(),
        case=operation.as_strategy(GenerationMode.POSITIVE) | operation.as_strategy(GenerationMode.NEGATIVE),
    )
    def send(case, aimed):
        if aimed:  # at what is there: a made-up name is only ever a 404
            case.path_parameters = {name: THERE.get(name, value) for name, value in case.path_parameters.items()}
        case.call_and_validate(headers=headers, checks=CHECKS)

    send()


@pytest.fixture
def restricted(system):
    """The system, hidden from those who may do nothing to it."""
    System.objects.filter(pk=system.pk).update(restricted=True)


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize(
    ("who", "scopes", "examples"), [("manager", Scope.values, 40), ("stranger", ["read", "write"], 6)]
)
@pytest.mark.usefixtures("restricted")
def test_whatever_is_sent_the_answer_is_one_that_is_documented(request, contract, who, scopes, examples, part):
    person = request.getfixturevalue(who)
    _, text = make_token(person=person, scopes=scopes, by=person)
    for operation in list(contract.get_all_operations())[part::PARTS]:
        cache.clear()  # the requests of the last minute are forgotten
        try_out(operation.ok(), {"Authorization": f"Bearer {text}"}, examples)


def test_every_door_of_the_api_is_in_the_schema(contract):
    doors = [method for route in API if route.name != "api-schema" for method in route.actions if method != "head"]
    assert len([*contract.get_all_operations()]) == len(doors) > 60
