"""What is wrong with a document by its JSON Schema, in words: by path, with what was expected there."""

import json
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

LONGEST_SENTENCE = 300
LONGEST_SHOWN = 60
WHOLE = "body"
TYPES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "members by name",
    "array": "a list",
    "null": "nothing (null)",
}
BOUNDS = {
    "minimum": "Expected at least {}.",
    "maximum": "Expected at most {}.",
    "exclusiveMinimum": "Expected more than {}.",
    "exclusiveMaximum": "Expected less than {}.",
    "maxLength": "Expected at most {} characters.",
    "minItems": "Expected at least {} of them.",
    "maxItems": "Expected at most {} of them.",
    "minProperties": "Expected at least {} of them.",
    "maxProperties": "Expected at most {} of them.",
}


def problems(schema: dict, document: Any) -> dict[str, list[str]]:
    """Return all that the JSON Schema `schema` finds wrong with the document, by path; `body` is all of it."""
    found = sorted(Draft202012Validator(schema).iter_errors(document), key=lambda one: list(map(str, one.path)))
    errors: dict[str, list[str]] = {}
    for one in found:
        for path, sentence in _said(one):
            said = errors.setdefault(".".join(part[:LONGEST_SHOWN] for part in path) or WHOLE, [])
            if sentence not in said:
                said.append(sentence[:LONGEST_SENTENCE])
    return errors


def _said(error: ValidationError) -> Iterator[tuple[list[str], str]]:
    """Yield what is wrong: usually one sentence; one for each member that is missing, or that is not known."""
    path = list(map(str, error.absolute_path))
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        yield from (([*path, name], _missing(error.schema, name)) for name in missing)
    elif error.validator == "additionalProperties" and error.validator_value is False:
        known = error.schema.get("properties", {})
        unknown = [name for name in error.instance if name not in known]
        yield from (([*path, name], f"There is no such key here. {_one_of(known)}") for name in unknown)
    elif "propertyNames" in error.absolute_schema_path:
        yield [*path, error.instance], f"This key cannot be. {_sentence(error)}"
    else:
        yield path, _sentence(error)


def _missing(schema: dict, name: str) -> str:
    said = schema.get("properties", {}).get(name, {}).get("description", "")
    return f"It is missing: {said[:1].lower()}{said[1:]}" if said else "It is missing."


def _sentence(error: ValidationError) -> str:
    word, wanted = str(error.validator), error.validator_value
    if word == "type":
        types = [wanted] if isinstance(wanted, str) else wanted
        return f"Expected {' or '.join(TYPES[one] for one in types)}, found {_shown(error.instance)}."
    if word in ("enum", "const"):
        return f"{_one_of(wanted if word == 'enum' else [wanted])} Found {_shown(error.instance)}."
    if word == "minLength" and not error.instance:
        return "Expected a text, it is empty."
    if word == "pattern":
        return f"{_shown(error.instance)} is not written as it has to be{_as(error.schema)}."
    return BOUNDS[word].format(wanted) if word in BOUNDS else f"{error.message[:LONGEST_SENTENCE]}."


def _as(schema: dict) -> str:
    """Return how it has to be written, as far as the schema says so in words."""
    if expected := schema.get("x-expected"):
        return f": {expected}"
    examples = schema.get("examples")
    return f", such as {_shown(examples[0])}" if examples else ""


def _one_of(names) -> str:
    return f"Expected {'one of ' if len(names) != 1 else ''}{', '.join(map(str, names))}."


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return TYPES["object" if isinstance(value, dict) else "array"]
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
