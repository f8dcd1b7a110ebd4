"""A whole portal, started by `manage.py up` as people start it, to be hurt from outside."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import redis

from mlops_portal.startup import postgres
from mlops_portal.startup.children import LEASH, Child
from mlops_portal.startup.embedded import ROOT

MARKS = {
    "web": "gunicorn",
    "worker-pull": "worker-pull@",
    "worker-work": "worker-work@",
    "scheduler": "mlops_portal.celery beat",
    "postgres": "/bin/postgres",
}
FROM_OUTSIDE = ("DATABASE_URL", "REDIS_URL", "PORTAL_BASE_URL", "PORTAL_HEARTBEAT_URL", "SECRET_KEY")


def eventually(is_so, within_s: float, every_s: float = 0.1):
    """Return the first true answer of `is_so` and the seconds it took. Raises AssertionError when there is none."""
    started = time.monotonic()
    while time.monotonic() - started < within_s:
        if answer := is_so():
            return answer, time.monotonic() - started
        time.sleep(every_s)
    raise AssertionError(f"not within {within_s} s")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class EmbeddedServers:
    """The shape without servers: the database is a child of `up`, the broker a folder."""

    def __init__(self, folder: Path):
        self.data_dir = folder / "data"
        self.environment = {"PORTAL_DATA_DIR": str(self.data_dir)}
        self.parameters = postgres.parameters_of(self.data_dir)
        self.heals_itself = True

    def database_pid(self, portal: "RunningPortal") -> int:
        return portal.pid("postgres")

    def start_database(self) -> None:
        """`up` does."""

    def stop_broker(self) -> None:
        shutil.rmtree(self.data_dir / "broker")

    def start_broker(self) -> None:
        """`up` does."""

    def empty_broker(self) -> None:
        for path in (self.data_dir / "broker").rglob("*"):
            if path.is_file():
                path.unlink(missing_ok=True)

    @contextmanager
    def broker_stands_still(self):
        """Nothing can be put into the folder, nor taken out of it."""
        folder = self.data_dir / "broker"
        away = folder.rename(folder.with_name("broker-away"))
        folder.touch()
        try:
            yield
        finally:
            folder.unlink()
            away.rename(folder)

    def end(self) -> None:
        """`up` has."""


class OwnServers:
    """The shape with servers: a PostgreSQL and a Redis that are no children of `up`, both this test's own."""

    def __init__(self, folder: Path):
        self.data_dir, self.heals_itself = folder / "data", False
        self.redis_port, port = free_port(), free_port()
        postgres.prepare(folder / "server")
        self.server = postgres.server(folder / "server")
        self.server.command += ["--listen_addresses=127.0.0.1", f"--port={port}"]
        self.redis = Child(
            "redis",
            [shutil.which("redis-server"), "--port", str(self.redis_port), "--bind", "127.0.0.1", "--save", ""],
            folder,
        )
        self.parameters = {"dbname": "portal", "user": "portal", "host": "127.0.0.1", "port": str(port)}
        self.environment = {
            "PORTAL_DATA_DIR": str(self.data_dir),
            "DATABASE_URL": f"postgresql://portal@127.0.0.1:{port}/portal",
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/1",
        }
        self.start_broker()
        self.server.start()
        eventually(self._makes_database, 30)

    def _makes_database(self) -> bool:
        try:
            with psycopg.connect(**self.parameters | {"dbname": "postgres"}, autocommit=True) as connection:
                connection.execute("CREATE DATABASE portal")
        except psycopg.OperationalError:
            return False
        return True

    def database_pid(self, portal: "RunningPortal") -> int:
        return self.server.process.pid

    def start_database(self) -> None:
        self.server.kill()
        self.server.start()

    def stop_broker(self) -> None:
        self.redis.kill()

    def start_broker(self) -> None:
        self.redis.start()

    def empty_broker(self) -> None:
        redis.Redis(port=self.redis_port).flushall()

    @contextmanager
    def broker_stands_still(self):
        """It takes connections and answers nobody."""
        self.redis.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.redis.process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        self.redis.kill()
        self.server.end(within_s=10)


@dataclass
class RunningPortal:
    """One `manage.py up` and what it says."""

    servers: EmbeddedServers | OwnServers
    port: int = field(default_factory=free_port)
    lines: list[str] = field(default_factory=list)
    process: subprocess.Popen | None = None

    def start(self) -> None:
        """Start it and wait until its workers are ready."""
        self.lines.clear()
        leash = [sys.executable, "-I", str(LEASH), str(int(signal.SIGTERM)), str(os.getpid())]
        self.process = subprocess.Popen(
            [*leash, *self.command()],
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._listen, args=(self.process,), daemon=True).start()
        eventually(lambda: self.has_said("Workers ready"), 180)

    def command(self) -> list[str]:
        return [sys.executable, str(ROOT / "manage.py"), "up", "--no-demo", "--port", str(self.port)]

    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name not in FROM_OUTSIDE}
        return inherited | self.servers.environment

    def _listen(self, process: subprocess.Popen) -> None:
        with process.stdout:
            for line in process.stdout:
                self.lines.append(line.rstrip())

    def has_said(self, words: str) -> bool:
        return any(words in line for line in self.lines)

    def get(self, path: str) -> tuple[int, dict]:
        """Return status and body; status 0 when there is no answer within 6 s."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=6)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError):
            return 0, {}
        finally:
            connection.close()

    def is_ready(self) -> bool:
        return self.get("/healthz/ready")[0] == 200

    def is_on_time(self) -> bool:
        return self.get("/healthz/pipeline")[0] == 200

    def late(self) -> set[str]:
        """Return the duties that the portal itself calls late."""
        return {duty["name"] for duty in self.get("/healthz/pipeline")[1].get("duties", []) if duty["late"]}

    def pid(self, name: str) -> int | None:
        """Return the process id of the child, or None while there is none."""
        for pid in self.processes():
            if _parent(pid) == self.process.pid and MARKS[name] in _command(pid):
                return pid
        return None

    def processes(self) -> list[int]:
        """Return every process that belongs to this portal, whoever its parent is now."""
        mark = f"PORTAL_DATA_DIR={self.servers.data_dir}\0".encode()
        return [pid for pid in _all_processes() if mark in _read(pid, "environ") and _state(pid) != "Z"]

    def is_replaced(self, name: str, before: int) -> bool:
        now = self.pid(name)
        return now is not None and now != before

    def end(self) -> int:
        """End it as Ctrl-C does; return its exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=30)


def children(parent: int) -> list[int]:
    """Return the processes whose parent is `parent`."""
    return [pid for pid in _all_processes() if _parent(pid) == parent]


def _all_processes() -> list[int]:
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit() and int(entry) != os.getpid()]


def _read(pid: int, what: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{what}").read_bytes()
    except OSError:
        return b""


def _command(pid: int) -> str:
    return _read(pid, "cmdline").replace(b"\0", b" ").decode(errors="replace")


def _stat(pid: int) -> list[str]:
    return _read(pid, "stat").rpartition(b") ")[2].decode().split() or ["Z", "0"]


def _state(pid: int) -> str:
    return _stat(pid)[0]


def _parent(pid: int) -> int:
    return int(_stat(pid)[1])
