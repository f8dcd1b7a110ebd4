"""JSON from strangers: one strict reader, with caps (F25, F36)."""

import json
import re
from functools import partial

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from mlops_portal.engine.api.errors import TooLarge

MAX_BYTES = 10 * 1024 * 1024
MAX_DEPTH = 32
MAX_DIGITS = 18  # what every database column for whole numbers holds
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class NotJson(ValueError):
    """The text is no JSON, or JSON that nobody sends in earnest; the message says which."""


def parse_json(raw: bytes, *, most_digits: int = MAX_DIGITS):
    """Return what `raw` says. Raises NotJson for all that is not plain, finite, UTF-8 JSON of bounded depth."""
    try:
        said = json.loads(
            raw.decode("utf-8"),
            parse_constant=_refuse_constant,
            parse_int=partial(_integer, most=most_digits),
            parse_float=_number,
            object_pairs_hook=_object,
        )
    except UnicodeDecodeError:
        raise NotJson("It is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise NotJson(f"{error.msg} at line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        raise NotJson(f"It is nested deeper than {MAX_DEPTH} levels.") from None
    _refuse_unstorable(said)
    return said


def _refuse_constant(word: str):
    raise NotJson(f"{word} is not a number.")


def _integer(digits: str, most: int) -> int:
    if len(digits) > most:
        raise NotJson(f"A whole number has more than {most} digits.")
    return int(digits)


def _number(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise NotJson("A number is too large.")
    return number


def _object(pairs: list[tuple]) -> dict:
    said = dict(pairs)
    if len(said) != len(pairs):
        raise NotJson("An object names a member twice.")
    return said


def _refuse_unstorable(said) -> None:
    """Refuse what is nested too deep, and characters that no database holds: NUL, halves of pairs."""
    level = [said]
    for _ in range(MAX_DEPTH):
        below: list = []
        for value in level:
            if isinstance(value, str) and _UNSTORABLE.search(value):
                raise NotJson("A text holds the character NUL or half of a surrogate pair.")
            if isinstance(value, dict):
                below += [*value.keys(), *value.values()]
            elif isinstance(value, list):
                below += value
        if not below:
            return
        level = below
    raise NotJson(f"It is nested deeper than {MAX_DEPTH} levels.")


def read_within_limit(stream, request) -> bytes:
    """Return the body of a request. Raises TooLarge for more than 10 MB."""
    if int(request.META.get("CONTENT_LENGTH") or "0") > MAX_BYTES:
        raise TooLarge()
    raw = stream.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise TooLarge()
    return raw


class StrictJSONParser(BaseParser):
    """For `application/json`. Answers 400 to what is not JSON, 413 to more than 10 MB."""

    media_type = "application/json"

    def parse(self, stream, media_type=None, parser_context=None):
        raw = read_within_limit(stream, parser_context["request"])
        try:
            return parse_json(raw)
        except NotJson as error:
            raise ParseError(f"The body is not the JSON that is taken here. {error}") from None
