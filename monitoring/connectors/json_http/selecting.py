"""From a JSON document to readings: what a selector names must be one finite number, at a time that can be read."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from monitoring.connectors.by_http import printable
from monitoring.connectors.connector import Reading
from monitoring.connectors.json_http.evaluating import Evaluator, OutOfSteps, Unfit, compiled
from monitoring.connectors.json_http.times import moment_of

NAMES_SHOWN = 5


class Missing(Exception):
    """The document does not hold what a selector names; the text says what is there."""


def unfit_selector(selector: Mapping[str, Any]) -> str:
    """Return in a sentence what is wrong with a selector, "" when nothing is."""
    if strange := sorted(set(selector) - {"value", "at"}):
        return f"A selector has a value and perhaps an at, no {printable(strange[0])}."
    if not isinstance(selector.get("value"), str) or not selector["value"].strip():
        return "The selector names no value: give a JMESPath expression, such as metrics.accuracy."
    if not isinstance(selector.get("at", ""), str):
        return "at is a JMESPath expression that finds the time of the value."
    for name in ("value", "at"):
        try:
            if selector.get(name):
                compiled(selector[name])
        except Unfit as unfit:
            return f"{name}: {unfit}"
    return ""


def read(found: Evaluator, selector: Mapping[str, Any], at: datetime) -> Reading:
    """Return the reading that a selector finds; without a time of its own it is of `at`. Raises Missing."""
    value = _number(_taken(found, selector["value"]), selector["value"], found.document)
    if not selector.get("at"):
        return Reading(at, value)
    said = _taken(found, selector["at"])
    own = moment_of(said)
    if own is None:
        raise Missing(
            f"{_named(selector['at'])} is {_shown(said)}, not a time as in RFC 3339 with its offset, such as "
            "2026-03-01T09:30:00Z, nor seconds or milliseconds since 1970."
        )
    return Reading(own, value)


def _taken(found: Evaluator, expression: str) -> Any:
    try:
        return found.take(expression)
    except Unfit as unfit:
        raise Missing(str(unfit)) from None
    except OutOfSteps:
        raise Missing(f"{_named(expression)} takes too many steps on an answer of this size.") from None


def _number(said: Any, expression: str, document: Any) -> float:
    if said is None:
        raise Missing(f"There is nothing at {_named(expression)}; {_what_there_is(document)}.")
    if isinstance(said, bool) or not isinstance(said, int | float):
        raise Missing(f"{_named(expression)} is {_shown(said)}, not a number.")
    try:
        value = float(said)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise Missing(f"{_named(expression)} is too large a number.")
    return value


def _named(expression: str) -> str:
    return printable(expression)


def _shown(said: Any) -> str:
    match said:
        case bool():
            return "true" if said else "false"
        case str():
            return f"the text “{printable(said)}”"
        case list():
            return f"a list of {len(said)}: say which, such as with [0]"
        case dict():
            return f"an object with {_members(said)}: go on to one of them"
        case None:
            return "not there"
    return f"the number {said}"[:60]


def _what_there_is(document: Any) -> str:
    match document:
        case dict() if document:
            return f"the answer has {_members(document)}"
        case list():
            return f"the answer is a list of {len(document)}"
    return f"the answer is {_shown(document)}" if not isinstance(document, dict) else "the answer is an empty object"


def _members(said: dict) -> str:
    names = [printable(name) for name in list(said)[:NAMES_SHOWN]]
    more = len(said) - len(names)
    return (", ".join(names) or "nothing in it") + (f" and {more} more" if more else "")
