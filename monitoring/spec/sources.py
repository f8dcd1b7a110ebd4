"""The sources of a system in its file, never their credentials."""

from datetime import datetime

from django.conf import settings as options

from mlops_portal.engine.spec import CREATE, REMOVE, Asked, Refused, Section, Step
from monitoring.actions.sources import SecretAskedAgain, connect_source, edit_source, remove_source
from monitoring.connectors import connector_of, kinds
from monitoring.connectors.connector import BadSettings
from systems.models import System

SOURCE = {
    "type": "object",
    "description": "A source. Its credentials, if it needs some, are given on its page: a file holds none.",
    "additionalProperties": False,
    "required": ["name", "kind", "settings"],
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 80, "description": "Its name within the system."},
        "kind": {"enum": list(kinds()), "description": "What kind of source it is, one of source-kinds/ of the API."},
        "settings": {"type": "object", "description": "Where and how it is asked; each kind has settings of its own."},
        "interval_s": {
            "type": "integer",
            "minimum": 1,
            "maximum": 2_000_000,
            "default": 60,
            "description": "Every how many seconds it is asked.",
        },
        "max_age_s": {
            "type": ["integer", "null"],
            "minimum": 1,
            "maximum": 100_000_000,
            "default": None,
            "description": "How old its newest value may be, in seconds, before it counts as stale.",
        },
        "enabled": {"type": "boolean", "default": True, "description": "Whether it is asked at all."},
    },
}

BY_KIND = [
    {
        "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
        "then": {"properties": {"settings": connector_of(kind).settings}},
    }
    for kind in kinds()
]


def _read(system: System) -> dict:
    names = [name for name in SOURCE["properties"] if name != "name"]
    return {one.name: {name: getattr(one, name) for name in names} for one in system.sources.order_by("name")}


def _checked(items: dict) -> dict:
    """Return the sources with their settings as the connectors keep them. Raises Refused."""
    errors: dict[str, list[str]] = {}
    for name, item in items.items():
        try:
            item["settings"] = connector_of(item["kind"]).checked(item["settings"])
        except BadSettings as bad:
            errors |= {f"sources.{name}.settings.{path}": texts for path, texts in bad.errors.items()}
    if errors:
        raise Refused(errors)
    return items


def _too_often(items: dict, asked: Asked) -> dict[str, list[str]]:
    """Return the intervals below what the portal allows; one that stands already stays."""
    least = options.MIN_INTERVAL_S
    often = {name for name, item in items.items() if item["interval_s"] < least}
    standing = dict(asked.system.sources.values_list("name", "interval_s")) if asked.system and often else {}
    new = [name for name in often if standing.get(name) != items[name]["interval_s"]]
    return {f"sources.{name}.interval_s": [f"Expected at least {least} seconds."] for name in sorted(new)}


def _apply(system: System, step: Step, by, at: datetime) -> None:
    if step.verb == CREATE:
        connect_source(system=system, name=step.key, by=by, at=at, **step.after)
        return None
    source = system.sources.get(name=step.key)
    if step.verb == REMOVE:
        return remove_source(source=source, by=by, at=at)
    facts = {name: value for name, value in step.after.items() if value != step.before[name]}
    if "kind" in facts:
        raise Refused({f"{step.path}.kind": ["The kind of a source stays: connect another under another name."]})
    try:
        edit_source(source=source, by=by, at=at, **facts)
    except SecretAskedAgain as asked:
        raise Refused({f"{step.path}.settings": [f"{asked} A file holds none: do it on its page."]}) from None


SECTION = Section(
    "sources",
    SOURCE,
    _read,
    _apply,
    about="Where its figures are pulled from.",
    listed_by="name",
    complete=_checked,
    missing=_too_often,
    trail=("source",),
    for_editors={"allOf": BY_KIND},
)
