"""How the machines' part of the portal does: what waits, what fails, how much comes, how much room it takes.

All that speaks of sources speaks of those that the reader may see. Every query looks at a bounded number of rows.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, Max, Min, Q, Sum
from django.db.models.functions import Now

from monitoring.models import Backfill, Blindness, Pull, Series, Source

LOOKED_AT = 5000  # the newest pulls
LATELY = timedelta(minutes=5)
FAILING_SHOWN = 20
TABLES_SHOWN = 6


@dataclass(frozen=True)
class Waiting:
    """What waits for a worker of a queue: how many, and since when the oldest."""

    what: str
    queue: str
    count: int
    since: datetime | None


@dataclass(frozen=True)
class Rate:
    """What came in the last minutes."""

    pulls_per_minute: float
    points_per_second: float
    unanswered: int
    over: timedelta


@dataclass(frozen=True)
class Room:
    """What a table takes; `rows` is the database's own estimate, None where it has not looked yet."""

    table: str
    bytes: int
    rows: int | None
    parts: int

    @property
    def bytes_per_row(self) -> float | None:
        return self.bytes / self.rows if self.rows else None


def engine_for(person) -> dict:
    """Return what the page of the portal's health shows of pulling and storing; `person` reads it."""
    sources = Source.objects.in_use().visible_to(person)
    failing = sources.filter(failing_since__isnull=False).select_related("system").order_by("failing_since", "pk")
    return {
        "blindness": Blindness.objects.now().first(),
        "waiting": _waiting(sources),
        "rate": _rate(sources),
        "asked": sources.count(),
        "failing": list(failing[:FAILING_SHOWN]),
        "failing_count": failing.count(),
        "room": _room(),
    }


def _waiting(sources) -> list[Waiting]:
    due = sources.due().order_by().aggregate(count=Count("pk"), since=Min("next_due_at"))
    pulls = Pull.objects.unfinished().filter(source__in=sources).aggregate(count=Count("pk"), since=Min("started_at"))
    past = Backfill.objects.unfinished().filter(source__in=sources).aggregate(count=Count("pk"), since=Min("asked_at"))
    unjudged = Series.objects.unjudged().filter(source__in=sources).aggregate(count=Count("pk"))
    return [
        Waiting("Sources that are due", "pull", **due),
        Waiting("Sources that are being asked", "pull", **pulls),
        Waiting("Pasts that are being read", "pull", **past),
        Waiting("Series with something new to be judged", "work", **unjudged, since=None),
    ]


def _rate(sources) -> Rate:
    newest = Pull.objects.order_by("-pk").values("pk")[:LOOKED_AT]
    lately = Pull.objects.filter(pk__in=newest, finished_at__gt=Now() - LATELY).exclude(why=Pull.Why.BACKFILL)
    found = lately.filter(source__in=sources).aggregate(
        count=Count("pk"),
        points=Sum("points", default=0),
        first=Min("finished_at"),
        last=Max("finished_at"),
        unanswered=Count("pk", filter=~Q(outcome__in=Pull.Outcome.with_data())),
    )
    is_cut = found["count"] >= LOOKED_AT  # there were more than are looked at
    over = max(found["last"] - found["first"], timedelta(seconds=1)) if is_cut else LATELY
    seconds = over.total_seconds()
    return Rate(found["count"] * 60 / seconds, found["points"] / seconds, found["unanswered"], over)


def _room(most: int = TABLES_SHOWN) -> list[Room]:
    """Return what the points and the largest other tables take; the months of the points count as one table."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(parent.relname, c.relname) AS name, sum(pg_total_relation_size(c.oid))::bigint AS bytes,
                CASE WHEN bool_and(c.reltuples < 0) THEN NULL ELSE sum(greatest(c.reltuples, 0))::bigint END,
                count(parent.oid)
            FROM pg_class c
            LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
            LEFT JOIN pg_class parent ON parent.oid = i.inhparent
            WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
            GROUP BY 1 ORDER BY bool_or(parent.relname = 'monitoring_point') DESC NULLS LAST, 2 DESC, 1 LIMIT %s
            """,
            [most],
        )
        return [Room(*row) for row in cursor.fetchall()]
