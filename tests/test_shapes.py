"""That a test which may answer otherwise on another shape runs there too (a run of pytest inside this one)."""

import os
import subprocess
import sys

from mlops_portal.startup.embedded import ROOT

TEST = """import pytest
from tests.protections import protects

@pytest.fixture
def db():
    pass

def test_plain():
    pass

def test_of_rows(db):
    pass

@pytest.mark.django_db
def test_of_marked_rows():
    pass

@pytest.mark.processes
def test_of_processes():
    pass

@pytest.mark.every_shape
def test_of_the_cache():
    pass

@protects("S0", off={"os.sep": ""})
def test_of_a_guard(db):
    pass
"""
MARKS = "markers =\n    processes\n    django_db\n"
ALWAYS = {"test_of_processes", "test_of_the_cache"}
OF_ROWS = {"test_of_rows", "test_of_marked_rows", "test_of_a_guard[protected]"}


def test_what_may_depend_on_the_shape_runs_on_every_one(tmp_path):
    for place in ("pages", "systems"):
        (tmp_path / "tests" / place).mkdir(parents=True)
        (tmp_path / "tests" / place / f"test_{place}.py").write_text(TEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\n" + MARKS)
    options = ["-p", "tests.protections", "-p", "tests.shapes", "-p", "no:django", "--rootdir", str(tmp_path)]
    chosen = ["-m", "every_shape", "--collect-only", "-q", "-c", str(tmp_path / "pytest.ini"), str(tmp_path)]
    command = [sys.executable, "-m", "pytest", *options, *chosen]
    env = os.environ | {"PYTEST_ADDOPTS": ""}  # how this run is told says nothing of what is read here
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    found = {tuple(line.split("::")) for line in done.stdout.splitlines() if "::" in line}
    assert {name for file, name in found if file == "tests/pages/test_pages.py"} == ALWAYS
    assert {name for file, name in found if file == "tests/systems/test_systems.py"} == ALWAYS | OF_ROWS
