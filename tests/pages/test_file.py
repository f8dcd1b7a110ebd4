"""A system's file on its page: a plan first, every error by its path, and what would undo somebody's work."""

import json

import pytest
from jsonschema import Draft202012Validator

from mlops_portal.engine.plain_yaml import parse_yaml, write_yaml
from mlops_portal.spec import as_file
from systems.actions.registry import edit_system
from systems.models import System
from tests.test_spec_whole import DOCUMENT

pytestmark = pytest.mark.django_db
FILE = "version: 1\nsystem: {slug: prices, name: Price model, team: growth}\n"


@pytest.fixture
def post(client, manager, team):
    client.force_login(manager)

    def act(path: str, text: str, what: str = "plan"):
        return client.post(path, {"text": text, "what": what})

    return act


def test_a_pasted_file_is_planned_and_then_registers(post):
    planned = post("/systems/new/file/", FILE)
    assert (planned.status_code, b"What would be done" in planned.content) == (200, True)
    assert not System.objects.filter(slug="prices").exists()
    assert post("/systems/new/file/", FILE, "apply").url == "/systems/prices/"
    assert System.objects.get(slug="prices").name == "Price model"


def test_the_box_begins_with_what_the_system_says_and_that_changes_nothing(client, post, system):
    begun = client.get("/systems/churn/file/").context["form"]["text"].value()
    assert begun == as_file(system)
    assert b"Nothing would be done" in post("/systems/churn/file/", begun).content


def test_every_error_stands_by_its_path_and_the_text_stays(post):
    text = FILE.replace("growth", "nowhere") + "owners: {model_owner: {person: nobody}}\n"
    answer = post("/systems/new/file/", text, "apply")
    said = answer.content.decode()
    assert answer.status_code == 422
    assert "There is no team nowhere." in said
    assert "owners.model_owner.person" in said
    assert answer.context["form"]["text"].value() == text


@pytest.mark.parametrize("text", ["a: [", "a: &a 1\nb: *a", "[]", "version: 1", "x" * 300_000, "\0"])
def test_what_is_no_such_file_is_said_so(post, text):
    assert post("/systems/new/file/", text, "apply").status_code in (400, 422)


def test_what_would_undo_somebodys_work_is_said_and_done_only_when_asked(post, manager, teammate, now):
    post("/systems/new/file/", FILE, "apply")
    system = System.objects.get(slug="prices")
    edit_system(system=system, by=teammate, at=now, purpose="Says what a house costs.")
    refused = post("/systems/prices/file/", FILE, "apply")
    said = refused.content.decode()
    assert refused.status_code == 409
    assert "changed by teammate" in said
    assert "Says what a house costs." in said
    assert System.objects.get(slug="prices").purpose
    assert post("/systems/prices/file/", FILE, "take").status_code == 302
    assert System.objects.get(slug="prices").purpose == ""


def test_who_may_not_register_there_is_told(client, viewer, team):
    client.force_login(viewer)
    assert client.get("/systems/new/file/").status_code == 403


def test_the_schema_is_published_for_everybody_and_holds(client, settings, db):
    answer = client.get("/api/v1/spec/schema/")
    schema = json.loads(answer.content)
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"{settings.BASE_URL}/api/v1/spec/schema/"
    assert not list(Draft202012Validator(schema).iter_errors(json.loads(json.dumps(DOCUMENT))))
    wrong = json.loads(json.dumps(DOCUMENT))
    wrong["sources"][0]["settings"] = {"address": "x"}
    assert list(Draft202012Validator(schema).iter_errors(wrong))


def test_every_key_is_described(client, db):
    schema = json.loads(client.get("/api/v1/spec/schema/").content)
    assert sorted(_undescribed(schema, "file")) == []


def _undescribed(schema: dict, path: str):
    """Yield the paths of members without a word of what they are, the settings of connectors left aside."""
    for name, one in schema.get("properties", {}).items():
        if not one.get("description"):
            yield f"{path}.{name}"
        yield from _undescribed(one, f"{path}.{name}")
    for inside in ("items", "additionalProperties"):
        if isinstance(schema.get(inside), dict):
            yield from _undescribed(schema[inside], f"{path}.{inside}")


def test_the_file_tells_editors_its_schema(client, manager, system, settings):
    client.force_login(manager)
    line = f"# yaml-language-server: $schema={settings.BASE_URL}/api/v1/spec/schema/"
    file = client.get("/systems/churn/mlsystem.yaml").content.decode()
    given = client.get("/api/v1/systems/churn/spec/", HTTP_ACCEPT="application/yaml").content.decode()
    assert (file.splitlines()[0], given) == (line, file)
    assert parse_yaml(file.encode()) == parse_yaml(write_yaml(parse_yaml(file.encode())).encode())
