"""The audit trail: actions say what they changed; who asked, through which door, comes from the context."""

from contextlib import contextmanager
from contextvars import ContextVar

import structlog

from mlops_portal.engine.models import Change

_door: ContextVar[str] = ContextVar("door", default=Change.Door.COMMAND)


@contextmanager
def through(door: str):
    """Say through which door (Change.Door) the changes of this block come."""
    token = _door.set(door)
    try:
        yield
    finally:
        _door.reset(token)


def record(*, by, verb: str, kind: str, object, system="", before=None, after=None) -> Change:
    """Write one row of the trail, inside the transaction of the change itself, and return it.

    `by` is a person or None (the portal itself); `system` a system or its slug; `before` and `after` JSON-able.
    """
    return Change.objects.create(
        by=getattr(by, "username", "") or "",
        door=_door.get(),
        system=getattr(system, "slug", system) or "",
        kind=kind,
        object=str(object)[:200],
        verb=verb,
        before=before,
        after=after,
        request=structlog.contextvars.get_contextvars().get("request_id", ""),
    )


def differences(before: dict, after: dict) -> tuple[dict, dict]:
    """Return the two dicts cut down to the keys whose values differ."""
    keys = [key for key in after if before.get(key) != after[key]]
    return {key: before.get(key) for key in keys}, {key: after[key] for key in keys}
