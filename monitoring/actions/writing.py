"""Writing many changed rows by one statement each: what the ends of a round of pulls leave on pulls and sources."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, models
from psycopg.types.json import Jsonb

from monitoring.models import Pull, Series, Source

OF_PULL = ("finished_at", "outcome", "error", "bytes", "points", "duplicates", "conflicts")
OF_SOURCE = (
    *("last_error", "failures", "failing_since", "back_off_until", "last_success_at", "next_due_at", "read_at"),
)


def write_pulls(pulls: Sequence[Pull]) -> None:
    """Write how these pulls ended."""
    _update(Pull, pulls, OF_PULL)


def write_sources(sources: Sequence[Source], names: Sequence[str] = OF_SOURCE) -> None:
    """Write these fields of the sources: how they do."""
    _update(Source, sources, names)


def write_memory(memory: Mapping[int, dict]) -> None:
    """Write by series what its connector asked to keep."""
    _update(Series, [Series(pk=pk, memory=kept) for pk, kept in memory.items()], ("memory",))


def _update(model: type[models.Model], rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Write the fields of rows that exist: one statement, whatever their number."""
    if not rows:
        return
    fields = [_field(model, name) for name in ("id", *names)]
    columns = [[_value(field, row) for row in rows] for field in fields]
    quoted = [connection.ops.quote_name(field.column) for field in fields]
    sets = ", ".join(f"{name} = given.{name}" for name in quoted[1:])
    given = ", ".join(f"%s::{field.rel_db_type(connection) or field.db_type(connection)}[]" for field in fields)
    table = connection.ops.quote_name(model._meta.db_table)
    rows_given = f"unnest({given}) AS given({', '.join(quoted)})"
    with connection.cursor() as cursor:  # names of our own fields, quoted
        cursor.execute(f"UPDATE {table} SET {sets} FROM {rows_given} WHERE {table}.id = given.id", columns)  # noqa: S608


def _field(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)


def _value(field: Any, row: models.Model) -> Any:
    value = getattr(row, field.attname)
    return Jsonb(value) if isinstance(field, models.JSONField) else field.get_prep_value(value)
