"""What the portal watches of each served model: its prediction log and the model server's own figures."""

from datetime import datetime, timedelta

from mlops_portal.demo.models import Experiment
from mlops_portal.demo.services import Service
from mlops_portal.engine.egress import Refused, check_url
from monitoring.actions.metrics import Watch
from monitoring.actions.sources import connect_source, edit_source
from monitoring.connectors import connector_of
from monitoring.models import Source
from monitoring.predictions import metrics as measures
from systems.models import System

EVERY_S = 600
LOG, SERVER = "Prediction log", "Model server"


def connect_log(service: Service, *, by, at: datetime) -> Source:
    """Connect the service's log, or find it connected; it rests until the past is worked through."""
    facts = {"kind": "prediction_log", "settings": log_settings(service), "interval_s": EVERY_S}
    return _connect(service, LOG, facts, log_watches(service), by=by, at=at)


def connect_server(service: Service, address: str, *, by, at: datetime) -> Source:
    """Connect what the model server says of the service, or follow it when it has moved to another port."""
    settings = {"url": f"{address}/metrics"}
    facts = {"kind": "prometheus_text", "settings": settings, "interval_s": EVERY_S}
    source = _connect(service, SERVER, facts, server_watches(service), by=by, at=at)
    return edit_source(source=source, settings=settings, by=by, at=at) if source.settings != settings else source


def may_be_asked(address: str) -> bool:
    """Whether the portal's rules of egress let it connect there."""
    try:
        check_url(address)
    except Refused:
        return False
    return True


def _connect(service: Service, name: str, facts: dict, watches: list[Watch], *, by, at: datetime) -> Source:
    system = System.objects.get(slug=service.slug)
    standing = system.sources.filter(name=name).first()
    return standing or connect_source(system=system, name=name, enabled=False, watches=watches, by=by, at=at, **facts)


def log_settings(service: Service) -> dict:
    """Return the settings by which the service's log is read."""
    columns = {"id": "id", "at": "at", "prediction": "prediction", "label": "outcome", "version": "version"}
    if service.task == "binary":
        columns["score"] = "score"
    return {
        "predictions": f"{service.slug}/predictions",
        "labels": f"{service.slug}/labels",
        "format": "csv",
        "columns": columns | {"features": list(service.fields)},
        "task": service.task,
        "positive": service.versions[0][2].outcomes[0] if service.task == "binary" else "",
        "window": "day",
        "label_delay_s": (service.labels_after - timedelta(hours=22)).total_seconds(),
    }


def log_watches(service: Service) -> list[Watch]:
    """Return what is watched in the log: quality against the experiment's figures, and what comes in."""
    expected = figures(service)
    reason = "Measured on the rows that were held out of training."
    quality = [
        _watch(key, baseline=expected[key][0], baseline_spread=expected[key][1], baseline_reason=reason)
        for key in service.metrics
    ]
    return [*quality, _watch("rows"), *(_watch(f"missing:{name}") for name in service.watched_fields)]


def server_watches(service: Service) -> list[Watch]:
    """Return what is watched of the model server: how much is asked, how much fails, how long it takes."""
    labels = {"model": service.slug}
    asked = {"series": "model_requests_total", "labels": labels}
    failed = {"series": "model_failures_total", "labels": labels, "take": "ratio", "over": asked}
    slowest = {"series": "model_latency_seconds", "labels": labels, "take": "quantile", "q": 0.95}
    return [
        Watch(
            "requests_per_s",
            asked | {"take": "rate"},
            name="Requests",
            unit="1/s",
            kind="service",
            scale="positive",
            means="How many predictions are asked for each second.",
        ),
        Watch(
            "failure_share",
            failed,
            name="Failed requests",
            unit="share",
            kind="service",
            scale="rate",
            direction="lower",
            means="The share of requests that got no prediction.",
            above=0.05,
        ),
        Watch(
            "latency_p95",
            slowest,
            name="Latency",
            unit="s",
            kind="service",
            scale="positive",
            direction="lower",
            means="Nineteen of twenty requests are answered within this time.",
            above=0.5,
        ),
    ]


def figures(service: Service) -> dict[str, tuple[float, float]]:
    """Return (value, its spread from one day to the next) of each watched metric, on rows that were held out."""
    _, _, experiment = service.versions[0]
    rows, truth = experiment.held_out
    answer = experiment.predict(rows)
    found = {}
    for key in service.metrics:
        half = len(truth) // 2
        halves = (slice(None), slice(half), slice(half, None))
        whole, first, second = (_measured(key, experiment, truth[part], answer, part) for part in halves)
        found[key] = (round(whole, 4), round(abs(first - second) / 2, 4))
    return found


def _measured(key: str, experiment: Experiment, truth, answer, part: slice) -> float:
    said = answer.predictions[part]
    if experiment.task == "regression":
        return getattr(measures, key)(truth, said)
    positive = experiment.outcomes[0] if experiment.task == "binary" else None
    if key in ("roc_auc", "log_loss"):
        return getattr(measures, key)(truth == positive, answer.scores[part])
    return measures.accuracy(truth, said) if key == "accuracy" else getattr(measures, key)(truth, said, positive)


def _watch(metric: str, **expected) -> Watch:
    """Return the watch that the connector suggests for this metric of a log."""
    said = connector_of("prediction_log").suggested(metric)
    return Watch(
        said.key,
        {"metric": metric},
        name=said.name,
        unit=said.unit,
        kind=said.kind,
        scale=said.scale,
        direction=said.direction,
        means=said.means,
        **expected,
    )
