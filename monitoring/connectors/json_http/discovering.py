"""What of a JSON document could be watched: each number in it, by the expression that finds it again."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

from monitoring import guessing
from monitoring.connectors.connector import Found, Suggested
from monitoring.connectors.json_http.evaluating import LONGEST
from monitoring.connectors.json_http.times import moment_of

ITEMS_LOOKED_AT = 20  # of a list; the API may watch any other
NAMES = ("name", "metric", "key", "id", "label")
TIMES = (
    "at",
    "time",
    "timestamp",
    "ts",
    "date",
    "datetime",
    "updated_at",
    "created_at",
    "generated_at",
    "evaluated_at",
)
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_QUOTABLE = re.compile(r"[\w .:/%-]{1,80}")


@dataclass(frozen=True)
class Place:
    """Where in the document: the expression up to here, its end, the words of it, and the nearest time."""

    before: str = ""
    after: str = ""
    words: tuple[str, ...] = ()
    at: str = ""
    moment: datetime | None = None

    @property
    def expression(self) -> str:
        return (self.before or "@") + self.after

    def member(self, name: str) -> "Place":
        step = name if _PLAIN.fullmatch(name) else json.dumps(name)
        return replace(self, before=f"{self.before}.{step}" if self.before else step, words=(*self.words, name))

    def item(self, index: int, named: tuple[str, str] | None) -> "Place":
        """Return the place of one of a list; by its name where it has one of its own: an index may shift."""
        if named is None or self.after:
            return replace(self, before=f"{self.before}[{index}]", words=(*self.words, str(index)))
        step = f"[?{named[0]}=='{named[1]}']"
        return replace(self, before=f"{self.before}{step}", after=" | [0]", words=(*self.words, named[1]))


def discover(document: Any, at: datetime, most: int) -> list[Found]:
    """Return the numbers of the document, at most `most`, the likely ones first; `at` is now."""
    found = [_found(place, value, at) for place, value in islice(_numbers(document, Place()), most)]
    fitting = [one for one in found if all(len(text) <= LONGEST for text in one.selector.values())]
    return sorted(fitting, key=lambda one: not one.is_likely)


def a_number_in_quotes(document: Any) -> str:
    """Return the name of the first text that reads like a number, "" when there is none."""
    for place, value in _leaves(document, Place()):
        if isinstance(value, str) and re.fullmatch(r"-?\d+([.,]\d+)?%?", value.strip()):
            return place.words[-1] if place.words else "it"
    return ""


def _numbers(document: Any, place: Place) -> Iterator[tuple[Place, float]]:
    for where, value in _leaves(document, place):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        is_time = bool(where.words) and where.words[-1].lower() in TIMES
        if is_number and not is_time and abs(value) < 10**300:
            yield where, float(value)


def _leaves(said: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    match said:
        case dict():
            place = _with_time(said, place)
            for name, value in said.items():
                yield from _leaves(value, place.member(name))
        case list():
            naming = _naming(said)
            for index, value in enumerate(said[:ITEMS_LOOKED_AT]):
                yield from _leaves(value, place.item(index, (naming, value[naming]) if naming else None))
        case _:
            yield place, said


def _with_time(said: dict, place: Place) -> Place:
    for name in said:
        if name.lower() in TIMES and (moment := moment_of(said[name])):
            return replace(place, at=place.member(name).expression, moment=moment)
    return place


def _naming(items: list) -> str:
    """Return the member whose text tells each item from the others, "" when there is none."""
    for name in NAMES:
        texts = [item.get(name) if isinstance(item, dict) else None for item in items]
        are_fit = texts and all(isinstance(one, str) and _QUOTABLE.fullmatch(one) for one in texts)
        if are_fit and len(set(texts)) == len(texts):
            return name
    return ""


def _found(place: Place, value: float, at: datetime) -> Found:
    selector = {"value": place.expression} | ({"at": place.at} if place.at else {})
    words = [word for word in place.words if word.lower() not in ("value", "values", "metrics", "score", "current")]
    suggested = suggested_of(words or list(place.words) or ["value"])
    return Found(selector, value, place.moment or at, suggested, is_likely=suggested.kind == "quality")


def suggested_of(words: list[str]) -> Suggested:
    """Return what is guessed of a number by the words on the way to it."""
    key = guessing.key_of(*words)
    told = " ".join(words[-2:]).replace("_", " ").strip()
    if known := next((found for word in reversed(words) if (found := guessing.quality_of(word))), ""):
        name, unit, scale, direction, means = guessing.QUALITY[known]
        return Suggested(
            key, name if len(words) == 1 else f"{name} ({told})"[:120], unit, "quality", scale, direction, means
        )
    name = words[-1]
    direction = "lower" if guessing.is_better_low(name) else "higher"
    return Suggested(key, f"{told[:1].upper()}{told[1:]}"[:120], guessing.unit_of(name), direction=direction)
