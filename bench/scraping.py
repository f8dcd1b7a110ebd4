"""The other side of `pulls`: a Prometheus on loopback that scrapes the same targets, where it is installed."""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import yaml

from bench.processes import cpu_s
from bench.targets import SERIES, Targets, host

EVERY_S = 5
WARM_UP_S = 16
MAY_TAKE_S = 60


def path() -> str | None:
    """Return where Prometheus is; None where it is not installed."""
    return shutil.which("prometheus")


def cpu_s_for(targets: Targets, count: int, *, rounds: int) -> float:
    """Return the CPU seconds in which Prometheus scrapes and stores `count` targets once, taken over `rounds`."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "prometheus.yml")
        config.write_text(yaml.safe_dump(_config(targets, count)))
        command = [str(path()), f"--config.file={config}", f"--storage.tsdb.path={folder}/data"]
        with subprocess.Popen(
            [*command, "--web.listen-address=127.0.0.1:0", "--log.level=error"], stderr=subprocess.DEVNULL
        ) as process:
            try:
                time.sleep(WARM_UP_S)
                hits, used = targets.hits(), cpu_s(process.pid)
                time.sleep(EVERY_S * rounds)
                hits, used = targets.hits() - hits, cpu_s(process.pid) - used
            finally:
                process.terminate()
    if hits < count:
        raise RuntimeError(f"Prometheus asked {hits} times only.")
    return used / (hits / count)


def _config(targets: Targets, count: int) -> dict:
    asked = [
        {"targets": [f"{host(n)}:{targets.port}"], "labels": {"__metrics_path__": f"/t/{n}"}} for n in range(count)
    ]
    scraping = {"job_name": "bench", "scrape_interval": f"{EVERY_S}s", "static_configs": asked}
    return {"scrape_configs": [scraping | {"sample_limit": SERIES + 1}]}
