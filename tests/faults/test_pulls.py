"""Kills what pulls while it pulls: every row comes to an end, nothing is counted twice (RELIABILITY F3, F4, F27)."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap

import psycopg
import pytest

from mlops_portal.startup.embedded import ROOT
from tests.faults.running import EmbeddedServers, OwnServers, RunningPortal, children, eventually
from tests.hostile import Target

pytestmark = pytest.mark.processes
HAS_SERVERS = bool(os.environ.get("DATABASE_URL"))
INTERVAL_S = 5  # so a pull has 2.5 s, and its lease ends after 12.5
MAY_TAKE_S = 150  # a worker whose idle children were killed too is replaced after it was deaf for a while


@pytest.fixture(scope="module")
def target():
    target = Target()
    target.page = b"# TYPE up gauge\nup 1\n"
    yield target
    target.end()


@pytest.fixture(scope="module")
def portal(tmp_path_factory, target):
    if HAS_SERVERS and not shutil.which("redis-server"):
        pytest.skip("redis-server is not installed")
    servers = (OwnServers if HAS_SERVERS else EmbeddedServers)(tmp_path_factory.mktemp("pulls"))
    servers.environment["PORTAL_EGRESS_ALLOW_LOCAL"] = f"127.0.0.1:{target.port}"
    portal = RunningPortal(servers)
    try:
        portal.start()
        connect(portal, "slow", target.url("/slow"))
        yield portal
    finally:
        for pid in portal.processes():
            os.kill(pid, signal.SIGKILL)
        portal.process.wait()
        servers.end()


def connect(portal, name, url):
    """Connect a source to the system `portal`, through the same action as every door."""
    code = f"""
        from django.utils import timezone
        from monitoring.actions.metrics import Watch
        from monitoring.actions.sources import connect_source
        from systems.models import System
        watch = Watch("{name}", selector={{"series": "up"}}, kind="service")
        connect_source(
            system=System.objects.get(slug="portal"), kind="prometheus_text", name="{name}", watches=[watch],
            settings={{"url": "{url}"}}, interval_s={INTERVAL_S}, by=None, at=timezone.now(),
        )
    """
    command = [sys.executable, str(ROOT / "manage.py"), "shell", "-c", textwrap.dedent(code)]
    environment = portal.environment() | {"SECRET_KEY": "a-key-for-this-command-alone-0123456789-abcdefgh"}
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)


def asked(portal, sql, *parameters):
    with psycopg.connect(**portal.servers.parameters) as connection:
        return connection.execute(sql, parameters).fetchall()


def pulls(portal, condition="true"):
    """Return (id, attempt, outcome) of the pulls, oldest first."""
    return asked(portal, f"SELECT id, attempt, outcome FROM monitoring_pull WHERE {condition} ORDER BY due_at")


def of(name):
    """Return the condition for the pulls of the source `name`."""
    return f"source_id = (SELECT id FROM monitoring_source WHERE name = '{name}')"


def under_way(portal, target):
    """Make the target slow and return the id of the pull that is asking it now."""
    target.slow_s, target.hits[:] = 2.0, []
    eventually(lambda: "/slow" in target.hits, 60)
    ((pull, _, _),) = pulls(portal, f"finished_at IS NULL AND {of('slow')}")
    return pull


def mend(target):
    target.slow_s = 0.0


def ended(portal, pull):
    """Return (attempt, outcome) of a pull once it has come to its end, and after how many seconds."""
    (row, *_), took_s = eventually(lambda: pulls(portal, f"id = {pull} AND finished_at IS NOT NULL"), MAY_TAKE_S)
    return row[1:], took_s


def goes_on_after(portal, pull):
    eventually(lambda: pulls(portal, f"id > {pull} AND outcome = 'ok' AND attempt = 1"), MAY_TAKE_S)


def is_counted_once(portal):
    """Whether there are as many points as the finished pulls say, and one row for each due time."""
    ((counted, rows, times),) = asked(
        portal, "SELECT sum(points), count(*), count(DISTINCT due_at) FROM monitoring_pull"
    )
    ((points,),) = asked(portal, "SELECT count(*) FROM monitoring_point")
    return (counted, rows) == (points, times)


@pytest.mark.fault("F3", "F4")
def test_a_pull_whose_worker_was_killed_is_done_by_another(portal, target, record_property):
    pull = under_way(portal, target)
    os.kill(portal.pid("worker-pull"), signal.SIGKILL)
    mend(target)
    how, took_s = ended(portal, pull)
    record_property("ended", f"{took_s:.1f} s")
    assert how == (2, "ok")
    goes_on_after(portal, pull)
    assert is_counted_once(portal)


@pytest.mark.fault("F3", "F4")
def test_a_pull_whose_child_was_killed_is_done_by_another(portal, target, record_property):
    pull = under_way(portal, target)
    for pid in children(portal.pid("worker-pull")):
        os.kill(pid, signal.SIGKILL)
    mend(target)
    how, took_s = ended(portal, pull)
    record_property("ended", f"{took_s:.1f} s")
    assert how == (2, "ok")
    goes_on_after(portal, pull)
    assert is_counted_once(portal)


def _kill(name):
    return lambda portal: os.kill(portal.pid(name), signal.SIGKILL)


def _lose_the_broker(portal):
    portal.servers.stop_broker()
    portal.servers.start_broker()


def _lose_the_database(portal):
    os.kill(portal.servers.database_pid(portal), signal.SIGKILL)
    portal.servers.start_database()


HURTS = {
    "scheduler": _kill("scheduler"),
    "web": _kill("web"),
    "broker": _lose_the_broker,
    "database": _lose_the_database,
}


@pytest.mark.fault("F4", "F6")
@pytest.mark.parametrize("what", HURTS)
def test_a_pull_comes_to_its_end_whatever_else_dies_meanwhile(portal, target, what, record_property):
    pull = under_way(portal, target)
    HURTS[what](portal)
    mend(target)
    eventually(portal.is_ready, 60)
    how, took_s = ended(portal, pull)
    record_property("ended", f"{took_s:.1f} s")
    assert how[1] == "ok"
    goes_on_after(portal, pull)
    eventually(lambda: is_counted_once(portal), 30)
    eventually(portal.is_on_time, 60)


@pytest.mark.fault("F9", "F10", "F27")
def test_a_target_that_hangs_ends_in_a_timeout_and_holds_up_nobody(portal, target):
    connect(portal, "good", target.url("/ok"))
    pull = under_way(portal, target)
    target.slow_s = 9.0
    eventually(lambda: pulls(portal, f"id > {pull} AND outcome = 'timeout'"), 60)
    before = len(pulls(portal, of("good")))
    eventually(lambda: len(pulls(portal, of("good"))) >= before + 2, 30)
    assert {outcome for _, _, outcome in pulls(portal, of("good"))} <= {"ok", None}
    assert portal.is_on_time()
    mend(target)
