"""Model servers that are recognised by the names of their series, and what of each is worth watching.

All of it is about the service: none of these servers knows how good its predictions are.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """A series of a model server: how it is taken, what it is called, what it tells.

    `over` is what a ratio is of; `without` names labels whose series are added up; `good` is (label, values): the share
    of those. `server` is filled in by `known_as`.
    """

    pattern: str
    take: str
    name: str
    means: str
    over: str = ""
    unit: str = ""
    without: tuple[str, ...] = ()
    good: tuple[str, tuple[str, ...]] | None = None
    direction: str = ""
    server: str = ""


REQUESTS = ("Requests", "How many predictions were asked for each second.")
ANSWERED = ("Predictions", "How many predictions were answered each second.")
FAILED = ("Failed requests", "The share of requests that failed.")
WELL = ("Requests that succeed", "The share of requests that were answered as they should be.")
FAILED_OF_GOOD = ("Failed requests", "How many requests failed for each one that succeeded.")
SLOW = ("Slow requests (p95)", "95 of 100 requests take no longer than this.")
TAKES = ("Time of a request", "How long a request takes, on average.")
WAITS = ("Waiting time", "How long a request waits for its turn, on average.")
WAITING = ("Waiting requests", "How many requests wait for their turn.")
RUNNING = ("Requests in progress", "How many requests are being worked on.")
_BENTO = r"bentoml_(service|api_server|runner)_"
_RAY = r"(ray_)?serve_"
_RAY_PARTS = (
    "replica",
    "error_code",
    "exception_type",
    "route",
    "method",
    "status_code",
    "WorkerId",
    "NodeAddress",
    "SessionName",
)
_OK = ("200", "OK", "ok", "0")

SERVERS = {
    "MLServer": [
        Known(r"model_infer_request_success(_total)?", "rate", *ANSWERED),
        Known(r"model_infer_request_failure(_total)?", "ratio", *FAILED, over="model_infer_request_duration_count"),
        Known(r"model_infer_request_duration_sum", "ratio", *TAKES, over="model_infer_request_duration_count",
              unit="s"),
        Known(r"(batch|parallel)_request_queue", "quantile", *WAITING),
    ],
    "BentoML": [
        Known(_BENTO + "request_total", "rate", *REQUESTS, without=("http_response_code", "pid")),
        Known(_BENTO + "request_total", "ratio", *WELL, without=("pid",), good=("http_response_code", _OK)),
        Known(_BENTO + "request_duration_seconds", "quantile", *SLOW, without=("http_response_code", "pid")),
        Known(_BENTO + "request_in_progress", "value", *RUNNING, direction="lower"),
    ],
    "Triton": [  # microseconds, and counters without _total
        Known(r"nv_inference_request_success", "rate", *ANSWERED),
        Known(r"nv_inference_request_failure", "ratio", *FAILED_OF_GOOD, over="nv_inference_request_success",
              unit="per success", without=("reason",)),
        Known(r"nv_inference_request_duration_us", "ratio", *TAKES, over="nv_inference_request_success", unit="µs"),
        Known(r"nv_inference_queue_duration_us", "ratio", *WAITS, over="nv_inference_request_success", unit="µs"),
        Known(r"nv_inference_pending_request_count", "value", *WAITING, direction="lower"),
    ],
    "TorchServe": [
        Known(r"ts_inference_requests_total", "rate", *REQUESTS),
        Known(r"ts_inference_latency_microseconds", "ratio", *TAKES, over="ts_inference_requests_total", unit="µs"),
        Known(r"ts_queue_latency_microseconds", "ratio", *WAITS, over="ts_inference_requests_total", unit="µs"),
        Known(r"Requests5XX", "ratio", *FAILED_OF_GOOD, over="Requests2XX", unit="per success"),
    ],
    "KServe": [
        Known(r"request_predict_seconds_count", "rate", *REQUESTS),
        Known(r"request_predict_seconds", "quantile", *SLOW),
        Known(r"request_preprocess_seconds", "quantile", "Slow preparation (p95)",
              "95 of 100 inputs are prepared within this time."),
    ],
    "Seldon Core": [
        Known(r"seldon_(model|pipeline)_infer_total", "rate", *REQUESTS, without=("code",)),
        Known(r"seldon_(model|pipeline)_infer_total", "ratio", *WELL, good=("code", _OK)),
        Known(r"seldon_(model|pipeline)_infer_api_seconds", "quantile", *SLOW, without=("code",)),
    ],
    "TensorFlow Serving": [  # microseconds
        Known(r":tensorflow:serving:request_count", "rate", *REQUESTS, without=("status",)),
        Known(r":tensorflow:serving:request_count", "ratio", *WELL, good=("status", _OK)),
        Known(r":tensorflow:serving:request_latency", "quantile", *SLOW, unit="µs"),
    ],
    "Ray Serve": [  # counters were exported as gauges, then with _total, for a while with both
        Known(_RAY + r"deployment_request_counter(_total)?", "rate", *REQUESTS, without=_RAY_PARTS),
        Known(_RAY + r"deployment_error_counter(_total)?", "ratio", *FAILED, over="request", without=_RAY_PARTS),
        Known(_RAY + r"deployment_processing_latency_ms", "quantile", *SLOW, unit="ms", without=_RAY_PARTS),
        Known(_RAY + r"num_http_requests(_total)?", "rate", *REQUESTS, without=_RAY_PARTS),
        Known(_RAY + r"num_http_error_requests(_total)?", "ratio", *FAILED, over="", without=_RAY_PARTS),
        Known(_RAY + r"deployment_queued_queries", "value", *WAITING, direction="lower"),
    ],
    "vLLM": [
        Known(r"vllm:request_success_total", "rate", *ANSWERED, without=("finished_reason",)),
        Known(r"vllm:e2e_request_latency_seconds", "quantile", *SLOW),
        Known(r"vllm:time_to_first_token_seconds", "quantile", "Slow first words (p95)",
              "In 95 of 100 requests the first word comes within this time."),
        Known(r"vllm:(inter_token_latency|time_per_output_token)_seconds", "quantile", "Slow words (p95)",
              "95 of 100 words come within this time after the one before."),
        Known(r"vllm:generation_tokens_total", "rate", "Words made", "How many tokens are generated each second."),
        Known(r"vllm:num_requests_waiting", "value", *WAITING, direction="lower"),
        Known(r"vllm:(kv|gpu)_cache_usage_perc", "value", "Memory for requests in use",
              "The share of the memory for requests that is taken; at 1 new ones wait.", unit="share",
              direction="lower"),
    ],
}  # fmt: skip
ALL = [(server, re.compile(one.pattern), one) for server, series in SERVERS.items() for one in series]


def known_as(name: str) -> list[Known]:
    """Return what is known of the series of a name, one for each way of taking it."""
    return [one for _, pattern, one in ALL if pattern.fullmatch(name)]


def server_of(names: Iterable[str]) -> str:
    """Return the model server that most of these series are known of, "" where none is."""
    found = [server for name in names for server, pattern, _ in ALL if pattern.fullmatch(name)]
    return max(sorted(set(found)), key=found.count, default="")
