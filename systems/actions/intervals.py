"""Setting how often, by tier, something has to be looked at again."""

from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from mlops_portal.engine.audit import record
from mlops_portal.engine.duties import nudge
from mlops_portal.engine.versions import Stale
from systems.models import Interval, System

LEAST_DAYS, MOST_DAYS = 7, 730


@transaction.atomic
def set_intervals(*, days: dict[int, int], seen: int, by) -> None:
    """Set the days of each tier, and have its systems judged anew.

    What stands in a row by itself, such as until when an answer is good, stays as it was promised. Raises Stale when
    `seen` is not the version of all rows together (version_of()).
    """
    rows = list(Interval.objects.select_for_update())
    if version_of(rows) != seen:
        raise Stale(rows[0])
    changed = [row for row in rows if row.every.days != days[row.tier]]
    for row in changed:
        before, row.every = row.every.days, timedelta(days=days[row.tier])
        row.version += 1
        row.save()
        told = {"before": {"days": before}, "after": {"days": row.every.days}}
        record(by=by, verb="set", kind="interval", object=f"tier {row.tier}", **told)
    System.objects.in_use().filter(tier__in=[row.tier for row in changed]).update(checks_due_at=Now())
    nudge("check")


def version_of(rows: list[Interval]) -> int:
    """Return the version of all rows together: it grows with each change of any."""
    return sum(row.version for row in rows)
