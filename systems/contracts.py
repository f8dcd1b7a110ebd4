"""Data contracts by the Open Data Contract Standard 3.1: what the portal reads of them; all else is kept as it came."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mlops_portal.engine.plain_yaml import MAX_BYTES, NotPlain, parse_yaml, write_yaml
from mlops_portal.engine.schema_words import problems
from mlops_portal.engine.spec import Refused
from systems.models import Contract
from systems.models.words import NOT_SEEN, unseen

TYPES = ["string", "date", "timestamp", "time", "number", "integer", "object", "array", "boolean"]


def _text(most: int = 300, **more) -> dict:
    return {"type": "string", "minLength": 1, "maxLength": most} | more


LIST_OF_RULES = {"type": "array", "items": {"type": "object", "properties": {"metric": _text(), "rule": _text()}}}
MEMBER = {"type": "object", "required": ["username"], "properties": {"username": _text(), "role": _text()}}
MEMBERS = {"type": "array", "items": MEMBER}
PROPERTY = {
    "type": "object",
    "properties": {
        "name": _text(),
        "logicalType": {"enum": TYPES},
        "physicalType": _text(),
        "required": {"type": "boolean"},
        "unique": {"type": "boolean"},
        "primaryKey": {"type": "boolean"},
        "description": {"type": "string"},
        "quality": LIST_OF_RULES,
        "properties": {"$ref": "#/$defs/properties"},
        "items": {"$ref": "#/$defs/property"},
    },
}
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["apiVersion", "kind", "id", "version", "status"],
    "properties": {
        "apiVersion": _text(pattern=r"^v3\.[01]\.[0-9]+$"),
        "kind": {"const": "DataContract"},
        "id": _text(),
        "version": _text(60),
        "status": {"enum": Contract.Status.values},
        "name": _text(),
        "description": {"type": ["object", "string"]},
        "schema": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": _text(),
                    "description": {"type": "string"},
                    "properties": {"$ref": "#/$defs/properties"},
                    "quality": LIST_OF_RULES,
                },
            },
        },
        "slaProperties": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["property", "value"],
                "properties": {
                    "property": _text(),
                    "value": {"type": ["string", "number", "boolean"]},
                    "unit": {"type": "string"},
                    "element": {"type": "string"},
                },
            },
        },
        "team": {"anyOf": [{"type": "object", "properties": {"members": MEMBERS}}, MEMBERS]},
        "quality": LIST_OF_RULES,
    },
    "$defs": {
        "property": PROPERTY,
        "properties": {"type": "array", "items": {"allOf": [{"$ref": "#/$defs/property"}, {"required": ["name"]}]}},
    },
}
EXAMPLE = """apiVersion: v3.1.0
kind: DataContract
id: {slug}
name: {name}
version: 1.0.0
status: draft
schema:
  - name: rows
    properties:
      - name: id
        logicalType: string
        required: true
        description: What the row is about.
slaProperties:
  - property: latency
    value: 1
    unit: h
"""


def example(slug: str, name: str) -> str:
    """Return a contract to begin with."""
    return EXAMPLE.format(slug=slug, name=json.dumps(name, ensure_ascii=False))


def understood(text: str) -> dict:
    """Return what the contract `text`, YAML or JSON, says. Raises Refused with every error by path."""
    try:
        document = parse_yaml(text.encode())
    except NotPlain as error:
        raise Refused({"body": [str(error)]}) from None
    return checked(document)


def checked(document: Any) -> dict:
    """Return the contract as it came. Raises Refused with every error by path."""
    errors = problems(SCHEMA, document) | {path: [NOT_SEEN] for path in unseen(document)}
    if errors:
        raise Refused(errors)
    return document


def text_of(document: dict) -> str:
    """Return the contract as YAML, for one that did not come as a text. Raises Refused for one that is too large."""
    if len(json.dumps(document)) > MAX_BYTES:
        raise Refused({"body": [f"It is larger than {MAX_BYTES // 1024} kB."]})
    return write_yaml(document)


@dataclass(frozen=True)
class Column:
    """A property of a table in the contract; one of a nested object has its path as the name."""

    name: str
    kind: str
    is_required: bool
    is_unique: bool
    description: str
    rules: list[str]


@dataclass(frozen=True)
class Table:
    name: str
    description: str
    columns: list[Column]
    rules: list[str]


def tables_of(document: dict) -> list[Table]:
    """Return the tables of the contract with their columns, in order."""
    return [
        Table(
            one["name"],
            one.get("description", ""),
            list(_columns(one.get("properties", []))),
            _rules(one.get("quality", [])),
        )
        for one in document.get("schema", [])
    ]


def _columns(properties: list[dict], above: str = "") -> Iterator[Column]:
    for one in properties:
        name = f"{above}{one['name']}"
        kinds = dict.fromkeys(filter(None, [one.get("logicalType"), one.get("physicalType")]))
        yield Column(
            name,
            ", ".join(kinds),
            one.get("required", False) or one.get("primaryKey", False),
            one.get("unique", False) or one.get("primaryKey", False),
            one.get("description", ""),
            _rules(one.get("quality", [])),
        )
        yield from _columns(one.get("properties", []), f"{name}.")
        yield from _columns(one.get("items", {}).get("properties", []), f"{name}[].")


def _rules(quality: list[dict]) -> list[str]:
    """Return each rule of quality in a few words: its description, else its members."""
    return [one.get("description") or ", ".join(f"{name} {value}" for name, value in one.items()) for one in quality]


def promises_of(document: dict) -> list[tuple[str, str]]:
    """Return what is promised: (property, value with its unit, and for what)."""
    said = []
    for one in document.get("slaProperties", []):
        words = [str(one["value"]), one.get("unit", "")]
        words += [f"for {one['element']}"] if one.get("element") else []
        said.append((one["property"], " ".join(filter(None, words))))
    return said


def members_of(document: dict) -> list[tuple[str, str]]:
    """Return who stands behind the contract: (username, role)."""
    team = document.get("team", [])
    members = team.get("members", []) if isinstance(team, dict) else team
    return [(one["username"], one.get("role", "")) for one in members]


def about(document: dict) -> list[tuple[str, str]]:
    """Return the texts of the description: (what, text)."""
    said = document.get("description", "")
    if isinstance(said, str):
        return [("purpose", said)] if said else []
    return [(name, text) for name, text in said.items() if isinstance(text, str) and text]
