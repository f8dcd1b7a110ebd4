"""1,000 sources every 10 s, 5 % of them hostile, on a whole portal: who is late, memory, Celery's part of the CPU."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench import processes
from bench.figure import Figure
from bench.targets import HOSTILE, Targets, targets
from mlops_portal.startup import postgres
from mlops_portal.startup.embedded import ROOT

NEEDS_DATABASE = False
SOURCES, HOSTILE_ONES = 1000, 50
INTERVAL_S = 10
WARM_UP_S = 30
START_MAY_TAKE_S = 240
LATE_AT_MOST, GROWTH_AT_MOST, CELERY_AT_MOST = 0.01, 1.2, 0.1


class NotStarted(Exception):
    """The portal that is to be measured does not come up."""


@dataclass(frozen=True)
class _Stand:
    """What the processes have used so far, and hold now."""

    all_s: float
    celery_s: float
    pulling_mb: float


def figures(seconds: int = 60) -> Iterator[Figure | str]:
    """Yield what `seconds` seconds show. Raises NotStarted."""
    with tempfile.TemporaryDirectory() as folder, targets() as serving, _portal(Path(folder), serving) as portal:
        _connect(portal.environment, serving)
        time.sleep(WARM_UP_S)
        began, before = time.time(), _stand(portal.pid)
        time.sleep(seconds)
        after = _stand(portal.pid)
        late = 1 - _on_time(Path(folder), began, seconds)
    used = after.all_s - before.all_s
    yield Figure("schedule, good ones late", late, 1.0, "  ", LATE_AT_MOST)
    yield Figure("schedule, memory of pulling", after.pulling_mb, before.pulling_mb, "MB", GROWTH_AT_MOST)
    yield Figure("schedule, Celery's CPU", after.celery_s - before.celery_s, used, "s", CELERY_AT_MOST)
    yield f"schedule: {SOURCES} sources every {INTERVAL_S} s for {seconds} s took {used / seconds:.2f} of a core."


@dataclass(frozen=True)
class _Portal:
    pid: int
    environment: dict[str, str]


@contextlib.contextmanager
def _portal(folder: Path, serving: Targets) -> Iterator[_Portal]:
    """Run a whole portal without the demo, in its embedded shape, as `up` does."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    without = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "PORTAL_BASE_URL"}
    environment = {name: value for name, value in os.environ.items() if name not in without}
    environment |= {"PORTAL_DATA_DIR": str(folder), "PORTAL_EGRESS_ALLOW_LOCAL": serving.places}
    command = [sys.executable, str(ROOT / "manage.py"), "up", "--no-demo", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            _wait_until_on_time(port)
            yield _Portal(process.pid, environment)
        finally:
            process.send_signal(signal.SIGINT)


def _wait_until_on_time(port: int) -> None:
    until = time.monotonic() + START_MAY_TAKE_S
    while time.monotonic() < until:
        with contextlib.suppress(OSError, http.client.HTTPException):
            asking = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            asking.request("GET", "/healthz/pipeline")
            if asking.getresponse().status == 200:
                return
        time.sleep(1)
    raise NotStarted(f"Not every duty was done within {START_MAY_TAKE_S} s.")


def _connect(environment: dict[str, str], serving: Targets) -> None:
    ways = ["t"] * (SOURCES - HOSTILE_ONES) + [HOSTILE[n % len(HOSTILE)] for n in range(HOSTILE_ONES)]
    urls = [serving.url(n, way) for n, way in enumerate(ways)]
    code = f"from bench.sources import connect; connect({urls!r}, interval_s={INTERVAL_S}, series=1, is_due=True)"
    command = [sys.executable, str(ROOT / "manage.py"), "shell", "-c", code]
    key = {"SECRET_KEY": "a-key-for-this-command-alone-0123456789-abcdefgh"}
    subprocess.run(command, env=environment | key, check=True, stdout=subprocess.DEVNULL, timeout=120)


def _on_time(folder: Path, began: float, seconds: int) -> float:
    """Return the share of the due times of good sources that had their answer before the next one."""
    with psycopg.connect(**postgres.parameters_of(folder)) as connection:
        (answered,) = connection.execute(
            """
            SELECT count(*) FROM monitoring_pull p JOIN monitoring_source s ON s.id = p.source_id
            WHERE s.settings->>'url' LIKE '%%/t/%%' AND p.outcome = 'ok' AND p.why = 'schedule'
            AND p.due_at >= to_timestamp(%s) AND p.due_at < to_timestamp(%s)
            AND p.finished_at < p.due_at + %s * interval '1 second'
            """,
            [began - INTERVAL_S, began - INTERVAL_S + seconds, INTERVAL_S],
        ).fetchone() or (0,)
    return min(answered / ((SOURCES - HOSTILE_ONES) * seconds / INTERVAL_S), 1.0)


def _stand(pid: int) -> _Stand:
    mothers = processes.children(pid)
    celery = [one for one in mothers if "celery" in processes.command(one)]
    pulling = [child for one in celery if "worker-pull@" in processes.command(one) for child in processes.children(one)]
    below = [child for one in mothers for child in processes.children(one)]
    everything = sum(map(processes.cpu_s, [pid, *mothers, *below]))
    return _Stand(everything, sum(processes.cpu_s_alone(one) for one in celery), sum(map(processes.memory_mb, pulling)))
