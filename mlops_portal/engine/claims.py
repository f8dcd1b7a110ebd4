"""The one way in which work is taken: a claim on rows in the database."""

from typing import Any, TypeVar

from django.db import connection, models, router, transaction
from django.db.models.sql import UpdateQuery

M = TypeVar("M", bound=models.Model)


def claim(due: models.QuerySet[M], *, limit: int, **changes) -> list[M]:
    """Take up to `limit` rows of `due` for this process, setting `changes` on them, and return them as changed.

    One statement, `UPDATE … WHERE id = ANY(ARRAY(SELECT … FOR UPDATE SKIP LOCKED)) RETURNING *`: rows that another
    process is taking at this moment are passed over, so no row goes to two. An array is read once, whatever the plan;
    by `IN` PostgreSQL may ask again for each row, and then takes more than the limit. `changes` are values or
    expressions, such as `lease_until=Now() + timedelta(seconds=60)`; they must take the row out of `due`.
    """
    update: Any = due.model._base_manager.all().query.chain(UpdateQuery)
    update.add_update_values(changes)
    with transaction.atomic():
        chosen, of_chosen = due.select_for_update(skip_locked=True).values("pk")[:limit].query.sql_with_params()
        sql, params = update.get_compiler(using=router.db_for_write(due.model)).as_sql()
        key = connection.ops.quote_name(str(due.model._meta.pk.column))
        whole = f"{sql} WHERE {key} = ANY(ARRAY({chosen})) RETURNING *"
        return list(due.model._base_manager.raw(whole, [*params, *of_chosen]))
