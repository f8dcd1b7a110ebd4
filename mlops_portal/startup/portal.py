"""The whole portal on one machine: its processes, the order in which they start, and what is said meanwhile."""

import contextlib
import logging
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection

from mlops_portal.demo.places import demo_folder, kept_port
from mlops_portal.engine.broker import broker_answers
from mlops_portal.engine.health import DutyState, read_duties
from mlops_portal.startup import postgres, preparation
from mlops_portal.startup.children import Child
from mlops_portal.startup.embedded import ROOT, kept_secret
from mlops_portal.startup.supervisor import Supervisor, end_all
from mlops_portal.startup.vitals import Vital, scheduler_ticks, web_answers, worker_works
from mlops_portal.watchdog import watch
from systems.actions.people import first_administrator_link

WORKERS = {"worker-pull": ("pull", 2), "worker-work": ("tell,work", 2)}
DEMO_PEOPLE = "admin, product-owner, data-scientist, on-call or manager"
END_WITHIN_S = 10.0
DATABASE_MAY_TAKE_S = 5.0


@dataclass
class Portal:
    """One run of `up`."""

    host: str
    port: int
    with_demo: bool
    data_dir: Path
    stop: threading.Event = field(default_factory=threading.Event)
    hurry: threading.Event = field(default_factory=threading.Event)
    supervisor: Supervisor = field(init=False)
    database: Child | None = None
    demo: Child | None = None

    def __post_init__(self) -> None:
        self.supervisor = Supervisor(say, self.stop)

    @property
    def address(self) -> str:
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    def run(self) -> None:
        """Start everything, keep it running until a signal comes, end everything. Raises CannotStart."""
        preparation.refuse_public_host(self.host)
        with preparation.take_lock(self.data_dir, self.address):
            self._heed_signals()
            try:
                self._start()
                self.supervisor.keep()
            finally:
                self.stop.set()
                self._end()

    def _start(self) -> None:
        children = {name: self._worker(name) for name in WORKERS} | {"scheduler": self._scheduler()}
        web = self._web()
        for child in (web, *children.values()):
            child.wait_for_orphans()
        preparation.refuse_taken_port(self.host, self.port)
        preparation.make_folders(self.data_dir)
        if self.with_demo:
            self.demo = self._child("demo", [str(ROOT / "manage.py"), "demo"], shows_output=True, yields=True)
            self.demo.wait_for_orphans()
            self._open_doors_for_demo()
        _log_into(self.data_dir / "logs")
        self._start_database()
        if self.stop.is_set():
            return
        preparation.bring_tables_up_to_date()
        if preparation.collect_static_files(self.data_dir):
            say("Static files collected.")
        self.supervisor.start(web)
        self._wait_for_web()
        started = time.monotonic()
        for child in children.values():
            if not self.stop.is_set():
                self.supervisor.start(child)
        self._watch_vitals()
        threading.Thread(target=self._watchdog, name="watchdog", daemon=True).start()
        threading.Thread(target=self._say_when_ready, args=(started,), name="readiness", daemon=True).start()
        self._welcome()

    def _start_database(self) -> None:
        if settings.IS_EMBEDDED:
            self.database = postgres.start(self.data_dir)
            self.supervisor.start(self.database)
            return
        is_said = False
        while (why := preparation.why_database_is_away()) and not self.stop.is_set():
            if not is_said:
                say(f"The database of DATABASE_URL does not answer, waiting for it: {why}")
                is_said = True
            self.stop.wait(1)

    def _wait_for_web(self) -> None:
        deadline = time.monotonic() + 60
        while not self.stop.wait(0.05) and time.monotonic() < deadline:
            if web_answers(self._own_host(), self.port):
                say(f"MLOps Portal is at {self.address}")
                return
            web = self.supervisor.kept["web"].child
            if not web.is_running():
                raise preparation.CannotStart(f"The web process ended; {web.log} says:\n{web.last_words(15)}")
        if not self.stop.is_set():
            say("The web process takes its time; its log is in " + str(self.data_dir / "logs"))

    def _welcome(self) -> None:
        if self.with_demo:
            self._keep_demo()
        else:
            link = first_administrator_link(self.address)
            connection.close()
            if link:
                say(f"There is no administrator yet. Become the first one, by this link, once: {link}")
        say(f"Logs are in {self.data_dir / 'logs'}. Ctrl-C ends everything.")

    def _keep_demo(self) -> None:
        say(who_signs_in(self.data_dir))
        self.supervisor.start(self.demo)
        threading.Thread(target=self._pass_on, args=(self.demo,), name="demo output", daemon=True).start()

    def _pass_on(self, demo: Child) -> None:
        """Say what the demo says, also after it was started anew."""
        heard = None
        while not self.stop.wait(0.2):
            if demo.process is not heard and demo.process and demo.process.stdout:
                heard = demo.process
                for line in demo.process.stdout:
                    say(f"demo: {line.decode(errors='replace').rstrip()}")
                if heard.wait() and not self.stop.is_set():
                    say(f"{demo.log} says:\n{demo.last_words()}")

    def _open_doors_for_demo(self) -> None:
        """Let the portal reach the demo's model server and read its logs, beside what the operator allows."""
        folder = demo_folder(self.data_dir)
        _add_to_environment("PORTAL_EGRESS_ALLOW_LOCAL", f"127.0.0.1:{kept_port(folder)}")
        if os.environ.get("PORTAL_LOG_ROOTS"):
            _add_to_environment("PORTAL_LOG_ROOTS", str(folder / "logs"))

    def _watch_vitals(self) -> None:
        watch_for = self.supervisor.watch
        watch_for(Vital("web", lambda: web_answers(self._own_host(), self.port)))
        parameters = _connection_parameters()
        watch_for(Vital("postgres" if self.database else "the database", lambda: postgres.answers(parameters)))
        watch_for(Vital("the broker", self._broker_is_well))
        watch_for(Vital("scheduler", partial(_duties_say, scheduler_ticks), misses=1))
        for name, (queues, _) in WORKERS.items():
            watch_for(Vital(name, partial(_duties_say, worker_works, set(queues.split(","))), misses=1))

    def _broker_is_well(self) -> bool:
        if not settings.REDIS_URL:
            preparation.make_folders(self.data_dir)
        return broker_answers()

    def _watchdog(self) -> None:
        while not self.stop.is_set():
            try:
                watch(self.stop)
            except Exception:  # whatever happens to it, somebody must go on watching
                logging.getLogger(__name__).exception("watchdog ended, starting it again")
                self.stop.wait(5)

    def _say_when_ready(self, started: float) -> None:
        queues = {name for queues, _ in WORKERS.values() for name in queues.split(",")}
        while not self.stop.wait(0.2):
            since_s = time.monotonic() - started
            fresh = {duty.queue for duty in _duties() or () if duty.age_s is not None and duty.age_s < since_s}
            if queues <= fresh:
                say(f"Workers ready after {since_s:.0f} s.")
                return

    def _end(self) -> None:
        children = [kept.child for kept in self.supervisor.kept.values() if kept.child is not self.database]
        end_all(children, END_WITHIN_S, self.hurry)
        if self.database:
            end_all([self.database], DATABASE_MAY_TAKE_S, self.hurry)
        say("Everything has ended.")

    def _heed_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: object) -> None:
        if self.stop.is_set():
            self.hurry.set()
        else:
            say("\nEnding; once more ends at once.")
            self.stop.set()

    def _own_host(self) -> str:
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104  asked, not listened on

    def _web(self) -> Child:
        bind = self.address.removeprefix("http://")
        options = f"--bind {bind} --worker-class gthread --workers 1 --threads 8 --timeout 60 --graceful-timeout 8"
        options += " --no-control-socket"
        folder = ["--worker-tmp-dir", str(self.data_dir), "--config", str(ROOT / "gunicorn.conf.py")]
        return self._child("web", ["-m", "gunicorn", "mlops_portal.wsgi:application", *options.split(), *folder])

    def _worker(self, name: str) -> Child:
        queues, processes = WORKERS[name]
        options = f"-Q {queues} -c {processes} -n {name}@%h --without-gossip --without-mingle --without-heartbeat"
        return self._child(name, ["-m", "celery", "-A", "mlops_portal.celery", "worker", *options.split()])

    def _scheduler(self) -> Child:
        return self._child("scheduler", ["-m", "celery", "-A", "mlops_portal.celery", "beat"])

    def _child(self, name: str, arguments: list[str], *, shows_output: bool = False, yields: bool = False) -> Child:
        environment = {
            "DJANGO_SETTINGS_MODULE": "mlops_portal.settings",
            "PORTAL_DATA_DIR": str(self.data_dir),
            "PORTAL_BASE_URL": os.environ.get("PORTAL_BASE_URL", self.address),
            "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
            "PYTHONUNBUFFERED": "1",
        }
        command = [*(["nice"] if yields else []), sys.executable, *arguments]
        return Child(name, command, self.data_dir, environment, shows_output=shows_output)


