"""What the portal watches of each served model: its prediction log and the model server's own figures."""

from datetime import datetime, timedelta

import numpy as np

from mlops_portal.demo.models import Experiment
from mlops_portal.demo.services import SERVICES, Service
from mlops_portal.engine.egress import Refused, check_url
from monitoring.actions.metrics import Watch
from monitoring.actions.sources import connect_source, edit_source
from monitoring.connectors import connector_of
from monitoring.models import Source
from monitoring.predictions import metrics as measures
from systems.models import System

EVERY_S = 600
TESTED_DAYS = 30
MOST_MISSING = 0.2
LOG, SERVER = "Prediction log", "Model server"


def connect_log(service: Service, *, by, at: datetime) -> Source:
    """Connect the service's log; it rests until the past is worked through."""
    facts = {"kind": "prediction_log", "name": LOG, "settings": log_settings(service), "watches": log_watches(service)}
    return _connect(service, facts, by=by, at=at)


def connect_server(service: Service, address: str, *, by, at: datetime) -> Source:
    """Connect what the model server says of the service; it rests until the past is worked through."""
    settings = {"url": f"{address}/metrics"}
    facts = {"kind": "prometheus_text", "name": SERVER, "settings": settings, "watches": server_watches(service)}
    return _connect(service, facts, by=by, at=at)


def follow_server(address: str, *, by, at: datetime) -> None:
    """Tell the portal where the model server is now, when it has moved to another port."""
    for source in Source.objects.filter(name=SERVER, system__in=list(slugs_by_system())):
        edit_source(source=source, settings={"url": f"{address}/metrics"}, by=by, at=at)


def slugs_by_system() -> dict[int, str]:
    """Return under which name the demo knows each of its systems, by id, whatever people call it meanwhile."""
    return {system.pk: one.slug for one in SERVICES for system in System.objects.known_as(one.slug)}


def may_be_asked(address: str) -> bool:
    """Whether the portal's rules of egress let it connect there."""
    try:
        check_url(address)
    except Refused:
        return False
    return True


def _connect(service: Service, facts: dict, *, by, at: datetime) -> Source:
    system = System.objects.known_as(service.slug).get()
    return connect_source(system=system, interval_s=EVERY_S, enabled=False, by=by, at=at, **facts)


def log_settings(service: Service) -> dict:
    """Return the settings by which the service's log is read."""
    columns = {"id": "id", "at": "at", "prediction": "prediction", "label": "outcome", "version": "version"}
    if service.task == "binary":
        columns["score"] = "score"
    segments = {"segments": ["region"]} if service.regions else {}
    return {
        "predictions": f"{service.slug}/predictions",
        "labels": f"{service.slug}/labels",
        "format": "csv",
        "columns": columns | {"features": list(service.fields)} | segments,
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
        _watch(
            key,
            baseline=expected[key][0],
            baseline_spread=expected[key][1],
            baseline_reason=reason,
            below=service.limits.get(key),
        )
        for key in service.metrics
    ]
    return [
        *quality,
        *(_watch(service.metrics[0], segment=f"region={name}") for name in service.regions),
        _watch("rows"),
        *(_watch(f"missing:{name}", above=MOST_MISSING) for name in service.watched_fields),
    ]


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
    """Return (value, its spread from one day to the next) of each watched metric: on held-out rows, noisy as live."""
    _, _, experiment = service.versions[0]
    rng = np.random.default_rng(experiment.seed)
    days = [_tested_day(service, experiment, rng) for _ in range(TESTED_DAYS)]
    return {
        key: (round(float(np.mean(values)), 4), round(float(np.std(values)), 4))
        for key, values in ((key, [day[key] for day in days]) for key in service.metrics)
    }


def _tested_day(service: Service, experiment: Experiment, rng: np.random.Generator) -> dict[str, float]:
    rows, truth = experiment.held_out
    drawn = rng.integers(0, len(rows), service.rows_a_day)
    noise = rng.normal(0, service.jitter, (len(drawn), rows.shape[1])) * experiment.spreads
    answer = experiment.predict(rows[drawn] + noise)
    return {key: measured(key, experiment, truth[drawn], answer) for key in service.metrics}


def measured(key: str, experiment: Experiment, truth, answer) -> float:
    said = answer.predictions
    if experiment.task == "regression":
        return getattr(measures, key)(truth, said)
    positive = experiment.outcomes[0] if experiment.task == "binary" else None
    if key in ("roc_auc", "log_loss"):
        return getattr(measures, key)(truth == positive, answer.scores)
    return measures.accuracy(truth, said) if key == "accuracy" else getattr(measures, key)(truth, said, positive)


def _watch(metric: str, *, segment: str = "", **expected) -> Watch:
    """Return the watch that the connector suggests for this metric of a log."""
    said = connector_of("prediction_log").suggested(metric)
    return Watch(
        said.key,
        {"metric": metric} | ({"segment": segment} if segment else {}),
        segment=segment,
        name=said.name,
        unit=said.unit,
        kind=said.kind,
        scale=said.scale,
        direction=said.direction,
        means=said.means,
        **expected,
    )
