"""One process that `up` starts: on a leash, with a log of bounded size, and a lock that tells who is left of it."""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

LEASH = Path(__file__).with_name("leash.py")
LARGEST_LOG = 5_000_000
ORPHANS_MAY_TAKE_S = 20.0


@dataclass
class Child:
    """A process and all that come of it.

    Each of them inherits an open file with a lock on it: whoever holds that file is of this child, whatever became of
    its parent, group or session. So nothing of an earlier run is ever overlooked, and nothing else is ever killed.
    Start it from the main thread: the leash is tied to the thread that starts it.
    """

    name: str
    command: list[str]
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    stop_signal: int = signal.SIGTERM
    as_nobody: Path | None = None
    shows_output: bool = False
    process: subprocess.Popen | None = field(default=None, init=False)
    started: float = field(default=0.0, init=False)

    @property
    def log(self) -> Path:
        return self.folder / "logs" / f"{self.name}.log"

    @property
    def lock(self) -> Path:
        return self.folder / "locks" / self.name

    def start(self) -> None:
        """Start it, after ending whatever is left of its predecessor. Raises OSError when that cannot be."""
        for folder in (self.log.parent, self.lock.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = self._take_lock()
        try:
            self.process = self._launch(lock)
        finally:
            os.close(lock)  # from here on the lock is held by the child alone
        self.started = time.monotonic()

    def wait_for_orphans(self) -> None:
        """Give what an earlier run left behind a while to end by itself; then end it."""
        patience = time.monotonic() + ORPHANS_MAY_TAKE_S
        while self.is_anything_left() and time.monotonic() < patience:
            time.sleep(0.1)
        self._kill_holders()

    def is_anything_left(self) -> bool:
        """Whether any process of this child, or of its predecessors, lives."""
        if not self.lock.exists():
            return False
        with open(self.lock) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def exit_code(self) -> int | None:
        """Return the exit code once it has ended; None while it runs, or before it was started."""
        return self.process.poll() if self.process else None

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def age_s(self) -> float:
        return time.monotonic() - self.started

    def ask_to_end(self) -> None:
        """Ask the main process alone: a signal to its group would cut its children off in the middle of their work."""
        if self.process and self.is_running():
            self.process.send_signal(self.stop_signal)

    def end(self, within_s: float) -> None:
        """Ask it to end, and kill what is left of it after `within_s` seconds."""
        self.ask_to_end()
        if self.process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=within_s)
            self.kill()

    def kill(self) -> None:
        """End every process of this child at once, those too that stand still."""
        if self.process and self.is_running():
            self.process.kill()
            self.process.wait()
        self._kill_holders()

    def bound_log(self) -> None:
        """Keep the log below its size: the full one becomes `.log.1`, in place of the one before."""
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
            os.truncate(self.log, 0)

    def last_words(self, lines: int = 5) -> str:
        """Return the end of the log."""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

    def _take_lock(self) -> int:
        lock = os.open(self.lock, os.O_RDWR | os.O_CREAT, 0o600)
        for _ in range(50):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return lock
            except BlockingIOError:
                self._kill_holders()
                time.sleep(0.1)
        os.close(lock)
        raise OSError(f"an earlier process of {self.name} holds {self.lock} and does not end")

    def _launch(self, lock: int) -> subprocess.Popen:
        self.bound_log()
        as_nobody = ["--as-nobody", str(self.as_nobody)] if self.as_nobody and os.geteuid() == 0 else []
        leash = [sys.executable, "-I", str(LEASH), str(int(self.stop_signal)), str(os.getpid())]
        with open(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
            return subprocess.Popen(
                [*leash, *as_nobody, *self.command],
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if self.shows_output else log,
                stderr=log,
                pass_fds=[lock],
                start_new_session=True,
            )

    def _kill_holders(self) -> None:
        for pid in _holders(self.lock):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _holders(path: Path) -> Iterator[int]:
    """Yield the processes that hold `path` open, as far as the system lets us see; never this one."""
    if not path.exists() or not os.path.isdir("/proc/self/fd"):
        return
    wanted = path.stat()
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid() and _holds(int(entry), wanted):
            yield int(entry)


def _holds(pid: int, wanted: os.stat_result) -> bool:
    try:
        descriptors = os.listdir(f"/proc/{pid}/fd")
    except OSError:  # ended, or not ours
        return False
    for descriptor in descriptors:
        try:
            found = os.stat(f"/proc/{pid}/fd/{descriptor}")
        except OSError:
            continue
        if (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino):
            return True
    return False
