"""Metrics pages of model servers and exporters: the Prometheus text format, read straight from the target."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from mlops_portal.engine import fetching
from monitoring.connectors import by_http
from monitoring.connectors.connector import Connector as Shape
from monitoring.connectors.connector import Found, Limits, Pulled, Wanted
from monitoring.connectors.prometheus_text.exposition import Page, read_page
from monitoring.connectors.prometheus_text.known import Pages
from monitoring.connectors.prometheus_text.selecting import Missing, names_of, take
from monitoring.connectors.prometheus_text.suggesting import suggest

ACCEPT = "text/plain;version=0.0.4;q=1, application/openmetrics-text;version=1.0.0;q=0.5, text/plain;q=0.3"
_SERIES = {"series": by_http.TEXT, "labels": {"type": "object", "additionalProperties": by_http.TEXT}}


class Connector(Shape):
    kind = "prometheus_text"
    title = "Metrics page"
    summary = "Reads what a model server shows under /metrics: traffic, errors and latency."
    purpose = (
        "Tells whether the service is up, how much it is asked, how often it fails and how long it takes. It does not "
        "say whether the predictions are right: that needs a prediction log, a report in JSON, or pushed values."
    )
    needs = (
        "An address that answers with metrics as text, such as /metrics of MLServer, BentoML, Triton, KServe, Seldon, "
        "TorchServe, TensorFlow Serving, Ray Serve or vLLM; they are recognised.",
        "The portal may connect to it: an administrator lists it in PORTAL_EGRESS_ALLOW.",
        "Two pulls: rates, shares and quantiles are of what was counted since the one before.",
    )
    settings = by_http.settings_schema("http://model:8000/metrics")
    credentials = by_http.CREDENTIALS
    no_past = "A metrics page tells only what is now: its past cannot be read."
    selector = {
        "type": "object",
        "properties": {
            **_SERIES,
            "take": {"enum": ["value", "rate", "ratio", "quantile"], "default": "value"},
            "q": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1, "default": 0.95},
            "over": {"type": "object", "properties": _SERIES, "required": ["series"], "additionalProperties": False},
        },
        "required": ["series"],
        "additionalProperties": False,
    }
    example = {
        "settings": {"url": "http://model.example:8000/metrics"},
        "credentials": {"bearer": "a token"},
        "selector": {"series": "request_seconds", "labels": {"model": "churn"}, "take": "quantile", "q": 0.95},
        "metric": {"key": "latency_p95", "kind": "service", "unit": "s", "direction": "lower"},
    }

    def checked(self, settings: dict) -> dict:
        return by_http.checked_address(settings)

    def unfit_selector(self, selector: Mapping[str, Any]) -> str:
        return unfit_selector(selector)

    async def discover(self, settings: dict, credentials: dict, *, at: datetime, limits: Limits) -> list[Found]:
        fetched = await by_http.ask(settings, credentials, limits, accept=ACCEPT)
        page = await asyncio.to_thread(_page, fetched, limits)
        return suggest(page, at)

    async def pull(
        self,
        settings: dict,
        credentials: dict,
        wanted: Sequence[Wanted],
        *,
        since: datetime | None,
        at: datetime,
        limits: Limits,
    ) -> Pulled:
        fetched = await by_http.ask(settings, credentials, limits, accept=ACCEPT)
        pulled = Pulled(bytes=fetched.bytes)
        if _read_again(settings["url"], fetched, wanted, pulled, at, limits):
            return pulled
        fitting = _fitting(wanted, pulled)
        page = _page(fetched, limits, {name for one in fitting for name in names_of(one.selector)})
        absent = [one for one in fitting if not _take(page, one, pulled, at)]
        whole = _page(fetched, limits) if absent else page  # so that the sentence can say what is there instead
        for one in absent:
            _take(whole, one, pulled, at)
        if wanted and not pulled.missing:
            kind = fetched.headers.get("Content-Type", "")
            key = (settings["url"], wanted[0].series_id)
            _known.remember(key, fetched.body, kind, wanted, page=page, max_series=limits.max_series)
        return pulled


_known = Pages()


def _read_again(
    url: str, fetched: fetching.Fetched, wanted: Sequence[Wanted], pulled: Pulled, at: datetime, limits: Limits
) -> bool:
    """Put into `pulled` what a page gives that is known but for its values; return whether it is."""
    key = (url, wanted[0].series_id) if wanted else None
    kind = fetched.headers.get("Content-Type", "")
    again = _known.read(key, fetched.body, kind, wanted, at=at, max_series=limits.max_series)
    if again is None:
        return False
    pulled.readings, pulled.note = again.readings, again.note
    counting = {one.series_id for one in again.counted}
    for one in wanted if counting else ():
        if one.series_id in counting:
            _take(again.page, one, pulled, at)
    return True


def _page(fetched: fetching.Fetched, limits: Limits, names: set[str] | None = None) -> Page:
    kind = fetched.headers.get("Content-Type", "")
    return read_page(fetched.body, kind, max_series=limits.max_series, names=names)


def _fitting(wanted: Sequence[Wanted], pulled: Pulled) -> list[Wanted]:
    """Return those whose selector can be read; the others are missing, and it is said why."""
    fitting = []
    for one in wanted:
        if unfit := unfit_selector(one.selector):
            pulled.missing[one.series_id] = unfit
        else:
            fitting.append(one)
    return fitting


def unfit_selector(selector: Mapping[str, Any]) -> str:
    """Return in a sentence what is wrong with a selector, "" when nothing is."""
    over, q = selector.get("over"), selector.get("q", 0.95)
    if not isinstance(selector.get("series"), str) or not selector["series"]:
        return "The selector names no series."
    if not all(_are_labels(part.get("labels", {})) for part in (selector, over) if isinstance(part, dict)):
        return "Labels are names with texts."
    if selector.get("take", "value") not in ("value", "rate", "ratio", "quantile"):
        return "The selector takes a value, rate, ratio or quantile."
    if selector.get("take") == "ratio" and not (isinstance(over, dict) and isinstance(over.get("series"), str)):
        return "A ratio needs `over`: the series of all that it is a share of."
    if not isinstance(q, (int, float)) or isinstance(q, bool) or not 0 < q < 1:
        return "A quantile lies between 0 and 1."
    return ""


def _are_labels(labels: object) -> bool:
    return isinstance(labels, dict) and all(isinstance(value, str) for value in labels.values())


def _take(page: Page, one: Wanted, pulled: Pulled, at: datetime) -> bool:
    """Put what a selector finds into `pulled`; return whether it is there at all."""
    try:
        taken = take(page, one.selector, one.memory, at)
    except Missing as missing:
        pulled.missing[one.series_id] = str(missing)
        return False
    if taken.memory:
        pulled.memory[one.series_id] = taken.memory
    if taken.reading:
        pulled.readings[one.series_id] = [taken.reading]
    pulled.note = pulled.note or taken.note
    return True
