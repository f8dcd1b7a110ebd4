"""Any address that answers with JSON: the numbers in it, each by a JMESPath expression."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from mlops_portal.engine import fetching
from mlops_portal.engine.api.parsing import NotJson, parse_json
from monitoring.connectors import by_http
from monitoring.connectors.connector import Connector as Shape
from monitoring.connectors.connector import Failed, Found, Limits, Pulled, Wanted
from monitoring.connectors.json_http.discovering import a_number_in_quotes, discover
from monitoring.connectors.json_http.evaluating import LONGEST, Evaluator
from monitoring.connectors.json_http.selecting import Missing, read, unfit_selector

ACCEPT = "application/json, application/*+json;q=0.9, */*;q=0.1"
MOST_DIGITS = 300  # nanoseconds since 1970 have 19; a float holds 308
_EXPRESSION = {"type": "string", "minLength": 1, "maxLength": LONGEST}


class Connector(Shape):
    kind = "json_http"
    title = "JSON over HTTP"
    summary = "Reads numbers out of the JSON that an address answers: a job's report, a service's own statistics."
    purpose = (
        "For figures that something else has worked out already: the report of an evaluation job, a warehouse behind a "
        "small service, the statistics of a model server that speaks JSON. Quality too, when the report has it."
    )
    needs = (
        "An address that answers a GET with JSON in which the values stand as numbers, not as texts.",
        "The portal may connect to it: an administrator lists it in PORTAL_EGRESS_ALLOW.",
        "Each value by a JMESPath expression that finds one number. The test finds them for you; the API and the file "
        "take any other, but for [a, b], {a: b}, join and to_string.",
        "If the report is older than its reading: its time beside the values, as in RFC 3339 or as seconds since 1970.",
    )
    settings = by_http.settings_schema("https://reports.example/churn/quality.json")
    credentials = by_http.CREDENTIALS
    selector = {
        "type": "object",
        "properties": {
            "value": _EXPRESSION | {"description": "JMESPath that finds one number"},
            "at": _EXPRESSION | {"description": "JMESPath that finds its time; without it, the pull's"},
        },
        "required": ["value"],
        "additionalProperties": False,
    }
    example = {
        "settings": {"url": "https://reports.example/churn/quality.json"},
        "credentials": {"bearer": "a token"},
        "selector": {"value": "metrics[?name=='roc_auc'].value | [0]", "at": "evaluated_at"},
        "metric": {"key": "roc_auc", "kind": "quality", "unit": "score", "direction": "higher"},
    }

    def checked(self, settings: dict) -> dict:
        return by_http.checked_address(settings)

    def unfit_selector(self, selector: Mapping[str, Any]) -> str:
        return unfit_selector(selector)

    async def discover(self, settings: dict, credentials: dict, *, at: datetime, limits: Limits) -> list[Found]:
        fetched = await by_http.ask(settings, credentials, limits, accept=ACCEPT)
        return await asyncio.to_thread(_discover, fetched, at, limits)

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
        return await asyncio.to_thread(_pull, fetched, wanted, at)


def _discover(fetched: fetching.Fetched, at: datetime, limits: Limits) -> list[Found]:
    document = document_of(fetched)
    found = discover(document, at, limits.max_series)
    if not found and (name := a_number_in_quotes(document)):
        told = by_http.printable(name)
        raise Failed("empty", f"There is no number in the answer: {told} is a text in quotes, and no text is read.")
    return found


def _pull(fetched: fetching.Fetched, wanted: Sequence[Wanted], at: datetime) -> Pulled:
    found, pulled = Evaluator(document_of(fetched)), Pulled(bytes=fetched.bytes)
    for one in wanted:
        if unfit := unfit_selector(one.selector):
            pulled.missing[one.series_id] = unfit
            continue
        try:
            pulled.readings[one.series_id] = [read(found, one.selector, at)]
        except Missing as missing:
            pulled.missing[one.series_id] = str(missing)
    return pulled


def document_of(fetched: fetching.Fetched) -> Any:
    """Return what the answer says. Raises Failed: parse_error, or cut when it is empty."""
    kind = fetched.headers.get("Content-Type", "").lower()
    if "html" in kind or fetched.body.lstrip()[:1] == b"<":
        raise Failed("parse_error", "The target answered with a web page, not with JSON.")
    if not fetched.body.strip():
        raise Failed("empty", "The target answered with nothing.")
    try:
        return parse_json(fetched.body, most_digits=MOST_DIGITS)
    except NotJson as error:
        raise Failed("parse_error", f"The answer is no JSON that can be read. {error}") from None
