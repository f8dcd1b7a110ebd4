"""Everything that machines can say about the code, in one command."""

import json
import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable

from django.core.management.base import BaseCommand, CommandError
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mlops_portal.locks import pins_of
from mlops_portal.startup.embedded import ROOT

IN_PRODUCTION = {
    "PORTAL_BASE_URL": "https://portal.example",
    "ALLOWED_HOSTS": "portal.example",
    "SECRET_KEY": "never-used-but-as-long-and-mixed-as-a-real-one-0123456789",
}
AUDIT_MAY_TAKE_S = 120
LOCKS = ("requirements.lock", "requirements-dev.lock")


class Failed(Exception):
    """A step found something; its text is what the reader has to see."""


class Skipped(Exception):
    """A step could not be done here; its text says why."""


class Command(BaseCommand):
    help = "Run every check for developers: lint, format, types, imports, migrations, deployment, templates, locks."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--audit", action="store_true", help="also ask for known vulnerabilities; needs a network")

    def handle(self, *, audit, **options):
        steps = STEPS | ({"vulnerabilities": known_vulnerabilities} if audit else {})
        failed = [name for name, step in steps.items() if not self._passes(name, step)]
        if failed:
            raise CommandError(f"{len(failed)} of {len(steps)} failed: {', '.join(failed)}.")

    def _passes(self, name: str, step: Callable[[], None]) -> bool:
        started, word, text = time.monotonic(), "ok", ""
        try:
            step()
        except Failed as failure:
            word, text = "failed", str(failure).strip() + "\n"
        except Skipped as why:
            word, text = "skipped", f"{why}\n"
        self.stdout.write(f"{name:16} {time.monotonic() - started:6.1f} s  {word}\n{text}", ending="")
        self.stdout.flush()
        return word != "failed"


def _tool(*arguments: str, environment: dict[str, str] | None = None) -> Callable[[], None]:
    """Return the step that runs Python with `arguments` in this environment and in the root folder."""

    def step() -> None:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode != 0:
            raise Failed(done.stdout)

    return step


def locks_hold() -> None:
    """Fail unless both locks hold every direct requirement, in a version it allows, each by its hashes (S40)."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    direct, for_developers = project["project"]["dependencies"], project["dependency-groups"]["dev"]
    locked, locked_for_developers = (_locked(name) for name in LOCKS)
    problems = [
        *_unmet(direct, locked, LOCKS[0]),
        *_unmet([*direct, *for_developers], locked_for_developers, LOCKS[1]),
        *_without_hashes(),
        *(f"{name} holds an address." for name in LOCKS if "://" in (ROOT / name).read_text()),
        *(
            f"{name} is {version} in {LOCKS[0]} but {locked_for_developers.get(name)} in {LOCKS[1]}."
            for name, version in locked.items()
            if locked_for_developers.get(name) != version
        ),
    ]
    if problems:
        raise Failed("\n".join(problems))


def _locked(lock: str) -> dict[str, str]:
    """Return each locked package's version."""
    return {pin.name: pin.version for pin in pins_of(ROOT / lock)}


def _without_hashes() -> list[str]:
    bare = [(name, pin) for name in LOCKS for pin in pins_of(ROOT / name) if not pin.hashes]
    return [f"{name} says no hash of {pin.name}." for name, pin in bare]


def _unmet(requirements: list[str], locked: dict[str, str], lock: str) -> list[str]:
    wanted = [Requirement(requirement) for requirement in requirements]
    return [
        f"{lock} does not hold {one}."
        for one in wanted
        if not one.specifier.contains(locked.get(canonicalize_name(one.name), "0"), prereleases=True)
        or canonicalize_name(one.name) not in locked
    ]


def known_vulnerabilities() -> None:
    """Fail when a locked package has a known vulnerability; skip when nobody could be asked."""
    command = [sys.executable, "-m", "pip_audit", "-r", LOCKS[1], "--disable-pip", "--require-hashes", "-f", "json"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=AUDIT_MAY_TAKE_S)
        packages = json.loads(done.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        raise Skipped(f"No answer within {AUDIT_MAY_TAKE_S} s.") from None
    except ValueError:
        raise Skipped(done.stderr.strip().rpartition("\n")[2]) from None
    found = [
        f"{each['name']} {each['version']}: {', '.join(v['id'] for v in each['vulns'])}"
        for each in packages
        if each.get("vulns")
    ]
    if found:
        raise Failed("\n".join(found))
    if not any("vulns" in each for each in packages):
        raise Skipped("The package index within reach knows nothing about vulnerabilities.")


STEPS: dict[str, Callable[[], None]] = {
    "lint": _tool("-m", "ruff", "check", "--quiet", "."),
    "format": _tool("-m", "ruff", "format", "--check", "--quiet", "."),
    "types": _tool("-m", "mypy"),
    "imports": _tool("-c", "from importlinter.cli import lint_imports_command as run; run()"),
    "migrations": _tool("manage.py", "makemigrations", "--check", "--dry-run"),
    "deployment": _tool("manage.py", "check", "--deploy", "--fail-level", "WARNING", environment=IN_PRODUCTION),
    "templates": _tool("-m", "djlint", "--lint", "--quiet", "templates"),
    "locks": locks_hold,
}
