"""`manage.py test` runs pytest, on a database of its own that is gone afterwards."""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mlops_portal.startup.embedded import ROOT
from mlops_portal.startup.postgres import temporary_server

PASSED_ON = {
    "keyword": "-k",
    "marks": "-m",
    "durations": "--durations",
}


class PytestRunner:
    """Django's TEST_RUNNER: takes the flags that people know from pytest, and ends with pytest's exit code."""

    def __init__(self, *, verbosity: int = 1, failfast: bool = False, **options):
        self.verbosity = verbosity
        self.failfast = failfast
        self.options = options

    @classmethod
    def add_arguments(cls, parser) -> None:
        parser.add_argument("-k", dest="keyword", metavar="EXPRESSION", help="only tests whose names match")
        parser.add_argument("-m", dest="marks", metavar="MARKS", help="only tests with these marks")
        parser.add_argument("-x", dest="failfast", action="store_true", help="stop at the first failure")
        parser.add_argument(
            "-n", dest="processes", type=int, metavar="N", help="test processes (2; 0: in one, in order)"
        )
        parser.add_argument("-s", dest="uncaptured", action="store_true", help="show what tests print; implies -n 0")
        parser.add_argument("--lf", dest="last_failed", action="store_true", help="only what failed the last time")
        parser.add_argument("--durations", metavar="N", help="show the N slowest tests")

    def run_tests(self, test_labels: list[str], **kwargs) -> None:
        """Run pytest in a process of its own. Raises SystemExit with its exit code."""
        with _settings_for_tests() as environment:
            process = subprocess.Popen(
                [sys.executable, "-m", "pytest", *self.arguments(test_labels)], cwd=ROOT, env=os.environ | environment
            )
            # Ctrl-C reaches pytest by itself, which then says what it had found
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, lambda *_: process.terminate())
            code = process.wait()
        sys.exit(code)

    def arguments(self, labels: list[str]) -> list[str]:
        """Return pytest's arguments; the folder is named, else pytest would search where the caller stands."""
        flags = [f"--rootdir={ROOT}", "-c", str(ROOT / "pyproject.toml"), *self._verbosity()]
        flags += ["-x"] * self.failfast + ["-s"] * self._is_on("uncaptured") + ["--lf"] * self._is_on("last_failed")
        for name, flag in PASSED_ON.items():
            if self.options.get(name):
                flags += [flag, self.options[name]]
        processes = self._processes(labels)
        if processes:
            flags += ["-n", str(processes)]
        return [*flags, *([_absolute(label) for label in labels] or [str(ROOT / "tests")])]

    def _processes(self, labels: list[str]) -> int:
        if self.options.get("processes") is not None:
            return self.options["processes"]
        is_one_test = len(labels) == 1 and "::" in labels[0]
        return 0 if is_one_test or self._is_on("uncaptured") else 2

    def _is_on(self, name: str) -> bool:
        return bool(self.options.get(name))

    def _verbosity(self) -> list[str]:
        return {0: ["-q"], 1: [], 2: ["-v"]}.get(self.verbosity, ["-vv"])


def _absolute(label: str) -> str:
    """Return the label with its path made absolute: as the caller sees it, else as seen from the root."""
    path, separator, test = label.partition("::")
    found = Path(path).resolve() if Path(path).exists() else ROOT / path
    return f"{found}{separator}{test}"


@contextlib.contextmanager
def _settings_for_tests() -> Iterator[dict[str, str]]:
    """Yield the environment of a run: a key, a data folder and, unless there is one, a database, all for this run."""
    key = {"SECRET_KEY": os.environ.get("SECRET_KEY") or secrets.token_urlsafe(48)}
    if os.environ.get("DATABASE_URL"):
        with tempfile.TemporaryDirectory(prefix="portal-") as folder:
            yield key | {"PORTAL_DATA_DIR": folder}
    else:
        with temporary_server() as data_dir:
            yield key | {"PORTAL_DATA_DIR": str(data_dir)}
