"""That a protection whose absence no test notices is found (a run of pytest inside this one)."""

import subprocess
import sys

import pytest

from mlops_portal.startup.embedded import ROOT

PORTAL = "IS_GUARDED = True\n"
TEST = """import portal_of_this_test as portal
from tests.protections import protects

@protects("S0", off={{"portal_of_this_test.IS_GUARDED": False}})
def test_it():
    assert {noticed}
"""


@pytest.mark.parametrize(("noticed", "exit_code"), [("portal.IS_GUARDED", 0), ("portal", 1), ("portal.nothing", 1)])
def test_a_protection_that_no_test_misses_is_a_failure(tmp_path, noticed, exit_code):
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    (tmp_path / "portal_of_this_test.py").write_text(PORTAL)
    (tmp_path / "test_it.py").write_text(TEST.format(noticed=noticed))
    plugins = ["-p", "tests.protections", "-p", "no:django"]
    where = ["--rootdir", str(tmp_path), "-c", str(tmp_path / "pytest.ini"), str(tmp_path)]
    done = subprocess.run([sys.executable, "-m", "pytest", *plugins, *where], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == exit_code, done.stdout
