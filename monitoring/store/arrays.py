"""Columns as parameters of a statement: binary arrays, which nobody writes as text and parses again."""

import struct
from typing import Any

import numpy as np
import psycopg
from django.db import connection
from psycopg import pq
from psycopg.adapt import Dumper

_TYPES = {"int": 23, "bigint": 20, "float8": 701, "timestamptz": 1184}  # PostgreSQL's own numbers of its types


class _Array:
    """A column, packed as PostgreSQL's binary arrays are."""

    def __init__(self, column: np.ndarray, type_id: int):
        data = column.dtype.newbyteorder(">")
        frame = np.empty(len(column), [("length", ">i4"), ("data", data)])
        frame["length"], frame["data"] = data.itemsize, column
        self.packed = struct.pack(">5i", 1, 0, type_id, len(column), 1) + frame.tobytes()


class _AsPacked(Dumper):
    """Hands an _Array on as it is; its type is the one that the statement casts it to."""

    format = pq.Format.BINARY
    oid = 0  # not said here

    def dump(self, obj: _Array) -> bytes:
        return obj.packed


def rows_of(sql: str, **columns: tuple[str, np.ndarray]) -> list[tuple[Any, ...]]:
    """Return the rows of a statement whose parameters are all columns: each a type and its values.

    They stand in it as `%(name)b::type[]`. Times are µs since 2000, as everywhere in a Batch.
    """
    arrays = {name: _Array(column, _TYPES[kind]) for name, (kind, column) in columns.items()}
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.adapters.register_dumper(_Array, _AsPacked)
        return cursor.execute(sql, arrays).fetchall()
