"""What of a metrics page is worth watching: known names of model servers first, the rest by type and suffix.

None of these servers shows how good its predictions are; all of this is about the service.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from monitoring.connectors.connector import Found, Suggested
from monitoring.connectors.prometheus_text.exposition import Labels, Page, Sample
from monitoring.connectors.prometheus_text.selecting import quantile_of

Q = 0.95
LONGEST_KEY = 80
UNITS = {"seconds": "s", "milliseconds": "ms", "ms": "ms", "microseconds": "µs", "us": "µs", "bytes": "bytes"}
ERRORS = re.compile(r"(?:^|_)(?:errors?|failures?|failed|exceptions?|requests5xx|5xx)(?:_|$)", re.IGNORECASE)
STARTED = "process_start_time_seconds"


@dataclass(frozen=True)
class Known:
    """A series of a known model server: how it is taken, and what it is called; `over` is what a ratio is of."""

    pattern: str
    take: str
    name: str
    means: str
    over: str = ""
    unit: str = ""


REQUESTS = ("Requests", "How many predictions were asked for each second.")
FAILED = ("Failed requests", "The share of requests that failed.")
SLOW = ("Slow requests (p95)", "95 of 100 requests take no longer than this.")
WAITING = ("Waiting requests", "How many requests wait for their turn.")
KNOWN = [
    # MLServer
    Known(r"model_infer_request_success(_total)?", "rate", *REQUESTS),
    Known(r"model_infer_request_failure(_total)?", "ratio", *FAILED, over="success"),
    # BentoML
    Known(r"bentoml_(service|api_server|runner)_request_total", "rate", *REQUESTS),
    Known(r"bentoml_(service|api_server|runner)_request_duration_seconds", "quantile", *SLOW),
    Known(r"bentoml_(service|api_server|runner)_request_in_progress", "value", *WAITING),
    # Triton: microseconds and counters without _total
    Known(r"nv_inference_request_success", "rate", *REQUESTS),
    Known(r"nv_inference_request_failure", "ratio", *FAILED, over="success"),
    Known(r"nv_inference_request_duration_us", "ratio", "Time of a request", "How long a request takes, on average.",
          over="nv_inference_count", unit="µs"),
    Known(r"nv_inference_pending_request_count", "value", *WAITING),
    # TorchServe
    Known(r"ts_inference_requests_total", "rate", *REQUESTS),
    # KServe
    Known(r"request_predict_seconds", "quantile", *SLOW),
    # Seldon Core 2
    Known(r"seldon_(model|pipeline)_infer_total", "rate", *REQUESTS),
    Known(r"seldon_(model|pipeline)_infer_api_seconds", "quantile", *SLOW),
    # Ray Serve
    Known(r"ray_serve_deployment_request_counter(_total)?", "rate", *REQUESTS),
    Known(r"ray_serve_deployment_error_counter(_total)?", "ratio", *FAILED, over="request"),
    Known(r"ray_serve_deployment_processing_latency_ms", "quantile", *SLOW, unit="ms"),
]  # fmt: skip
OWN = re.compile(r"(?:python|process|go|promhttp|scrape|jvm)_.*|.*_created|.*_info")  # about the process, not its work


def suggest(page: Page, at: datetime) -> list[Found]:
    """Return every series of the page with its last value and how it might be watched, likely ones first."""
    found = [*_histograms(page, at), *(one for one in _singles(page, at) if one)]
    return sorted(found, key=lambda one: not one.is_likely)


def _histograms(page: Page, at: datetime) -> Iterator[Found]:
    for name in sorted(page.types):
        if page.types[name] != "histogram":
            continue
        buckets: dict[Labels, dict[float, float]] = {}
        for sample in page.samples.get(name + "_bucket", []):
            labels = tuple(pair for pair in sample.labels if pair[0] != "le")
            bound = dict(sample.labels).get("le", "")
            buckets.setdefault(labels, {})[_bound(bound)] = sample.value
        for labels, counts in buckets.items():
            selector = {"series": name, "labels": dict(labels), "take": "quantile", "q": Q}
            yield _found(selector, quantile_of(counts, Q), at, "quantile")


def _bound(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _singles(page: Page, at: datetime) -> Iterator[Found | None]:
    started = page.samples.get(STARTED, [])
    up_s = at.timestamp() - started[0].value if started else 0.0
    for name in sorted(page.samples):
        kind = page.type_of(name)
        if kind == "histogram" or name.endswith("_created"):
            continue
        for sample in page.samples[name]:
            yield _counter(page, sample, at, up_s) if _is_counter(page, sample) else _gauge(sample, at)


def _is_counter(page: Page, sample: Sample) -> bool:
    if page.type_of(sample.name) == "summary":
        return sample.name.endswith(("_count", "_sum"))
    known = _known(sample.name)
    return (
        page.type_of(sample.name) == "counter"
        or sample.name.endswith("_total")
        or bool(known and known.take in ("rate", "ratio") and page.type_of(sample.name) == "untyped")
    )


def _gauge(sample: Sample, at: datetime) -> Found:
    selector = {"series": sample.name, "labels": dict(sample.labels), "take": "value"}
    return _found(selector, sample.value, sample.at or at, "value")


def _counter(page: Page, sample: Sample, at: datetime, up_s: float) -> Found:
    """Sums are taken as an average, errors as a share of all, where those are counted beside them; else as a rate."""
    selector = {"series": sample.name, "labels": dict(sample.labels)}
    if over := _all_of(page, sample):
        ratio = selector | {"take": "ratio", "over": {"series": over.name, "labels": dict(over.labels)}}
        return _found(ratio, sample.value / over.value if over.value else None, at, "ratio")
    return _found(selector | {"take": "rate"}, sample.value / up_s if up_s > 0 else None, at, "rate")


def _all_of(page: Page, sample: Sample) -> Sample | None:
    """Return the counter of all of which this one counts a part, by its name and labels, if there is one."""
    known = _known(sample.name)
    if known and known.over == "nv_inference_count":
        names = [known.over]
    elif sample.name.endswith("_sum"):
        names = [sample.name.removesuffix("_sum") + "_count"]
    elif ERRORS.search(sample.name):
        swap = ("request", "requests", "success")
        names = [re.sub(r"errors?|failures?|failed|exceptions?", word, sample.name) for word in swap]
        names += [re.sub(r"_?(?:errors?|failures?|failed|exceptions?)", "", sample.name)]
    else:
        return None
    own = set(sample.labels)
    fitting = [one for name in names if name != sample.name for one in page.samples.get(name, [])]
    return next((one for one in fitting if set(one.labels) <= own), None)


def _known(name: str) -> Known | None:
    return next((known for known in KNOWN if re.fullmatch(known.pattern, name)), None)


def _found(selector: dict, last: float | None, at: datetime, take: str) -> Found:
    name, labels = selector["series"], selector["labels"]
    selector = selector if labels else {key: value for key, value in selector.items() if key != "labels"}
    known = _known(name)
    is_share = take == "ratio" and not name.endswith("_sum") and not (known and known.unit)
    fits = known is not None and known.take == take
    suggested = Suggested(
        key=_key(name, labels, take),
        name=known.name if known and fits else _words(name, labels, take),
        unit="share" if is_share else known.unit if known and fits and known.unit else _unit(name, take),
        scale="rate" if is_share else "real" if take == "value" else "positive",
        direction=_direction(name, take),
        means=known.means if known and fits else "",
    )
    return Found(selector, _finite(last), at, suggested, is_likely=_is_likely(name, take, known))


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _key(name: str, labels: dict[str, str], take: str) -> str:
    ending = {"quantile": "p95", "rate": "rate", "ratio": "share"}.get(take, "")
    ending = "mean" if take == "ratio" and name.endswith("_sum") else ending
    text = "_".join([name.removesuffix("_total").removesuffix("_sum"), *labels.values(), ending]).lower()
    return re.sub(r"[^a-z0-9]+", "_", text).strip("_")[:LONGEST_KEY].rstrip("_") or "series"


def _words(name: str, labels: dict[str, str], take: str) -> str:
    words = name.removesuffix("_total").replace("_", " ").strip()
    told = {"quantile": " (p95)", "rate": " per second", "ratio": " (share)"}.get(take, "")
    if name.endswith("_sum") and take == "ratio":
        words, told = words.removesuffix(" sum"), " (average)"
    of = f" of {', '.join(labels.values())}" if labels else ""
    return f"{words[:1].upper()}{words[1:]}{told}{of}"[:120]


def _unit(name: str, take: str) -> str:
    unit = UNITS.get(name.removesuffix("_total").removesuffix("_sum").rpartition("_")[2], "")
    return f"{unit}/s" if take == "rate" and unit else "1/s" if take == "rate" else unit


def _direction(name: str, take: str) -> str:
    lower = take in ("quantile", "ratio") or ERRORS.search(name) or re.search(r"latency|duration|queue|pending", name)
    return "lower" if lower or _unit(name, take) in UNITS.values() else "higher"


def _is_likely(name: str, take: str, known: Known | None) -> bool:
    if known is not None:
        return known.take == take
    return take in ("quantile", "ratio") and not OWN.fullmatch(name)
