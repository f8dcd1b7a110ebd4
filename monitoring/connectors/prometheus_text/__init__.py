"""Metrics pages of model servers and exporters: the Prometheus text format, read straight from the target."""

import asyncio
import base64
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from mlops_portal.engine import egress, fetching
from monitoring.connectors.connector import BadSettings, Failed, Found, Limits, Pulled, Wanted
from monitoring.connectors.connector import Connector as Shape
from monitoring.connectors.prometheus_text.exposition import Page, read_page
from monitoring.connectors.prometheus_text.selecting import Missing, names_of, take
from monitoring.connectors.prometheus_text.suggesting import suggest

ACCEPT = "text/plain;version=0.0.4;q=1, application/openmetrics-text;version=1.0.0;q=0.5, text/plain;q=0.3"
HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
RESERVED = {"host", "content-length", "transfer-encoding", "connection", "accept", "accept-encoding"}
LONGEST_CA = 64 * 1024
_TEXT = {"type": "string"}
_SERIES = {"series": _TEXT, "labels": {"type": "object", "additionalProperties": _TEXT}}


class Connector(Shape):
    kind = "prometheus_text"
    title = "Metrics page"
    summary = "Reads what a model server shows under /metrics: traffic, errors and latency."
    settings = {
        "type": "object",
        "properties": {
            "url": _TEXT | {"format": "uri", "title": "Address", "description": "such as http://model:8000/metrics"},
            "ca": _TEXT
            | {
                "title": "Certificate authority",
                "description": "for https:// where your own authority signs: its certificate as text (PEM)",
                "maxLength": LONGEST_CA,
            },
        },
        "required": ["url"],
        "additionalProperties": False,
    }
    credentials = {
        "type": "object",
        "properties": {
            "bearer": _TEXT,
            "username": _TEXT,
            "password": _TEXT,
            "header": {"type": "object", "additionalProperties": _TEXT},
        },
        "additionalProperties": False,
    }
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
    }

    def checked(self, settings: dict) -> dict:
        errors = {str(name): ["There is no such setting."] for name in sorted(set(settings) - {"url", "ca"}, key=str)}
        url, ca = settings.get("url") or "", settings.get("ca") or ""
        for name, wrong in (("url", _wrong_url(url)), ("ca", _wrong_ca(ca, url))):
            if wrong:
                errors[name] = [wrong]
        if errors:
            raise BadSettings(errors)
        return {"url": url} | ({"ca": "\n".join(ca.splitlines())} if ca else {})

    async def discover(self, settings: dict, credentials: dict, *, at: datetime, limits: Limits) -> list[Found]:
        fetched = await _fetch(settings, credentials, limits)
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
        fetched = await _fetch(settings, credentials, limits)
        pulled = Pulled(bytes=fetched.bytes)
        fitting = _fitting(wanted, pulled)
        page = _page(fetched, limits, {name for one in fitting for name in names_of(one.selector)})
        absent = [one for one in fitting if not _take(page, one, pulled, at)]
        whole = _page(fetched, limits) if absent else page  # so that the sentence can say what is there instead
        for one in absent:
            _take(whole, one, pulled, at)
        return pulled


def _wrong_url(url: object) -> str:
    if not isinstance(url, str) or not url:
        return "Give the address of the metrics page."
    try:
        egress.check_url(url)
    except egress.Refused as refused:
        return str(refused)
    return ""


def _wrong_ca(ca: object, url: object) -> str:
    """Return in a sentence what is wrong with the authority's certificates, "" when nothing is."""
    if not ca:
        return ""
    if not isinstance(ca, str) or len(ca) > LONGEST_CA:
        return f"Certificates are a text of at most {LONGEST_CA} characters."
    if not str(url).startswith("https:"):
        return "Only an address that begins with https:// is verified."
    try:
        fetching.trusting(ca)
    except fetching.BadAuthority as bad:
        return str(bad)
    return ""


async def _fetch(settings: dict, credentials: dict, limits: Limits) -> fetching.Fetched:
    headers = {"Accept": ACCEPT, **headers_of(credentials)}
    try:
        fetched = await fetching.fetch(
            settings["url"],
            headers=headers,
            deadline_s=limits.deadline_s,
            max_bytes=limits.max_bytes,
            ca=settings.get("ca", ""),
        )
        fetched.require_ok()
    except fetching.FetchFailed as failed:
        raise Failed(failed.outcome, str(failed)) from None
    return fetched


def headers_of(credentials: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers that carry the credentials. Raises BadSettings."""
    headers = dict(credentials.get("header") or {})
    if token := credentials.get("bearer"):
        headers["Authorization"] = f"Bearer {token}"
    elif credentials.get("username"):
        pair = f"{credentials['username']}:{credentials.get('password', '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    for name, value in headers.items():
        if not HEADER.fullmatch(name) or name.lower() in RESERVED:
            raise BadSettings({"credentials.header": ["This header cannot be given."]})
        if not isinstance(value, str) or not value.isascii() or not value.isprintable():
            raise BadSettings({"credentials": ["Credentials are one line of plain characters."]})
    return headers


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
