"""Writing many changed rows by one statement each: what rounds of pulls and of judging leave."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, models
from psycopg.types.json import Jsonb

from monitoring.models import Pull, Series, Source

OWN_OF_PULL = ("source", "due_at", "lease_until", "started_at")
ALIKE_OF_PULLS = ("why", "attempt", "error", "bytes", "points", "duplicates", "conflicts")  # of those that begin
STATE_OF_SERIES = ("state", "state_since", "sentence", "good_until", "unjudged_from")
OF_PULL = ("finished_at", "outcome", "error", "bytes", "points", "duplicates", "conflicts")
OF_SOURCE = (
    *("last_error", "failures", "failing_since", "back_off_until", "last_success_at", "next_due_at", "read_at"),
)


def add_pulls(pulls: Sequence[Pull]) -> list[Pull]:
    """Write pulls that begin, at least one; return them with ids, but for those whose source has one of that time."""
    own, alike = ([_field(Pull, name) for name in names] for names in (OWN_OF_PULL, ALIKE_OF_PULLS))
    columns, values = ", ".join(map(_quoted, own)), ", ".join(["%s"] * len(alike))
    sql = f"""
        INSERT INTO monitoring_pull ({columns}, {", ".join(map(_quoted, alike))})
        SELECT {columns}, {values} FROM {_given(own)} ON CONFLICT DO NOTHING RETURNING source_id, id
    """  # noqa: S608  names of our own fields, quoted
    with connection.cursor() as cursor:
        cursor.execute(sql, [*(_value(field, pulls[0]) for field in alike), *_columns(own, pulls)])
        ids = dict(cursor.fetchall())
    for pull in pulls:
        pull.pk = ids.get(pull.source_id)
    return [pull for pull in pulls if pull.pk]


def write_pulls(pulls: Sequence[Pull]) -> None:
    """Write how these pulls ended."""
    _update(Pull, pulls, OF_PULL)


def write_sources(sources: Sequence[Source], names: Sequence[str] = OF_SOURCE) -> None:
    """Write these fields of the sources: how they do."""
    _update(Source, sources, names)


def write_memory(memory: Mapping[int, dict]) -> None:
    """Write by series what its connector asked to keep."""
    _update(Series, [Series(pk=pk, memory=kept) for pk, kept in memory.items()], ("memory",))


def write_states(series: Sequence[Series]) -> None:
    """Write how these series were judged."""
    _update(Series, series, STATE_OF_SERIES)


def _update(model: type[models.Model], rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Write the fields of rows that exist: one statement, whatever their number."""
    if not rows:
        return
    fields = [_field(model, name) for name in ("id", *names)]
    sets = ", ".join(f"{_quoted(field)} = given.{_quoted(field)}" for field in fields[1:])
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        sql = f"UPDATE {table} SET {sets} FROM {_given(fields)} WHERE {table}.id = given.id"  # noqa: S608  as above
        cursor.execute(sql, _columns(fields, rows))


def _given(fields: Sequence[Any]) -> str:
    """Return the columns of `_columns` as a table in SQL."""
    types = (f"%s::{field.rel_db_type(connection) or field.db_type(connection)}[]" for field in fields)
    return f"unnest({', '.join(types)}) AS given({', '.join(map(_quoted, fields))})"


def _columns(fields: Sequence[Any], rows: Sequence[models.Model]) -> list[list]:
    return [[_value(field, row) for row in rows] for field in fields]


def _quoted(field: Any) -> str:
    return connection.ops.quote_name(field.column)


def _field(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)


def _value(field: Any, row: models.Model) -> Any:
    value = getattr(row, field.attname)
    return Jsonb(value) if isinstance(field, models.JSONField) else field.get_prep_value(value)
