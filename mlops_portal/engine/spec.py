"""Sections of a system's file: what each app brings to `mlsystem.yaml` (mlops_portal/spec.py gathers them)."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from mlops_portal.engine.models import Change

CREATE, CHANGE, REMOVE = "create", "change", "remove"


class Refused(Exception):
    """What a file asks for cannot be; `errors` says why, by path: {"owners.data_owner.person": ["There is no …"]}."""

    def __init__(self, errors: dict[str, list[str]]):
        super().__init__("; ".join(f"{path}: {' '.join(texts)}" for path, texts in errors.items()))
        self.errors = errors


@dataclass(frozen=True)
class Step:
    """One thing to do; `key` names the item within its section, empty where the section is one item."""

    section: str
    verb: str
    key: str
    before: Any = None
    after: Any = None

    @property
    def path(self) -> str:
        return f"{self.section}.{self.key}" if self.key else self.section

    def as_json(self) -> dict:
        said = {"path": self.path, "before": self.before, "after": self.after}
        return {name: value for name, value in said.items() if value is not None}


@dataclass(frozen=True)
class Asked:
    """Who asks for what: the items of all sections of the file, for a system (None: it is not there yet)."""

    by: Any
    system: Any
    wanted: Mapping[str, dict[str, Any]]


@dataclass(frozen=True)
class Section:
    """A part of the file that one app reads and applies.

    `read(system)` returns its items by key, whole: each with every default filled in. `apply(system, step, by, at)`
    does one step and raises Refused. `schema` is the JSON Schema of one item. In the file the items stand by key; as a
    list where `listed_by` names the member that holds the key; bare where `is_single`. `rule` is who may apply it.
    `about` says in a sentence what the section is, in the published schema.
    `missing(items, asked)` says by path what items refer to that is not there; a section is not looked at further
    while one that it `rests_on` is wrong in itself. `trail` are the kinds of change that the audit trail has of it.
    `for_editors` is what the published schema says of an item of a list in addition: checked elsewhere, in words.
    """

    name: str
    schema: dict
    read: Callable[[Any], dict[str, Any]]
    apply: Callable[..., None]
    about: str = ""
    rule: str = "system.edit"
    keys: tuple[str, ...] = ()  # the keys that there are; any when empty
    listed_by: str = ""
    is_single: bool = False
    removes: bool = True
    complete: Callable[[dict[str, Any]], dict[str, Any]] = field(default=lambda items: items)  # what goes unsaid
    terse: Callable[[dict[str, Any]], dict[str, Any]] = field(default=lambda items: items)  # the opposite of it
    missing: Callable[[dict[str, Any], Asked], dict[str, list[str]]] = field(default=lambda items, asked: {})
    rests_on: tuple[str, ...] = ()
    trail: tuple[str, ...] = ()
    for_editors: dict[str, Any] = field(default_factory=dict)

    def document_schema(self) -> dict:
        """Return the JSON Schema of the section as it stands in the file."""
        about = {"description": self.about}
        if self.is_single:
            return self.schema | about
        if self.listed_by:
            return about | {"type": "array", "items": self.schema, "maxItems": 500}
        if self.keys:  # named one by one, so that an editor offers them
            members = {"properties": dict.fromkeys(self.keys, self.schema), "additionalProperties": False}
            return about | {"type": "object"} | members
        keys = {"type": "string", "minLength": 1, "maxLength": 80}
        members = {"propertyNames": keys, "additionalProperties": self.schema, "maxProperties": 500}
        return about | {"type": "object"} | members

    def items(self, said: Any) -> dict[str, Any]:
        """Return the items by key, whole, of what the file says. Raises Refused for a key that comes twice."""
        if self.is_single:
            return self.complete({"": filled(self.schema, said)})
        if not self.listed_by:
            return self.complete({key: filled(self.schema, item) for key, item in said.items()})
        by_key: dict[str, Any] = {}
        for index, item in enumerate(said):
            key = item[self.listed_by]
            if key in by_key:
                raise Refused({f"{self.name}.{index}.{self.listed_by}": [f"{key} comes twice."]})
            by_key[key] = filled(self.schema, {name: one for name, one in item.items() if name != self.listed_by})
        return self.complete(by_key)

    def said(self, items: dict[str, Any]) -> Any:
        """Return the items as the file says them, without what goes without saying."""
        bare = {key: spare(self.schema, item) for key, item in self.terse(items).items()}
        if self.is_single:
            return bare.get("")
        return [{self.listed_by: key} | item for key, item in bare.items()] if self.listed_by else bare

    def tells(self, change: Change, key: str) -> bool:
        """Whether the change, from the trail of the system, is one of the item `key`."""
        named = change.object == key or change.object.endswith(f" of {key}")
        return change.kind in self.trail and (self.is_single or named)

    def plan(self, old: dict[str, Any], new: dict[str, Any]) -> list[Step]:
        """Return what makes `new` of `old`; nothing when they say the same."""
        steps = [Step(self.name, CREATE, key, None, new[key]) for key in new if key not in old]
        steps += [
            Step(self.name, CHANGE, key, old[key], new[key]) for key in new if key in old and old[key] != new[key]
        ]
        if self.removes:
            steps += [Step(self.name, REMOVE, key, old[key]) for key in old if key not in new]
        return steps


def filled(schema: dict, item: Any) -> Any:
    """Return the item with every default of its schema in the place of what it leaves out."""
    if not isinstance(item, dict):
        return item
    members = schema.get("properties", {})
    absent = {name: deepcopy(one["default"]) for name, one in members.items() if name not in item and "default" in one}
    return absent | {name: _filled_inside(members.get(name, {}), value) for name, value in item.items()}


def _filled_inside(schema: dict, value: Any) -> Any:
    if isinstance(value, list):
        return [filled(schema.get("items", {}), one) for one in value]
    return value


def spare(schema: dict, item: Any) -> Any:
    """Return the item without the members that say only their default: the opposite of filled()."""
    if not isinstance(item, dict):
        return item
    members = schema.get("properties", {})
    kept = {}
    for name, value in item.items():
        own = members.get(name, {})
        if "default" not in own or own["default"] != value:
            kept[name] = [spare(own.get("items", {}), one) for one in value] if isinstance(value, list) else value
    return kept
