"""Prometheus as a peer: started in a folder of its own, with a past that is given to it."""

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import orjson

from bench.points import Rows

MAY_TAKE_S = 60.0


class Missing(Exception):
    """There is no Prometheus on this machine."""


@contextlib.contextmanager
def prometheus_with(series: list[int], from_at: datetime, days: int) -> Iterator[Callable]:
    """Yield a function that asks for the means of the first `count` series, of windows of `step_s` seconds.

    It holds the same values by the minute as Rows.made gives. Raises Missing.
    """
    programs = [shutil.which(name) for name in ("prometheus", "promtool")]
    if None in programs:
        raise Missing("There are no prometheus and promtool on PATH.")
    prometheus, promtool = map(str, programs)
    with tempfile.TemporaryDirectory(prefix="portal-prometheus-") as name:
        folder = Path(name)
        for pk in series:
            _write_past(folder / "past.txt", pk, from_at, days)
            _run(promtool, "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=744h", "-q",
                 str(folder / "past.txt"), str(folder / "data"))  # fmt: skip
        (folder / "none.yml").write_text("")
        with socket.create_server(("127.0.0.1", 0)) as free:
            address = f"127.0.0.1:{free.getsockname()[1]}"
        options = [f"--config.file={folder / 'none.yml'}", f"--storage.tsdb.path={folder / 'data'}"]
        options += ["--storage.tsdb.retention.time=1y", f"--web.listen-address={address}", "--log.level=error"]
        server = subprocess.Popen([prometheus, *options])
        try:
            _wait_until_ready(address)
            yield lambda count, begin, end, step_s: _ask(address, series[:count], begin, end, step_s)
        finally:
            server.terminate()
            server.wait(30)


def _write_past(path: Path, pk: int, from_at: datetime, days: int) -> None:
    values = Rows.made([pk], from_at, days * 1440).value.tolist()
    seconds = (int(from_at.timestamp()) + 60 * np.arange(len(values))).tolist()
    lines = [f'bench_value{{series="{pk}"}} {value!r} {at}\n' for value, at in zip(values, seconds, strict=True)]
    path.write_text("# TYPE bench_value gauge\n" + "".join(lines) + "# EOF\n")


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _wait_until_ready(address: str) -> None:
    deadline = time.monotonic() + MAY_TAKE_S
    while True:
        try:
            with urllib.request.urlopen(f"http://{address}/-/ready", timeout=5):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _ask(address: str, series: list[int], begin: datetime, end: datetime, step_s: int) -> None:
    chosen = "|".join(map(str, series))
    query = f'avg_over_time(bench_value{{series=~"{chosen}"}}[{step_s}s])'
    asked = {"query": query, "start": begin.timestamp() + step_s, "end": end.timestamp(), "step": step_s}
    with urllib.request.urlopen(f"http://{address}/api/v1/query_range?{urllib.parse.urlencode(asked)}") as answer:
        found = orjson.loads(answer.read())["data"]["result"]
    if len(found) != len(series):
        raise Missing(f"Prometheus answers with {len(found)} of {len(series)} series.")
