"""The one way in which work is taken: a claim on rows in the database."""

from typing import Any, TypeVar

from django.db import models, router, transaction
from django.db.models.sql import UpdateQuery

M = TypeVar("M", bound=models.Model)


def claim(due: models.QuerySet[M], *, limit: int, **changes) -> list[M]:
    """Take up to `limit` rows of `due` for this process, setting `changes` on them, and return them as changed.

    One statement, `UPDATE … WHERE id IN (SELECT … FOR UPDATE SKIP LOCKED) RETURNING *`: rows that another process is
    taking at this moment are passed over, so no row goes to two. `changes` are values or expressions, such as
    `lease_until=Now() + timedelta(seconds=60)`; they must take the row out of `due`.
    """
    rows = due.model._base_manager.filter(
        pk__in=due.select_for_update(skip_locked=True).values("pk")[:limit],
    )
    update: Any = rows.query.chain(UpdateQuery)
    update.add_update_values(changes)
    with transaction.atomic():
        sql, params = update.get_compiler(using=router.db_for_write(due.model)).as_sql()
        return list(due.model._base_manager.raw(f"{sql} RETURNING *", params))
