"""What the guides print is run as it is printed, against a portal that listens."""

import os
import re
import subprocess
import sys

import pytest

from mlops_portal.startup.embedded import ROOT
from monitoring.models import Metric, Point
from systems.models import Answer, Deployment, Scope, System
from systems.tokens import make_token
from tests.factories import answer_all

pytestmark = pytest.mark.django_db(transaction=True)


def _printed(page: str, language: str) -> str:
    """Return all blocks of the language on the page of docs/, in order, as one text."""
    text = (ROOT / "docs" / page).read_text()
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))


@pytest.fixture
def run(live_server, data_scientist, tmp_path):
    """Return a function that runs a command in an empty folder, with the address and a token in its environment."""
    _, token = make_token(person=data_scientist, scopes=[Scope.READ, Scope.WRITE, Scope.INGEST], by=data_scientist)
    environment = {"PATH": os.environ["PATH"], "PORTAL_URL": live_server.url, "PORTAL_TOKEN": token}

    def act(*command: str):
        done = {"cwd": tmp_path, "env": environment, "capture_output": True, "text": True, "timeout": 60}
        return subprocess.run(command, check=False, **done)

    return act


def test_the_notebook_registers_a_model_with_its_first_figure(run):
    done = run(sys.executable, "-I", "-c", _printed("notebook.md", "python"))
    assert done.returncode == 0, done.stderr
    assert "3 new, 0 changed" in done.stdout
    assert "The gate is shut" in done.stdout
    system = System.objects.get(slug="returns")
    assert Deployment.objects.live().get(system=system).environment == "staging"
    assert Point.objects.filter(series_id__in=Metric.objects.get(system=system).series.values("pk")).count() == 1


def test_the_notebook_says_what_was_refused_and_where(run):
    cells = _printed("notebook.md", "python").replace('"team": "growth"', '"team": "nowhere"')
    done = run(sys.executable, "-I", "-c", cells)
    assert done.returncode == 1
    assert '"system.team"' in done.stderr
    assert "There is no team nowhere." in done.stderr


def test_the_pipelines_step_applies_the_file_and_holds_at_the_gate(run, tmp_path):
    (tmp_path / "mlsystem.yaml").write_text(_printed("pipeline.md", "yaml"))
    step = _printed("pipeline.md", "sh")
    held = run("sh", "-eu", "-c", step)
    assert held.returncode == 1
    assert '"create"' in held.stdout
    assert "The gate is shut" in held.stdout
    system = System.objects.get(slug="returns")
    assert Answer.objects.get(system=system).question_key == "feed_unavailable"
    Answer.objects.all().delete()
    answer_all(system, applicable=False)
    (tmp_path / "mlsystem.yaml").write_text(_printed("pipeline.md", "yaml").partition("readiness:")[0])
    passed = run("sh", "-eu", "-c", step)
    assert passed.returncode == 0, passed.stdout
    assert '"passed":true' in passed.stdout


def test_a_wrong_file_fails_the_step_and_says_where(run, tmp_path, team):
    (tmp_path / "mlsystem.yaml").write_text(_printed("pipeline.md", "yaml").replace("tier: 2", "tier: 7"))
    done = run("sh", "-eu", "-c", _printed("pipeline.md", "sh"))
    assert done.returncode == 1
    assert '"system.tier":["Expected at most 4."]' in done.stdout
    assert not System.objects.filter(slug="returns").exists()
