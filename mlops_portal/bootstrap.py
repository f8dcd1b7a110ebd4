"""Gives `python3 manage.py …` its packages on a machine that has nothing but Python. Standard library only.

It makes `.venv` beside manage.py, installs a lock file into it and runs the same command inside. It steps aside
in any environment that has the dependencies already. The syntax stays plain so that an old Python can read it.
"""

import contextlib
import hashlib
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEVELOPERS_COMMANDS = ("test", "verify", "bench")
NO_VENV = """This Python cannot make a virtual environment: its module `ensurepip` is missing. Either
  - on Debian or Ubuntu: apt install python3.{minor}-venv
  - or install uv (it needs no ensurepip) so that `uv --version` runs here
and run the same command again."""


def require_dependencies(argv):
    """Raise ImportError unless this environment holds every package that the command in `argv` needs directly."""
    if os.name != "posix":
        sys.exit("MLOps Portal runs on Linux and macOS; on Windows, run it inside WSL.")
    if sys.version_info < (3, 11):
        sys.exit(
            "MLOps Portal needs Python 3.11 or newer; this is %s, at %s." % (sys.version.split()[0], sys.executable)
        )
    missing = _missing(ROOT, _is_for_developers(argv))
    if missing or (_is_inside(ROOT / ".venv") and Environment(ROOT).is_outdated()):
        raise ImportError("missing: " + ", ".join(missing))


def set_up_and_run_again(argv):
    """Install what is missing into `.venv` and run `argv` there. Never returns: ends in that run or a sentence."""
    environment = Environment(ROOT)
    for_developers = _is_for_developers(argv)
    if _is_inside(environment.folder) and environment.has(for_developers):
        sys.exit(
            "pyproject.toml asks for packages that its lock file lacks: " + ", ".join(_missing(ROOT, for_developers))
        )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        environment.make_ready(for_developers)
        os.execv(environment.python, [str(environment.python), str(ROOT / "manage.py"), *argv[1:]])
    except KeyboardInterrupt:
        _say("\nInterrupted while setting up. Run the same command again: it starts afresh.")
        sys.exit(130)
    except Refused as refusal:
        sys.exit(str(refusal))
    except OSError as error:
        sys.exit(
            "Cannot set up %s: %s. Mend that, or remove the folder, and run the same command again."
            % (environment.folder, error)
        )


class Refused(Exception):
    """Setting up cannot go on; its text says why and what to do."""


class Environment:
    """The virtual environment in `.venv` of `root`, with a stamp, written last, of the locks that it holds."""

    def __init__(self, root):
        self.root = root
        self.folder = root / ".venv"
        self.python = self.folder / "bin" / "python"
        self.stamp = self.folder / "installed-locks"

    def lock(self, for_developers):
        return self.root / ("requirements-dev.lock" if for_developers else "requirements.lock")

    def has(self, for_developers):
        """Whether the lock was installed to its end, for this kind of Python."""
        return os.access(self.python, os.X_OK) and self._fingerprint(for_developers) in self._installed()

    def is_outdated(self):
        """Whether something was installed by this module, but not the present lock."""
        return self.stamp.exists() and not self.has(for_developers=False)

    def make_ready(self, for_developers):
        """Install the lock unless it is there. One process at a time; the others wait at the gate."""
        with _gate(self.root) as gate:
            if self.has(for_developers):
                return
            installer = Installer(self, gate)
            if not self.has(for_developers=False):
                installer.make_environment()
            installer.install(self.lock(for_developers))
            self._write_stamp(for_developers)

    def _installed(self):
        try:
            return self.stamp.read_text().split()
        except OSError:
            return []

    def _write_stamp(self, for_developers):
        # the developers' lock holds everything of the other one
        fingerprints = [self._fingerprint(each) for each in ((False, True) if for_developers else (False,))]
        draft = self.stamp.with_suffix(".draft")
        draft.write_text("\n".join(fingerprints) + "\n")
        os.replace(draft, self.stamp)

    def _fingerprint(self, for_developers):
        python = "%s %s " % (sys.implementation.cache_tag, sysconfig.get_platform())
        return hashlib.sha256(python.encode() + self.lock(for_developers).read_bytes()).hexdigest()


