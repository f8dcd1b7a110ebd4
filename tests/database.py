"""All that the database holds, as text: what somebody would read who has a dump of it."""

from django.db import connection


def texts_of_database() -> str:
    """Return every row of every table as PostgreSQL writes it."""
    names = connection.introspection.table_names()
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"SELECT row::text FROM {connection.ops.quote_name(name)} AS row")
            names[names.index(name)] = "\n".join([name, *(row for (row,) in cursor.fetchall())])
    return "\n".join(names)
