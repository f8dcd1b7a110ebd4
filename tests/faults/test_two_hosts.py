"""Two hosts of workers on one Redis and one PostgreSQL: both pull, and nothing is pulled twice (RELIABILITY F8)."""

import os
import shutil
import signal
import subprocess
import sys

import psycopg
import pytest

from mlops_portal.startup.embedded import ROOT
from tests.faults.running import OwnServers, RunningPortal, eventually
from tests.faults.test_pulls import connect
from tests.hostile import Target

pytestmark = pytest.mark.processes
SOURCES = 24
PULLS = 150
WHO = """
    CREATE TABLE who (pull bigint, host text);
    CREATE FUNCTION note_who() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO who VALUES (NEW.id, current_setting('application_name')); RETURN NEW; END $$;
    CREATE TRIGGER who AFTER UPDATE OF finished_at ON monitoring_pull FOR EACH ROW
    WHEN (OLD.finished_at IS NULL AND NEW.finished_at IS NOT NULL) EXECUTE FUNCTION note_who();
"""


@pytest.fixture
def target():
    target = Target()
    yield target
    target.end()


@pytest.fixture
def portal(tmp_path, target):
    if not shutil.which("redis-server"):
        pytest.skip("redis-server is not installed")
    servers = OwnServers(tmp_path)
    servers.environment |= {"PORTAL_EGRESS_ALLOW_LOCAL": f"127.0.0.1:{target.port}", "PGAPPNAME": "first"}
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
def second(portal):
    """A second host: a worker of its own name, on the same Redis and PostgreSQL."""
    key = {"SECRET_KEY": "a-key-for-this-command-alone-0123456789-abcdefgh", "PGAPPNAME": "second"}
    options = "-A mlops_portal.celery worker -Q pull -c 2 -n pull@second --without-gossip --without-mingle"
    command = [sys.executable, "-m", "celery", *options.split(), "--without-heartbeat"]
    with subprocess.Popen(
        command, cwd=ROOT, env=portal.environment() | key, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as worker:
        yield worker
        worker.kill()


@pytest.mark.fault("F8")
@pytest.mark.usefixtures("second")
def test_both_hosts_pull_and_nothing_is_pulled_twice(portal, target, record_property):
    with psycopg.connect(**portal.servers.parameters, autocommit=True) as database:
        database.execute(WHO)
        connect(portal, "source", target.url("/ok"))
        database.execute(
            """
            INSERT INTO monitoring_source (system_id, name, kind, settings, secret, interval_s, enabled, failures,
                last_error, version)
            SELECT system_id, name || n, kind, settings, '', interval_s, true, 0, '', 1
            FROM monitoring_source, generate_series(1, %s) n
            """,
            [SOURCES - 1],
        )

        def by_host():
            return dict(database.execute("SELECT host, count(*) FROM who GROUP BY host").fetchall())

        counts, _ = eventually(
            lambda: (c := by_host()) and sum(c.values()) >= PULLS and len(c) == 2 and min(c.values()) >= 10 and c, 240
        )
        database.execute("UPDATE monitoring_source SET enabled = false")
        unfinished = "SELECT 1 FROM monitoring_pull WHERE finished_at IS NULL"
        eventually(lambda: not database.execute(unfinished).fetchall(), 60)
        for host, count in counts.items():
            record_property(host, count)
        (rows, attempts, times) = database.execute(
            "SELECT count(*), max(attempt), count(DISTINCT (source_id, due_at)) FROM monitoring_pull"
        ).fetchone()
        twice = database.execute("SELECT pull FROM who GROUP BY pull HAVING count(*) > 1").fetchall()
    assert (attempts, times, twice) == (1, rows, [])
    assert target.hits.count("/ok") == rows
