"""Versions of rows that can be edited: whoever saves says which version was seen; a stale save changes nothing."""

from django.db import models


class Stale(Exception):
    """Somebody else changed the row since it was read; `now` is the row as it stands."""

    def __init__(self, now: models.Model):
        super().__init__(f"{now} was changed by somebody else in the meantime.")
        self.now = now


def locked(row: models.Model, seen: int | None):
    """Return the row, locked for this transaction. Raises Stale when `seen` (None: do not care) is not its version."""
    current = type(row)._base_manager.select_for_update(of=("self",)).get(pk=row.pk)
    if seen is not None and current.version != seen:  # type: ignore[attr-defined]
        raise Stale(current)
    return current
