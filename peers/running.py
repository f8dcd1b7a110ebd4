"""Installing, starting, asking and ending the peers. Everything of theirs lies in the system's temporary folder."""

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
HOME = Path(tempfile.gettempdir()) / f"mlops-portal-peers-{os.getuid()}"
PACKAGES = {
    "mlserver": ["mlserver==1.7.1", "mlserver-sklearn==1.7.1"],
    "bentoml": ["bentoml==1.4.39", "scikit-learn"],
}
STARTS_WITHIN_S = 90
ENDS_WITHIN_S = 15


@dataclass
class Peer:
    """A program that runs: where its metrics and its predictions are asked for."""

    process: subprocess.Popen
    address: str
    predicts: str = ""

    def page(self) -> str:
        """Return its metrics page as it stands."""
        return ask(self.address)[1]

    def predict(self, body: object) -> int:
        """Ask for a prediction; return the status of the answer."""
        return ask(self.predicts, body)[0]

    def end(self) -> None:
        """End it and what it started."""
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def ask(url: str, body: object = None) -> tuple[int, str]:
    """Return status and text of an answer; with a body it is a POST of JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def environment(name: str) -> Path:
    """Return the programs' folder of a virtual environment that has the peer's packages; made where there is none."""
    stamp = hashlib.sha256(f"{sys.version} {PACKAGES[name]}".encode()).hexdigest()
    place = HOME / name
    if not (place / stamp).exists():
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        subprocess.run([place / "bin/python", "-m", "pip", "install", "--quiet", *PACKAGES[name]], check=True)
        (place / stamp).touch()
    return place / "bin"


def start(command: Iterable[str | Path], folder: Path, ready: str, **more) -> subprocess.Popen:
    """Start a program in a folder and return it once `ready` answers 200. Raises RuntimeError with what it said."""
    said = folder / "said.log"
    with said.open("w") as log:
        process = subprocess.Popen(
            [str(word) for word in command], cwd=folder, stdout=log, stderr=log, start_new_session=True, **more
        )
    until = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < until and process.poll() is None:
        try:
            if ask(ready)[0] == 200:
                return process
        except OSError:
            time.sleep(0.2)
    Peer(process, ready).end() if process.poll() is None else None
    raise RuntimeError(f"It did not start: {said.read_text()[-2000:]}")


def mlserver(folder: Path) -> Peer:
    """Start MLServer with a scikit-learn model."""
    programs, place = environment("mlserver"), folder / "mlserver"
    shutil.copytree(HERE / "iris", place)
    subprocess.run([programs / "python", "train.py"], cwd=place, check=True)
    port, metrics = free_port(), free_port()
    served = {"host": "127.0.0.1", "http_port": port, "grpc_port": free_port(), "metrics_port": metrics}
    (place / "settings.json").write_text(json.dumps(served | {"parallel_workers": 0}))
    root = f"http://127.0.0.1:{port}/v2"
    process = start([programs / "mlserver", "start", "."], place, f"{root}/models/iris/ready")
    return Peer(process, f"http://127.0.0.1:{metrics}/metrics", f"{root}/models/iris/infer")


def bentoml(folder: Path) -> Peer:
    """Start BentoML with a service of one model."""
    programs, place = environment("bentoml"), folder / "bentoml"
    shutil.copytree(HERE / "iris", place)
    root = f"http://127.0.0.1:{(port := free_port())}"
    own = {"BENTOML_HOME": str(place / "home"), "BENTOML_DO_NOT_TRACK": "True"}
    way = {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    command = [programs / "bentoml", "serve", "service:Iris", "--host", "127.0.0.1", "--port", str(port)]
    process = start(command, place, f"{root}/readyz", env=os.environ | own | way)
    return Peer(process, f"{root}/metrics", f"{root}/predict")


def prometheus(folder: Path) -> Peer:
    """Start the system's Prometheus, which watches itself. Raises RuntimeError where it is not installed."""
    if (program := shutil.which("prometheus")) is None:
        raise RuntimeError("There is no prometheus here: install the package of your system (Debian: prometheus).")
    place = folder / "prometheus"
    place.mkdir()
    host = f"127.0.0.1:{free_port()}"
    (place / "prometheus.yml").write_text(
        f"scrape_configs: [{{job_name: self, scrape_interval: 1s, static_configs: [{{targets: ['{host}']}}]}}]\n"
    )
    command = [program, "--config.file=prometheus.yml", "--storage.tsdb.path=data", f"--web.listen-address={host}"]
    return Peer(
        start(command, place, f"http://{host}/-/ready"), f"http://{host}/metrics", f"http://{host}/api/v1/query"
    )