class Installer:
    """Runs uv where uv runs, else venv and pip, and shows how far it is."""

    def __init__(self, environment, gate):
        self.environment = environment
        self.gate = gate
        self.uv = _working_uv()

    def make_environment(self):
        """Make the environment anew, empty. Raises Refused where this Python cannot."""
        folder = self.environment.folder
        _say("Setting up %s with %s (once)." % (folder, "uv" if self.uv else "pip"))
        self.environment.stamp.unlink(missing_ok=True)
        if self.uv:
            shutil.rmtree(folder, ignore_errors=True)
            self._run([self.uv, "venv", "--quiet", "--python", _base_python(), str(folder)], "making the environment")
        elif not _has_ensurepip():
            raise Refused(NO_VENV.format(minor=sys.version_info[1]))
        else:
            self._run([_base_python(), "-m", "venv", "--clear", str(folder)], "making the environment")

    def install(self, lock):
        """Install exactly what the lock file holds, each package checked against its hash."""
        exact = ["--require-hashes", "--no-deps", "-r", str(lock)]
        python = str(self.environment.python)
        if self.uv:
            command = [self.uv, "pip", "install", "--compile-bytecode", "--python", python, *exact]
        else:
            command = [python, "-m", "pip", "install", "--progress-bar", "off", "--no-input", *exact]
        packages = len(re.findall(r"(?m)^[A-Za-z0-9]", lock.read_text()))
        self._run(command, "installing %d packages" % packages, packages)

    def _run(self, command, what, packages=0):
        progress = Progress(what, packages)
        process = subprocess.Popen(
            command,
            cwd=self.environment.root,
            env=_quiet_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[self.gate],  # an installer that outlives us keeps the gate shut
            start_new_session=True,  # one group, to be ended as a whole
        )
        try:
            _follow(process, progress)
        except BaseException:
            _end(process)
            raise
        progress.end()
        if process.wait() != 0:
            tail = "\n".join("  " + line for line in progress.lines[-15:])
            raise Refused(
                "%s failed; it said last:\n%s\nIs the package index within reach, and is there room on the disk? "
                "Run the same command again: it starts afresh." % (what.capitalize(), tail)
            )


class Progress:
    """One line on a terminal that keeps changing; elsewhere a plain line every few seconds."""

    PLAIN_EVERY_S = 5

    def __init__(self, what, packages):
        self.what, self.packages = what, packages
        self.lines = []
        self.seen = 0
        self.package = ""
        self.started = self.said = time.monotonic()
        self.is_terminal = sys.stdout.isatty()

    def hear(self, line):
        """Take in one line of the installer's output."""
        self.lines.append(line)
        word, _, rest = line.strip().partition(" ")
        if word in ("Collecting", "Processing"):
            self.seen += 1
        elif word == "Ignoring":  # a package for another kind of machine
            self.packages -= 1
        if word in ("Collecting", "Downloading", "Building", "Downloaded", "Built"):
            self.package = re.split(r"[=<>~! (;-]", rest.strip(), maxsplit=1)[0]
        elif word in ("Installing", "Prepared"):
            self.package = "unpacking"

    def show(self):
        """Say how far it is, as often as suits the place where it is read."""
        now = time.monotonic()
        if self.is_terminal:
            _say("\r\033[K" + self._text(now), end="")
        elif now - self.said >= self.PLAIN_EVERY_S:
            self.said = now
            _say(self._text(now))

    def end(self):
        if self.is_terminal:
            _say("\r\033[K", end="")
        if self.packages:
            _say("  %s took %.0f s" % (self.what, time.monotonic() - self.started))

    def _text(self, now):
        count = ", %d of %d" % (self.seen, self.packages) if self.seen else ""
        return "  %s%s%s (%.0f s)" % (self.what, count, ": " + self.package if self.package else "", now - self.started)


def _follow(process, progress):
    rest = b""
    while True:
        if select.select([process.stdout], [], [], 0.5)[0]:
            read = os.read(process.stdout.fileno(), 65536)
            if not read:
                return
            *lines, rest = (rest + read).split(b"\n")
            for line in lines:
                progress.hear(line.decode(errors="replace"))
        progress.show()


def _end(process):
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)


@contextlib.contextmanager
def _gate(root):
    """Hold the one lock on the folder; the descriptor is handed to the installer, so an orphaned one holds it too."""
    import fcntl

    gate = os.open(root, os.O_RDONLY)
    try:
        try:
            fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Another set-up is running in %s; waiting for it." % root)
            fcntl.flock(gate, fcntl.LOCK_EX)
        yield gate
    finally:
        os.close(gate)


def _missing(root, for_developers):
    """Return the direct requirements that this environment lacks."""
    import tomllib
    from importlib import metadata

    project = tomllib.loads((root / "pyproject.toml").read_text())
    wanted = project["project"]["dependencies"] + (project["dependency-groups"]["dev"] if for_developers else [])
    names = [re.match(r"[A-Za-z0-9._-]+", requirement).group() for requirement in wanted]
    missing = []
    for name in names:
        try:
            metadata.distribution(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
    return missing


def _is_for_developers(argv):
    return len(argv) > 1 and argv[1] in DEVELOPERS_COMMANDS


def _is_inside(folder):
    return Path(sys.prefix).resolve() == folder.resolve()


def _base_python():
    return getattr(sys, "_base_executable", None) or sys.executable


def _has_ensurepip():
    import importlib.util

    return importlib.util.find_spec("ensurepip") is not None


def _working_uv():
    uv = shutil.which("uv")
    try:
        works = uv and subprocess.run([uv, "--version"], capture_output=True, timeout=10).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return None
    return uv if works else None


def _quiet_environment():
    """Return the environment without what would send packages elsewhere than into ours."""
    elsewhere = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
    kept = {name: value for name, value in os.environ.items() if name not in elsewhere}
    return {**kept, "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONUNBUFFERED": "1"}


def _say(line, end="\n"):
    with contextlib.suppress(OSError):  # whoever read along has gone: no reason to stop
        print(line, end=end, flush=True)
