"""The model server: /predict/<model> answers rows with predictions, /metrics says how it does, in Prometheus' text."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from mlops_portal.demo.models import Answer
from mlops_portal.demo.services import Service

LARGEST_BODY = 1_000_000
BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


class ModelServer:
    """Serves the models of `services` on a loopback port; `age` says how old the demo world is on a given day."""

    def __init__(self, services: list[Service], port: int):
        self.services = {service.slug: service for service in services}
        self.age = 0
        self.registry = CollectorRegistry()
        self.requests = Counter("model_requests", "Predictions asked for.", ["model"], registry=self.registry)
        self.failures = Counter("model_failures", "Requests that failed.", ["model"], registry=self.registry)
        self.latency = Histogram(
            "model_latency_seconds", "Time to answer.", ["model"], buckets=BUCKETS, registry=self.registry
        )
        for slug in self.services:
            self.requests.labels(slug), self.failures.labels(slug), self.latency.labels(slug)
        self.http = ThreadingHTTPServer(("127.0.0.1", port), _handler_of(self))
        self.http.daemon_threads = True

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.http.server_port}"

    def start(self) -> None:
        threading.Thread(target=self.http.serve_forever, name="model server", daemon=True).start()

    def stop(self) -> None:
        self.http.shutdown()
        self.http.server_close()

    def predict(self, slug: str, rows: NDArray[np.float64]) -> tuple[str, Answer]:
        """Return (version, answer) and count the rows as requests of their own. Raises ValueError for unfit rows."""
        began = time.perf_counter()
        version, experiment = self.services[slug].version_at(self.age)
        try:
            answer = experiment.predict(rows)
        except ValueError:
            self.failures.labels(slug).inc(len(rows))
            raise
        finally:
            self.requests.labels(slug).inc(len(rows))
        each = (time.perf_counter() - began) / max(1, len(rows))
        latency = self.latency.labels(slug)
        for _ in range(len(rows)):
            latency.observe(each)
        return version, answer


def _handler_of(server: ModelServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._say(200, generate_latest(server.registry), CONTENT_TYPE_LATEST)
            else:
                self._say(404, b"Ask /metrics, or post rows to /predict/<model>.\n", "text/plain")

        def do_POST(self) -> None:
            slug = self.path.removeprefix("/predict/")
            if slug not in server.services:
                self._say(404, b"There is no such model.\n", "text/plain")
                return
            try:
                self._say(200, json.dumps(self._predicted(slug)).encode(), "application/json")
            except (ValueError, KeyError, TypeError):
                self._say(400, b'Send {"rows": [[number or null, ...], ...]} with every column.\n', "text/plain")

        def _predicted(self, slug: str) -> dict:
            length = int(self.headers.get("Content-Length", 0))
            if not 0 < length <= LARGEST_BODY:
                raise ValueError(length)
            rows = np.array(json.loads(self.rfile.read(length))["rows"], dtype=float)
            version, answer = server.predict(slug, rows)
            scores = None if answer.scores is None else answer.scores.tolist()
            return {"version": version, "predictions": answer.predictions.tolist(), "scores": scores}

        def _say(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments) -> None:
            """Say nothing: the counters tell."""

    return Handler
