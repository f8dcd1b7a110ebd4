"""The bootstrap, in little clones whose only package is a stand-in for Django, out of a folder of wheels."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from mlops_portal.bootstrap import ROOT

PYPROJECT = """
[project]
dependencies = ["django"]
[dependency-groups]
dev = ["for-developers"]
"""
SAYS_WHERE_IT_RUNS = "import sys\ndef execute_from_command_line(argv): print('ran', argv[1:], 'in', sys.prefix)\n"


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheels")
    package = {
        "django/__init__.py": "",
        "django/core/__init__.py": "",
        "django/core/exceptions.py": "class ImproperlyConfigured(Exception): pass\n",
        "django/core/management.py": SAYS_WHERE_IT_RUNS,
    }
    _make_wheel(folder, "django", package)
    _make_wheel(folder, "for_developers", {"for_developers.py": ""})
    return folder


def _make_wheel(folder, name, files):
    about = f"{name}-1.dist-info"
    files = files | {
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/RECORD": "",
    }
    with zipfile.ZipFile(folder / f"{name}-1-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)


class Clone:
    """A fresh clone: manage.py, the bootstrap, and lock files for the stand-ins."""

    def __init__(self, folder, wheels):
        self.folder, self.wheels = folder, wheels
        (folder / "mlops_portal").mkdir(parents=True)
        shutil.copy(ROOT / "manage.py", folder)
        shutil.copy(ROOT / "mlops_portal" / "bootstrap.py", folder / "mlops_portal")
        (folder / "mlops_portal" / "environment.py").write_text("class WrongSetting(Exception): pass\n")
        (folder / "pyproject.toml").write_text(PYPROJECT)
        (folder / "requirements.lock").write_text(self.locked("django"))
        (folder / "requirements-dev.lock").write_text(self.locked("django") + self.locked("for_developers"))

    def locked(self, name):
        digest = hashlib.sha256((self.wheels / f"{name}-1-py3-none-any.whl").read_bytes()).hexdigest()
        return f"{name.replace('_', '-')}==1 --hash=sha256:{digest}\n"

    def command(self, *arguments):
        return [os.path.realpath(sys.executable), str(self.folder / "manage.py"), *arguments]

    def environment(self, **more):
        index = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels), "PIP_CONFIG_FILE": os.devnull}
        return {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), **index, **more}

    def run(self, *arguments, **environment):
        return subprocess.run(
            self.command(*arguments), env=self.environment(**environment), capture_output=True, text=True, cwd="/"
        )


@pytest.fixture
def clone(tmp_path, wheels):
    return Clone(tmp_path / "a clone", wheels)


@pytest.fixture(scope="module")
def ready(tmp_path_factory, wheels):
    clone = Clone(tmp_path_factory.mktemp("ready") / "clone", wheels)
    assert clone.run("up").returncode == 0
    return clone


@pytest.fixture
def copy(clone, ready):
    shutil.copytree(ready.folder / ".venv", clone.folder / ".venv", symlinks=True)
    return clone


def test_first_command_installs_and_runs_inside(clone, tmp_path):
    (tmp_path / "uv").write_text("#!/bin/sh\nexit 1\n")  # a uv that does not run is not used
    (tmp_path / "uv").chmod(0o755)
    done = clone.run("up", "--port", "1", PATH=f"{tmp_path}:/usr/bin:/bin")
    assert "with pip" in done.stdout
    assert f"ran ['up', '--port', '1'] in {clone.folder / '.venv'}" in done.stdout


def test_second_command_installs_nothing(copy):
    assert copy.run("up").stdout == f"ran ['up'] in {copy.folder / '.venv'}\n"


def test_changed_lock_is_installed_afresh(copy):
    (copy.folder / ".venv" / "of-before").touch()
    (copy.folder / "requirements.lock").write_text("# newer\n" + copy.locked("django"))
    assert "Setting up" in copy.run("up").stdout
    assert not (copy.folder / ".venv" / "of-before").exists()


def test_developers_command_adds_to_a_healthy_environment(copy):
    (copy.folder / ".venv" / "of-before").touch()
    assert "ran ['test']" in copy.run("test").stdout
    assert (copy.folder / ".venv" / "of-before").exists()
    assert copy.run("up").stdout.startswith("ran ['up']")


def test_interrupted_install_heals(clone):
    process = subprocess.Popen(
        clone.command("up"), env=clone.environment(), stdout=subprocess.PIPE, text=True, preexec_fn=_hears_ctrl_c
    )
    assert process.stdout.readline().startswith("Setting up")
    process.send_signal(signal.SIGINT)
    words, _ = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Run the same command again" in words
    assert _left_after(5, clone.folder) == []
    assert "ran ['up']" in clone.run("up").stdout


def _hears_ctrl_c():
    """What a shell starts in the background is deaf to it, and so are these tests and what they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _left_after(patience_s, folder):
    """Return the processes of `folder` that are left; what was killed has a moment to vanish."""
    deadline = time.monotonic() + patience_s
    while (left := _processes_of(folder)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def _processes_of(folder):
    commands = {pid: Path(f"/proc/{pid}/cmdline") for pid in os.listdir("/proc") if pid.isdigit()}
    return [
        pid for pid, command in commands.items() if command.exists() and str(folder).encode() in command.read_bytes()
    ]


def test_install_killed_before_its_stamp_is_done_again(copy):
    (copy.folder / ".venv" / "installed-locks").unlink()
    assert "Setting up" in copy.run("up").stdout


def test_package_with_another_hash_is_refused(clone):
    (clone.folder / "requirements.lock").write_text("django==1 --hash=sha256:" + "0" * 64 + "\n")
    done = clone.run("up")
    assert done.returncode == 1
    assert "Installing 1 packages failed" in done.stderr
    assert "Traceback" not in done.stderr


def test_python_without_ensurepip_is_told_what_to_install(clone, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['ensurepip'] = None\n")
    done = clone.run("up", PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert f"apt install python3.{sys.version_info.minor}-venv" in done.stderr


def test_steps_aside_where_everything_is_installed(clone, ready):
    elsewhere = next((ready.folder / ".venv" / "lib").glob("python*/site-packages"))
    assert "ran ['up']" in clone.run("up", PYTHONPATH=str(elsewhere)).stdout
    assert not (clone.folder / ".venv").exists()


def test_unwritable_folder_is_a_sentence(clone):
    (clone.folder / ".venv").write_text("a file where the folder should be")
    done = clone.run("up")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
