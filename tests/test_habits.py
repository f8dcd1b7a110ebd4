"""Habits of the house that a machine can hold."""

import re
import subprocess
import sys

import pytest
from django.core.management import get_commands, load_command_class

from mlops_portal.startup.embedded import ROOT

TEXT = (".py", ".md", ".toml", ".html", ".css", ".js", ".svg", ".lock", ".yaml", ".yml", ".sh")
APPS = ("mlops_portal", "systems", "monitoring", "incidents")


def tracked():
    """Return the files that belong to the repository, those not yet committed too."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def texts():
    return [path for path in tracked() if path.suffix in TEXT or path.parent.name == ".ci"]


def own_commands():
    return [name for name, app in get_commands().items() if app.startswith(APPS)]


def variables_read():
    """Return the names of the environment's variables that the code reads."""
    reading = re.compile(
        r"""environment\.[a-z_]+\(\s*"([A-Z_]+)"
        |environ\.get\("([A-Z_]+)"|environ\["([A-Z_]+)"\](?!\s*=[^=])""",
        re.VERBOSE,
    )
    modules = [path for path in tracked() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in APPS]
    found = {name for path in modules for names in reading.findall(path.read_text()) for name in names if name}
    return found - {"DJANGO_SETTINGS_MODULE", "PYTHONPATH"}


def variables_documented():
    table = (ROOT / "docs/operations/settings.md").read_text()
    return set(re.findall(r"(?m)^\| `([A-Z_]+)`", table))


def test_no_file_speaks_of_one_machine():
    place = re.compile(r"/(?:home|Users|root|work)/(?!under\b)[a-z]")
    assert [
        str(path) for path in texts() if path != ROOT / "tests/test_habits.py" and place.search(path.read_text())
    ] == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_locks_name_no_address(lock):
    assert "://" not in (ROOT / lock).read_text()


def test_third_party_files_stay_in_their_packages():
    foreign = re.compile(r"htmx|plotly|bootstrap\.(?:css|js)|\.min\.|vendor|node_modules")
    static = [str(path.relative_to(ROOT)) for path in tracked() if "static" in path.relative_to(ROOT).parts]
    assert [name for name in static if foreign.search(name.rpartition("/")[2])] == []


def test_every_variable_that_is_read_is_documented_and_the_other_way_round():
    assert variables_read() == variables_documented()


@pytest.mark.parametrize("name", own_commands())
def test_every_command_says_what_it_does(name):
    assert load_command_class(get_commands()[name], name).help.endswith(".")


def test_the_changelog_begins_with_what_is_not_released_yet():
    heads = re.findall(r"(?m)^## (.+)$", (ROOT / "CHANGELOG.md").read_text())
    assert heads[0] == "Unreleased"


@pytest.mark.parametrize("document", [path for path in tracked() if path.suffix == ".md"], ids=str)
def test_links_between_documents_lead_somewhere(document):
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)|(?:src|srcset)=\"([^\"]+)\"", document.read_text())
    local = [target for pair in targets for target in pair if target and "://" not in target]
    assert [target for target in local if not (document.parent / target).exists()] == []


@pytest.mark.parametrize(("ci", "exit_code"), [("true", 1), ("", 0)])
def test_a_skipped_test_fails_in_ci_only(tmp_path, monkeypatch, ci, exit_code):
    monkeypatch.setenv("CI", ci)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_skipped.py").write_text("import pytest\n\ndef test_one():\n    pytest.skip('not installed')\n")
    options = [
        "-p",
        "tests.no_skips",
        "-p",
        "no:django",
        "--rootdir",
        str(tmp_path),
        "-c",
        str(tmp_path / "pytest.ini"),
    ]
    done = subprocess.run([sys.executable, "-m", "pytest", *options, str(tmp_path)], cwd=ROOT, capture_output=True)
    assert done.returncode == exit_code
