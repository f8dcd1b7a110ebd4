"""Reading the past of a source: a row with a cursor, many short claims, stored like everything else that comes."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from mlops_portal.engine import fetching
from mlops_portal.engine.audit import record
from mlops_portal.engine.claims import claim
from mlops_portal.engine.duties import nudge
from mlops_portal.engine.redaction import hide
from mlops_portal.engine.secrets import binding_of, unseal
from monitoring import connectors
from monitoring.actions.asking import asking, limits_of
from monitoring.actions.storing import make_room, store
from monitoring.actions.wanted import wanted_of
from monitoring.connectors.connector import Failed, Limits, Pulled, Wanted
from monitoring.models import Backfill, Source

log = structlog.get_logger(__name__)

PIECE = timedelta(days=7)
ATTEMPTS = 3
LEASE = timedelta(seconds=50)
AGAIN_AFTER = timedelta(seconds=20)
ROUND_S = 20.0  # pieces are begun for so long; what is left goes on in the next round
NOTHING_WATCHED = "Nothing of this source is watched: there is nothing to fill in."
KILLED = f"{ATTEMPTS} processes that read this piece came to an end before they had it."


class CannotBackfill(ValueError):
    """There is no past to be had, or not this one; the text is one sentence for people, `field` what it is about."""

    def __init__(self, sentence: str, field: str = ""):
        super().__init__(sentence)
        self.field = field


class Underway(Exception):
    """The past of this source is being read; `backfill` is that."""

    def __init__(self, backfill: Backfill):
        super().__init__("The past of this source is being read already: wait until that is done, or cancel it.")
        self.backfill = backfill


@transaction.atomic
def backfill(source: Source, *, from_at: datetime, to_at: datetime, by, at: datetime) -> Backfill:
    """Have the past of a source from `from_at` to `to_at` read, and return its row. Raises CannotBackfill, Underway.

    Times behind retention and ahead of `at` are left out.
    """
    Source.objects.select_for_update(no_key=True).get(pk=source.pk)
    start, end = _bounded(source, from_at, to_at, at)
    if standing := source.backfills.unfinished().first():
        raise Underway(standing)
    row = source.backfills.create(from_at=start, to_at=end, cursor=start, asked_by=by, asked_at=at)
    said = {"from": start.isoformat(), "to": end.isoformat()}
    record(by=by, verb="backfilled", kind="source", object=source.name, system=source.system, after=said)
    nudge("backfill")
    row.refresh_from_db()
    return row


def why_not(source: Source) -> str:
    """Return in a sentence why the past of a source cannot be read; "" when it can."""
    if source.kind not in connectors.kinds():
        return f"There is no kind of source named {source.kind}."
    return connectors.connector_of(source.kind).no_past


def _bounded(source: Source, from_at: datetime, to_at: datetime, at: datetime) -> tuple[datetime, datetime]:
    if why := why_not(source):
        raise CannotBackfill(why)
    if not source.enabled or source.system.retired_at:
        raise CannotBackfill("The source is paused: resume it first.")
    if not source.series.exists():
        raise CannotBackfill(NOTHING_WATCHED)
    oldest = at - timedelta(days=settings.RETENTION_DAYS)
    if from_at >= at:
        raise CannotBackfill("That is not past yet.", "from")
    if to_at <= from_at:
        raise CannotBackfill("The end has to lie after the beginning.", "to")
    if to_at <= oldest:
        raise CannotBackfill(
            f"Values are kept for {settings.RETENTION_DAYS} days; all of this lies further back.", "to"
        )
    return max(from_at, oldest), min(to_at, at)


@transaction.atomic
def cancel_backfill(row: Backfill, *, by, at: datetime) -> bool:
    """Read no more of it; what was read stays. Return whether it was still under way."""
    source = row.source
    ended = Backfill.objects.unfinished().filter(pk=row.pk).update(ended_at=at, outcome=Backfill.Outcome.CANCELLED)
    if ended:
        record(by=by, verb="cancelled", kind="backfill", object=source.name, system=source.system)
    return bool(ended)


def backfill_due() -> int:
    """Read pieces of the past for a while; return how many. A piece whose process was killed is read again."""
    until, count = time.monotonic() + ROUND_S, 0
    while time.monotonic() < until and (piece := next(_pieces(), None)):
        _end(piece, _read(piece))
        count += 1
    return count


@dataclass(frozen=True)
class _Piece:
    row: Backfill
    source: Source
    wanted: list[Wanted]
    at: datetime

    @property
    def end(self) -> datetime:
        return min(self.row.cursor + PIECE, self.row.to_at)


def _pieces() -> Iterator[_Piece]:
    for row in claim(Backfill.objects.due(), limit=1, lease_until=Now() + LEASE, attempt=F("attempt") + 1):
        source = Source.objects.select_related("system").get(pk=row.source_id)
        yield _Piece(row, source, wanted_of([source.pk]).get(source.pk, []), row.lease_until - LEASE)


def _read(piece: _Piece) -> Pulled | Failed:
    if piece.row.attempt > ATTEMPTS:
        return Failed("killed", KILLED)
    try:
        return fetching.run(_ask(piece, limits_of(piece.source)))
    except Failed as failed:
        return failed


async def _ask(piece: _Piece, limits: Limits) -> Pulled:
    source = piece.source
    async with asking(limits):
        return await connectors.connector_of(source.kind).read_past(
            source.settings,
            hide(unseal(source.secret, bound_to=binding_of(source))),
            piece.wanted,
            start=piece.row.cursor,
            end=piece.end,
            at=piece.at,
            limits=limits,
        )


def _end(piece: _Piece, came: Pulled | Failed) -> None:
    """Write what a piece brought and move the cursor, in one transaction; whoever was overtaken writes nothing."""
    if isinstance(came, Failed):
        _failed(piece, str(came))
        return
    try:
        _store(piece, came)
    except Exception:  # whatever a connector brought
        log.exception("piece of the past not stored", backfill=piece.row.pk)
        _failed(piece, "The values came, but the portal could not store them.")


def _store(piece: _Piece, came: Pulled) -> None:
    given = {
        pk: [one for one in found if piece.row.cursor <= one.at < piece.end] for pk, found in came.readings.items()
    }
    make_room(given.values(), at=piece.at)
    with transaction.atomic():
        row = _mine(piece)
        if row is None:
            return
        series = set(piece.source.series.values_list("pk", flat=True))
        stored = store({pk: found for pk, found in given.items() if pk in series}, at=piece.at)
        row.points += stored.points + stored.replaced
        row.duplicates += stored.duplicates
        row.conflicts += stored.conflicts
        row.cursor, row.attempt, row.lease_until, row.error = piece.end, 0, Now(), ""
        if piece.end >= row.to_at:
            row.ended_at, row.outcome = Now(), Backfill.Outcome.DONE
        row.save()
        nudge("judge")


def _failed(piece: _Piece, sentence: str) -> None:
    with transaction.atomic():
        row = _mine(piece)
        if row is None:
            return
        row.error = sentence[:300]
        row.lease_until = Now() + AGAIN_AFTER
        if row.attempt >= ATTEMPTS:
            row.ended_at, row.outcome = Now(), Backfill.Outcome.FAILED
        row.save()


def _mine(piece: _Piece) -> Backfill | None:
    """Return the row, locked, if this process still has it and nobody cancelled it."""
    rows = Backfill.objects.unfinished().select_for_update()
    return rows.filter(pk=piece.row.pk, attempt=piece.row.attempt, cursor=piece.row.cursor).first()
