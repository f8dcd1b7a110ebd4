"""What is taught is accepted as it stands, for each way in which values come."""

import json
import os
import shlex
import subprocess
import sys

import pytest
from jsonschema import Draft202012Validator

from mlops_portal.engine.egress import Place
from mlops_portal.engine.plain_yaml import parse_yaml
from monitoring import connectors
from monitoring.models import Point, Source
from monitoring.wording import NO_QUALITY
from systems.models import Scope
from systems.tokens import make_token
from tests.callers import caller
from tests.factories import SeriesFactory, SourceFactory
from tests.hostile import Target

pytestmark = pytest.mark.django_db
CONNECT = "/systems/churn/connect/"


def examples(client, kind):
    return {one.title: one.text for one in client.get(f"{CONNECT}?kind={kind}").context["examples"]}


def sent(curl):
    """Return (path below /api/v1/, body, content type) of a command to copy."""
    words = shlex.split(curl.replace("\\\n", " "))
    assert words[0] == "curl"
    assert words[3] == "Authorization: Bearer $PORTAL_TOKEN"
    return words[1].partition("/api/v1/")[2], words[-1], words[5].removeprefix("Content-Type: ")


@pytest.fixture
def client(client, data_scientist, system):
    client.force_login(data_scientist)
    return client


@pytest.fixture
def roots(settings, tmp_path):
    (tmp_path / "churn").mkdir()
    settings.LOG_ROOTS = [tmp_path]


@pytest.mark.parametrize("kind", connectors.kinds())
def test_each_kind_says_what_it_is_for_and_what_it_needs(client, kind):
    text = client.get(f"{CONNECT}?kind={kind}").content.decode()
    connector = connectors.connector_of(kind)
    assert connector.purpose
    assert connector.needs
    assert "What it is for" in text
    assert "What you need" in text


@pytest.mark.parametrize("kind", connectors.kinds())
def test_each_kind_shows_schemas_with_an_example_that_validates(viewer, roots, kind):
    said = {one["kind"]: one for one in caller(viewer).get("source-kinds/").json()["results"]}[kind]
    for part in ("settings", "credentials", "selector"):
        Draft202012Validator.check_schema(said[part])
        Draft202012Validator(said[part]).validate(said["example"][part])
    connector = connectors.connector_of(kind)
    connector.checked(said["example"]["settings"])
    assert connector.unfit_selector(said["example"]["selector"]) == ""


@pytest.mark.parametrize("kind", connectors.kinds())
def test_the_file_that_is_taught_is_taken(client, data_scientist, roots, kind):
    file = parse_yaml(examples(client, kind)["An example in the system's file"].encode())
    answer = caller(data_scientist).put("systems/churn/spec/", file)
    assert (answer.status_code, Source.objects.get().kind) == (200, kind)
    assert Source.objects.get().series.count() == 1


@pytest.mark.parametrize("kind", connectors.kinds())
def test_the_command_that_is_taught_is_taken(client, data_scientist, roots, kind):
    path, body, content_type = sent(examples(client, kind)["The same by a program"])
    assert (path, content_type) == ("sources/test/", "application/json")
    program = caller(data_scientist)
    made = program.post("sources/", json.loads(body))
    assert made.status_code == 201
    path, body, _ = sent(examples(client, kind)["And then what to watch of it"])
    assert program.post(path, json.loads(body) | {"source": made.json()["id"]}).status_code == 201
    assert Source.objects.get().series.count() == 1


def test_pushing_stands_beside_the_kinds(client):
    assert "?kind=push" in client.get(CONNECT).content.decode()


def test_the_commands_that_teach_pushing_are_taken_one_after_the_other(client, data_scientist):
    program = caller(data_scientist)
    for text in [text for title, text in examples(client, "push").items() if title != "From Python"]:
        path, body, content_type = sent(text)
        answer = program.post(path, body, content_type=content_type)
        assert answer.status_code in (200, 201), answer.content
        assert answer.json().get("rejected", []) == []
    assert Point.objects.count() == 3


def test_a_metric_that_is_there_is_taught_with(client, system):
    SeriesFactory(metric__system=system, metric__key="recall")
    SeriesFactory(metric__system=system, metric__key="latency", source=SourceFactory(system=system))
    taught = examples(client, "push")
    assert "Make the metric" not in taught
    assert '"metric": "recall"' in taught["Push a value"]


@pytest.mark.django_db(transaction=True)
def test_the_python_that_is_taught_runs(live_server, client, data_scientist, system):
    SeriesFactory(metric__system=system, metric__key="recall")
    _, token = make_token(person=data_scientist, scopes=[Scope.INGEST], by=data_scientist)
    text = examples(client, "push")["From Python"].replace("http://testserver", live_server.url)
    run = [sys.executable, "-c", text]
    done = subprocess.run(run, env=os.environ | {"PORTAL_TOKEN": token}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["accepted"] == 1


@pytest.fixture
def target(settings):
    target = Target()
    settings.EGRESS_ALLOW_LOCAL = [Place.parse(f"127.0.0.1:{target.port}")]
    yield target
    target.end()


def test_a_source_without_quality_says_so_and_what_to_do(client, data_scientist, system, target):
    typed = {"name": "Server", "interval_s": "60", "settings.url": target.url("/ok")}
    page = client.post(f"{CONNECT}?kind=prometheus_text", typed).content.decode()
    assert NO_QUALITY in page
    assert "?kind=prediction_log" in page
    body = {"system": "churn", "kind": "prometheus_text", "name": "Server", "settings": {"url": target.url("/ok")}}
    assert caller(data_scientist).post("sources/test/", body).json()["note"] == NO_QUALITY


def test_a_sources_page_says_so_while_the_system_has_none(client, system):
    source = SourceFactory(system=system, kind="prometheus_text")
    SeriesFactory(metric__system=system, metric__kind="service", source=source)
    page = f"/sources/{source.pk}/"
    assert NO_QUALITY in client.get(page).content.decode()
    SeriesFactory(metric__system=system, metric__kind="quality", metric__key="auc")
    assert NO_QUALITY not in client.get(page).content.decode()
