"""What is watched of sources, read anew only where it has changed: rounds of pulls ask for the same again and again."""

from collections import OrderedDict
from collections.abc import Iterable

from django.db import connection

from monitoring.connectors.connector import Wanted
from monitoring.models import Series

MOST_KEPT = 200_000  # series, in one process

_kept: OrderedDict[int, tuple[tuple, list[Wanted]]] = OrderedDict()


def wanted_of(source_ids: Iterable[int]) -> dict[int, list[Wanted]]:
    """Return by source the series that are watched of it; the same list again where nothing about them has changed.

    The database tells by a sum over the rows whether it has: of ids and selectors, and of what is kept of counters.
    """
    ids = list(source_ids)
    sums = _sums(ids)
    changed = [pk for pk in ids if pk in sums and (pk not in _kept or _kept[pk][0] != sums[pk])]
    for pk, wanted in _read(changed).items():
        _keep(pk, sums[pk], wanted)
    found = {pk: _kept[pk][1] for pk in sums if pk in _kept}
    _forget_beyond(MOST_KEPT)
    return found


def _sums(ids: list[int]) -> dict[int, tuple]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT source_id, count(*), sum(id), sum(jsonb_hash_extended(selector, id)),
                sum(jsonb_hash_extended(memory, id))
            FROM monitoring_series WHERE source_id = ANY(%s) GROUP BY source_id
            """,
            [ids],
        )
        return {source_id: tuple(sums) for source_id, *sums in cursor.fetchall()}


def _read(ids: list[int]) -> dict[int, list[Wanted]]:
    found: dict[int, list[Wanted]] = {pk: [] for pk in ids}
    rows = Series.objects.filter(source__in=ids).order_by("pk") if ids else Series.objects.none()
    for source_id, *where in rows.values_list("source_id", "pk", "selector", "memory"):
        found[source_id or 0].append(Wanted(*where))
    return found


def _keep(source_id: int, sums: tuple, wanted: list[Wanted]) -> None:
    _kept.pop(source_id, None)
    _kept[source_id] = (sums, wanted)


def _forget_beyond(most: int) -> None:
    count = sum(len(wanted) for _, wanted in _kept.values())
    while count > most:
        _, (_, wanted) = _kept.popitem(last=False)
        count -= len(wanted)