def who_signs_in(data_dir: Path) -> str:
    """Return as whom one signs in to the demo; at its first start its people come a moment after the page."""
    path = data_dir / "demo-password"
    when = "" if path.exists() else " (as soon as the demo says below that they can)"
    return f"Sign in as {DEMO_PEOPLE}{when}; the password of each is: {kept_secret(path, size=9)}"


def _add_to_environment(name: str, value: str) -> None:
    """Add a value to those that a variable has; the children inherit it."""
    os.environ[name] = ",".join(filter(None, [os.environ.get(name), value]))


def say(line: str) -> None:
    """Print a line for people; a terminal that is gone is no reason to stop."""
    with contextlib.suppress(OSError):
        print(line, flush=True)


def _duties() -> list[DutyState] | None:
    try:
        return read_duties()
    except DatabaseError:
        return None
    finally:
        connection.close()


def _duties_say(is_well, *arguments) -> bool:
    """Whether the rule holds; what cannot be read blames nobody."""
    duties = _duties()
    return duties is None or is_well(duties, *arguments)


def _connection_parameters() -> dict:
    sync_only = ("cursor_factory", "context", "prepare_threshold")
    return {name: value for name, value in connection.get_connection_params().items() if name not in sync_only}


def _log_into(folder: Path) -> None:
    """Send this process's own log where its children's logs are: people read the terminal."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(os.fdopen(os.open(folder / "up.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a"))
