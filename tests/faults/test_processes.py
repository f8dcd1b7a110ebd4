"""Kills and stops the real processes of a real portal, on the shape that the environment names (RELIABILITY 3).

Without DATABASE_URL: the embedded shape. With it: PostgreSQL and Redis as servers, of which the test starts its own,
since it kills them.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import psycopg
import pytest

from mlops_portal.startup.embedded import ROOT
from tests.faults.running import EmbeddedServers, OwnServers, RunningPortal, eventually

pytestmark = pytest.mark.processes
HAS_SERVERS = bool(os.environ.get("DATABASE_URL"))


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    if HAS_SERVERS and not shutil.which("redis-server"):
        pytest.skip("redis-server is not installed")
    servers = (OwnServers if HAS_SERVERS else EmbeddedServers)(tmp_path_factory.mktemp("faults"))
    portal = RunningPortal(servers)
    try:
        portal.start()
        yield portal
    finally:
        for pid in portal.processes():
            os.kill(pid, signal.SIGKILL)
        portal.process.wait()
        servers.end()


@pytest.fixture
def took(record_property):
    def note(what, seconds):
        record_property(what, f"{seconds:.1f} s")

    return note


@pytest.fixture(autouse=True)
def _starts_healthy(portal):
    eventually(portal.is_on_time, 60)
    portal.lines.clear()
    yield
    print(*portal.lines, sep="\n")


QUEUES = {"scheduler": ["scheduler"], "worker-pull": ["pull"], "worker-work": ["tell", "work"], "web": []}


@pytest.mark.fault("F3", "F7")
@pytest.mark.parametrize("name", QUEUES)
def test_killed_child_is_back(portal, took, name):
    before, moment = portal.pid(name), _now(portal)
    os.kill(before, signal.SIGKILL)
    _, seen_s = eventually(lambda: portal.has_said(f"{name} ended (signal 9)"), 10)
    _, back_s = eventually(lambda: portal.is_replaced(name, before) and portal.is_on_time(), 60)
    _, works_s = eventually(lambda: _have_worked_since(portal, moment, QUEUES[name]), 60)
    took("seen", seen_s)
    took("healed", seen_s + back_s + works_s)


@pytest.mark.fault("F14")
def test_killed_database_is_back(portal, took):
    os.kill(portal.servers.database_pid(portal), signal.SIGKILL)
    _, seen_s = eventually(lambda: portal.get("/healthz/ready")[0] == 503, 5)
    portal.servers.start_database()
    _, back_s = eventually(lambda: portal.is_ready() and portal.is_on_time(), 60)
    took("seen", seen_s)
    took("healed", seen_s + back_s)


def test_second_up_says_where_the_first_one_is(portal):
    second = subprocess.run(portal.command(), env=portal.environment(), capture_output=True, text=True)
    assert second.returncode == 1
    assert f"running already: http://127.0.0.1:{portal.port}" in second.stderr


@pytest.mark.fault("F8")
def test_second_scheduler_does_no_harm(portal):
    second = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "mlops_portal.celery", "beat"],
        cwd=ROOT,
        env=portal.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(10)
    second.terminate()
    assert '"level": "error"' not in second.communicate(timeout=10)[1]
    with psycopg.connect(**portal.servers.parameters) as connection:
        wrong = connection.execute("SELECT name, error FROM engine_duty WHERE error <> ''").fetchall()
    assert wrong == []
    assert portal.is_on_time()


@pytest.mark.fault("F7")
def test_stopped_scheduler_is_seen_and_replaced(portal, took):
    before = portal.pid("scheduler")
    os.kill(before, signal.SIGSTOP)
    _, seen_s = eventually(lambda: "tick" in portal.late(), 10)
    _, back_s = eventually(lambda: portal.is_replaced("scheduler", before) and portal.is_on_time(), 60)
    took("seen", seen_s)
    took("healed", seen_s + back_s)


def test_stopped_web_process_is_replaced(portal, took):
    before = portal.pid("web")
    os.kill(before, signal.SIGSTOP)
    for pid in portal.processes():
        if _parent_of(pid) == before:
            os.kill(pid, signal.SIGSTOP)
    _, seen_s = eventually(lambda: portal.has_said("web stands still"), 60)
    _, back_s = eventually(lambda: portal.is_replaced("web", before) and portal.is_ready(), 30)
    took("seen", seen_s)
    took("healed", seen_s + back_s)


@pytest.mark.fault("F5")
def test_stopped_workers_are_seen_and_replaced(portal, took):
    before = {name: portal.pid(name) for name in ("worker-pull", "worker-work")}
    for pid in portal.processes():
        if pid in before.values() or _parent_of(pid) in before.values():
            os.kill(pid, signal.SIGSTOP)
    _, seen_s = eventually(lambda: portal.late() - {"tick"}, 90)
    _, back_s = eventually(lambda: all(portal.is_replaced(*each) for each in before.items()), 90)
    _, well_s = eventually(portal.is_on_time, 60)
    took("seen", seen_s)
    took("healed", seen_s + back_s + well_s)


@pytest.mark.fault("F14")
def test_stopped_database_is_said_within_five_seconds_and_heals(portal, took):
    eventually(portal.is_ready, 10)
    stopped = portal.servers.database_pid(portal)
    os.kill(stopped, signal.SIGSTOP)
    _, seen_s = eventually(lambda: portal.get("/healthz/ready")[0] == 503, 5)
    if not portal.servers.heals_itself:
        time.sleep(10)
        os.kill(stopped, signal.SIGCONT)
    _, back_s = eventually(lambda: portal.is_ready() and portal.is_on_time(), 90)
    took("seen", seen_s)
    took("healed", seen_s + back_s)


@pytest.mark.fault("F5", "F6")
def test_lost_broker_loses_no_work(portal, took):
    portal.servers.stop_broker()
    seen_s = 0.0
    if not portal.servers.heals_itself:
        _, seen_s = eventually(lambda: portal.late() - {"tick"}, 60)
        took("seen", seen_s)
    portal.servers.start_broker()
    took("healed", seen_s + _all_work_again(portal))


@pytest.mark.fault("F6")
def test_emptied_broker_loses_no_work(portal, took):
    portal.servers.empty_broker()
    took("healed", _all_work_again(portal))


@pytest.mark.fault("F5")
def test_broker_that_stands_still_is_seen_and_heals(portal, took):
    with portal.servers.broker_stands_still():
        _, seen_s = eventually(lambda: portal.late() - {"tick"}, 60)
    took("seen", seen_s)
    took("healed", seen_s + _all_work_again(portal))


@pytest.mark.fault("F14")
def test_full_database_is_said_and_heals(portal, took):
    """Every connection that the server still gives is taken: who has one goes on, who wants one is told to wait."""
    taken, answers = [], set()
    try:
        while True:
            taken.append(psycopg.connect(**portal.servers.parameters, connect_timeout=2))
    except psycopg.OperationalError:
        answers = {portal.get("/healthz/ready")[0] for _ in range(20)}
    finally:
        for connection in taken:
            connection.close()
    assert len(taken) > 10
    assert answers <= {200, 503}
    _, back_s = eventually(lambda: portal.is_ready() and portal.is_on_time(), 60)
    took("healed", back_s)


@pytest.mark.fault("F34")
def test_nothing_committed_is_lost_when_all_are_killed(portal, took):
    writer = Writer(portal.servers.parameters)
    time.sleep(2)
    database = portal.servers.database_pid(portal)
    for pid in {portal.process.pid, database, *portal.processes()}:
        os.kill(pid, signal.SIGKILL)
    portal.process.wait()
    writer.thread.join(timeout=10)
    portal.servers.start_database()
    started = time.monotonic()
    portal.start()
    took("healed", time.monotonic() - started)
    assert writer.committed > 100
    assert writer.rows() >= writer.committed


def test_children_end_by_themselves_when_up_is_killed(portal, took):
    portal.process.kill()
    portal.process.wait()
    _, ended_s = eventually(lambda: not portal.processes(), 40)
    took("ended", ended_s)
    portal.start()


def test_ctrl_c_ends_everything(portal, took):
    started = time.monotonic()
    assert portal.end() == 0
    took("ended", time.monotonic() - started)
    assert portal.processes() == []


class Writer:
    """Commits one row after the other until its server is gone, and counts what was confirmed."""

    def __init__(self, parameters):
        self.parameters, self.committed = parameters, 0
        with psycopg.connect(**parameters, autocommit=True) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS written (n bigint PRIMARY KEY)")
        self.thread = threading.Thread(target=self._write, daemon=True)
        self.thread.start()

    def _write(self):
        try:
            with psycopg.connect(**self.parameters, autocommit=True) as connection:
                while True:
                    connection.execute("INSERT INTO written VALUES (%s)", [self.committed])
                    self.committed += 1
        except psycopg.Error:
            return

    def rows(self):
        with psycopg.connect(**self.parameters) as connection:
            return connection.execute("SELECT count(*) FROM written").fetchone()[0]


def _all_work_again(portal) -> float:
    """Return after how many seconds every queue has worked from now on."""
    moment, queues = _now(portal), ["pull", "tell", "work"]
    return eventually(lambda: _have_worked_since(portal, moment, queues) and portal.is_on_time(), 90)[1]


def _now(portal):
    with psycopg.connect(**portal.servers.parameters) as connection:
        return connection.execute("SELECT now()").fetchone()[0]


def _have_worked_since(portal, moment, queues):
    done = "SELECT DISTINCT queue FROM engine_duty WHERE finished_at > %s"
    try:
        with psycopg.connect(**portal.servers.parameters) as connection:
            return {queue for (queue,) in connection.execute(done, [moment])} >= set(queues)
    except psycopg.OperationalError:
        return False


def _parent_of(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return int(stat.read().rpartition(") ")[2].split()[1])
