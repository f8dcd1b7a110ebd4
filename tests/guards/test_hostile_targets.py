"""What a target answers is shown as text as well, before anything of it is kept; links lead to the web alone (S23)."""

import csv

import pytest

from mlops_portal.engine.egress import Place
from systems.models import System
from tests.callers import caller
from tests.guards.test_hostile_texts import as_it_is, born_of_texts
from tests.hostile import Target
from tests.protections import protects

pytestmark = pytest.mark.django_db
BORN = "\"'><q-x q-y=1 onclick=alert(1)>"
IN_A_LABEL = BORN.replace('"', '\\"')
CONNECT = "/systems/churn/connect/?kind="
TYPED = {"name": "Pages", "interval_s": "60", "do": "test"}


@pytest.fixture
def target(settings):
    target = Target()
    target.page = f'# HELP up {BORN}\n# TYPE up gauge\nup{{name="{IN_A_LABEL}"}} 1\n'.encode()
    settings.EGRESS_ALLOW_LOCAL = [Place.parse(f"127.0.0.1:{target.port}")]
    yield target
    target.end()


@pytest.fixture
def log(settings, tmp_path):
    """A prediction log in which columns are named by an enemy."""
    settings.LOG_ROOTS = [tmp_path]
    with open(tmp_path / "log.csv", "w", newline="") as file:
        csv.writer(file).writerows([["at", "answer", BORN], ["2026-03-08T06:00:00Z", "1", BORN]])


@protects("S23", off={"django.template.base.conditional_escape": as_it_is})
def test_names_and_labels_that_a_target_shows_are_texts(client, manager, system, target):
    client.force_login(manager)
    answer = client.post(f"{CONNECT}prometheus_text", TYPED | {"settings.url": target.url("/metrics")})
    assert (answer.context["found"], born_of_texts(answer)) == (1, [])
    assert b"q-x" in answer.content


@protects("S23", off={"django.template.base.conditional_escape": as_it_is})
def test_columns_that_a_log_has_are_texts(client, manager, system, log):
    client.force_login(manager)
    columns = {"settings.columns.at": "at", "settings.columns.prediction": "answer", "settings.columns.label": "gone"}
    typed = TYPED | columns | {"settings.predictions": "log.csv", "settings.task": "binary"}
    answer = client.post(f"{CONNECT}prediction_log", typed)
    assert born_of_texts(answer) == []
    assert b"q-x" in answer.content


LINKS = [
    "javascript:alert(1)",
    "JAVASCRIPT:alert(1)",
    "\tjavascript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "//a.b",
]


@protects("S22", off={"systems.forms.registry._address_is_web": as_it_is})
@pytest.mark.parametrize("to", LINKS)
def test_a_link_that_people_give_leads_to_the_web(client, manager, system, to):
    client.force_login(manager)
    typed = {"name": "Churn", "team": system.team_id, "tier": 3, "version": 1, "links": f"Here {to}"}
    client.post("/systems/churn/edit/", typed)
    program, links = caller(manager), {"links": {"Here": to}}
    assert program.patch("systems/churn/", links).status_code == 400
    assert program.put("systems/churn/spec/", {"version": 1, "system": links}).status_code == 400
    answer = {"text": "As before.", "confidence": "confident", "evidence": f"Here {to}"}
    client.post("/systems/churn/readiness/load/", answer)
    assert (System.objects.get(slug="churn").links, system.answers.count()) == ({}, 0)
