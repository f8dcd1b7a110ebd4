"""The end of a pull: its row, the points, the source's stamps and what is to be judged, in one transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Least

from monitoring.actions.schedule import back_off, next_due
from monitoring.actions.storing import Stored, make_room, store
from monitoring.connectors.connector import Failed, Pulled, Wanted
from monitoring.models import Pull, SchemaSeen, Series, Source

LONGEST = 300
LONGEST_COLUMN = 200
Outcome = Pull.Outcome
STAMPS = ["last_error", "failures", "failing_since", "back_off_until", "last_success_at", "next_due_at"]
ANSWERED = {Outcome.OK, Outcome.PARTIAL, Outcome.EMPTY, Outcome.MISSING_METRIC, Outcome.STALE}


def write_end(pull: Pull, came: Pulled | Failed, *, at: datetime, ended_at: datetime, wanted: Sequence[Wanted]) -> bool:
    """Write all that a pull leaves; return False where it is another process's by now, and nothing was written.

    `at` is the moment as of which it was asked, `ended_at` that of its end.
    """
    pulled = came if isinstance(came, Pulled) else Pulled()
    watched = {one.series_id for one in wanted}
    readings = {pk: found for pk, found in pulled.readings.items() if pk in watched}
    make_room(readings, at=at)
    with transaction.atomic():
        source = Source.objects.select_for_update(no_key=True).filter(pk=pull.source_id).first()
        mine = Pull.objects.unfinished().select_for_update().filter(pk=pull.pk, attempt=pull.attempt).first()
        if source is None or mine is None:
            return False
        stored = store(readings, at=at)
        outcome, sentence = _judged(came, stored, source, at, wanted)
        sentence = _storable(sentence)[:LONGEST]
        _finish(mine, outcome, sentence, ended_at, pulled, stored)
        _remember(pulled, source, at, watched)
        _stamp(source, outcome, sentence, at)
        _note_what_was_read(source, outcome, at, watched)
        judged = Series.objects.filter(source=source).exclude(unjudged_from__lte=at)
        judged.update(unjudged_from=Least("unjudged_from", Value(at)))
    return True


def _storable(text: str) -> str:
    """Return the text without what no database holds: NUL and halves of surrogate pairs (F25)."""
    return text.replace("\0", "").encode(errors="ignore").decode()


def _judged(
    came: Pulled | Failed, stored: Stored, source: Source, at: datetime, wanted: Sequence[Wanted]
) -> tuple[Outcome, str]:
    """Return what a pull was and one sentence about it ("" when there is nothing to say)."""
    if isinstance(came, Failed):
        return Outcome(came.outcome), str(came)
    missing = [came.missing[one.series_id] for one in wanted if one.series_id in came.missing]
    if missing and len(missing) == len(wanted):
        return Outcome.MISSING_METRIC, missing[0]
    if wanted and not any(came.readings.values()) and not came.memory and not came.is_unchanged:
        return Outcome.EMPTY, came.note or (missing[0] if missing else "No value came.")
    if stored.rejected:
        return _rejected(came, stored)
    if late := _staleness(came, source, at):
        return Outcome.STALE, late
    if missing:
        return Outcome.PARTIAL, f"{len(missing)} of {len(wanted)} were not found. {missing[0]}"
    return Outcome.OK, came.note


def _rejected(came: Pulled, stored: Stored) -> tuple[Outcome, str]:
    count = sum(map(len, came.readings.values()))
    outcome = Outcome.EMPTY if stored.rejected == count else Outcome.PARTIAL
    return outcome, f"{stored.rejected} of {count} values were not kept. Of the first: {stored.why}"


def _staleness(came: Pulled, source: Source, at: datetime) -> str:
    times = [one.at for readings in came.readings.values() for one in readings]
    if not source.max_age_s or not times or at - max(times) <= timedelta(seconds=source.max_age_s):
        return ""
    return (
        f"The newest value is of {max(times):%Y-%m-%d %H:%M} UTC: older than the {source.max_age_s} s that it may be."
    )


def _finish(pull: Pull, outcome: Outcome, sentence: str, ended_at: datetime, pulled: Pulled, stored: Stored) -> None:
    pull.finished_at = ended_at
    pull.outcome, pull.error = outcome, sentence
    pull.bytes, pull.points = pulled.bytes, stored.points + stored.replaced
    pull.duplicates, pull.conflicts = stored.duplicates, stored.conflicts
    pull.save()


def _remember(pulled: Pulled, source: Source, at: datetime, watched: set[int]) -> None:
    """Keep what the connector asked to keep, and the columns where they changed."""
    for pk, memory in pulled.memory.items():
        if pk in watched:
            Series.objects.filter(pk=pk, source=source).update(memory=memory)
    if pulled.columns is None:
        return
    columns = [_storable(name)[:LONGEST_COLUMN] for name in pulled.columns]
    last = source.schemas_seen.first()
    if last is None or set(last.columns) != set(columns):
        SchemaSeen.objects.get_or_create(source=source, at=at, defaults={"columns": columns})


def _stamp(source: Source, outcome: Outcome, sentence: str, at: datetime) -> None:
    """Write on the source how it did; one that cannot be asked is asked less and less often."""
    source.last_error = "" if outcome == Outcome.OK else sentence
    if outcome in Outcome.with_data():
        source.failures, source.failing_since, source.back_off_until, source.last_success_at = 0, None, None, at
    else:
        source.failures += 1
        source.failing_since = source.failing_since or at
    if outcome not in ANSWERED:
        source.back_off_until = at + back_off(source, source.failures)
        source.next_due_at = max(source.next_due_at, next_due(source, source.back_off_until))
    source.save(update_fields=STAMPS)


def _note_what_was_read(source: Source, outcome: Outcome, at: datetime, watched: set[int]) -> None:
    """Let the next pull begin here, unless a series was added meanwhile: its past has not been read yet."""
    if outcome in Outcome.with_data() and not source.series.exclude(pk__in=watched).exists():
        source.read_at = at
        source.save(update_fields=["read_at"])
