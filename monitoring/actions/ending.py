"""The end of a pull: its row, the points, the source's stamps and what is to be judged, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import transaction
from django.db.models import Count, Q, Sum, Value

from monitoring.actions import writing
from monitoring.actions.schedule import back_off, next_due
from monitoring.actions.storing import Stored, make_room, store
from monitoring.connectors.connector import Failed, Pulled, Reading, Wanted
from monitoring.models import Pull, SchemaSeen, Series, Source

LONGEST = 300
LONGEST_COLUMN = 200
Outcome = Pull.Outcome
ANSWERED = {Outcome.OK, Outcome.PARTIAL, Outcome.EMPTY, Outcome.MISSING_METRIC, Outcome.STALE}


@dataclass(frozen=True)
class End:
    """How one pull ended, and when; `wanted` is what it was asked for."""

    pull: Pull
    came: Pulled | Failed
    ended_at: datetime
    wanted: Sequence[Wanted]

    @property
    def pulled(self) -> Pulled:
        return self.came if isinstance(self.came, Pulled) else Pulled()

    @cached_property
    def watched(self) -> set[int]:
        return {one.series_id for one in self.wanted}

    @cached_property
    def readings(self) -> dict[int, list[Reading]]:
        came = self.pulled.readings
        return came if came.keys() <= self.watched else {pk: came[pk] for pk in came.keys() & self.watched}


class _Mixed(Exception):
    """Not all of a batch is new: who brought what has to be found out one by one."""


def write_end(pull: Pull, came: Pulled | Failed, *, at: datetime, ended_at: datetime, wanted: Sequence[Wanted]) -> bool:
    """Write all that a pull leaves; return False where it is another process's by now, and nothing was written.

    `at` is the moment as of which it was asked, `ended_at` that of its end.
    """
    return write_ends([End(pull, came, ended_at, wanted)], at=at) == 1


def write_ends(ends: Sequence[End], *, at: datetime) -> int:
    """Write all that pulls asked as of `at` leave, all or none; return how many: others have what is not counted."""
    make_room((found for end in ends for found in end.readings.values()), at=at)
    with transaction.atomic():
        mine = _mine(ends)
        if not mine:
            return 0
        stored = _stored([end for end, _ in mine], at)
        judged = [
            (end, source, *_judged(end.came, counts, source, at, end.wanted))
            for (end, source), counts in zip(mine, stored, strict=True)
        ]
        for (end, source, outcome, sentence), counts in zip(judged, stored, strict=True):
            sentence = _storable(sentence)[:LONGEST]
            _finish(end, outcome, sentence, counts)
            _remember_columns(end.pulled, source, at)
            _stamp(source, outcome, sentence, at)
        _put_down_to_be_judged(judged, at)
        writing.write_pulls([end.pull for end, _ in mine])
        writing.write_sources([source for _, source in mine])
        writing.write_memory({pk: one for end, _ in mine for pk, one in end.pulled.memory.items() if pk in end.watched})
    return len(mine)


def _mine(ends: Sequence[End]) -> list[tuple[End, Source]]:
    """Return the ends that are still this process's to write, with their sources; both are locked."""
    needed = Source.objects.only(*writing.OF_SOURCE, "interval_s", "max_age_s")
    sources = needed.filter(pk__in=[end.pull.source_id for end in ends]).order_by("pk")
    found = {source.pk: source for source in sources.select_for_update(no_key=True)}
    pulls = Pull.objects.unfinished().filter(pk__in=[end.pull.pk for end in ends]).order_by("pk")
    attempts = dict(pulls.select_for_update().values_list("pk", "attempt"))
    mine = [end for end in ends if attempts.get(end.pull.pk) == end.pull.attempt and end.pull.source_id in found]
    return [(end, found[end.pull.source_id]) for end in mine]


def _stored(ends: Sequence[End], at: datetime) -> list[Stored]:
    """Store what came and return what became of it, by end; all at once where everything is new, as it mostly is."""
    if len(ends) > 1:
        try:
            return _stored_at_once(ends, at)
        except _Mixed:
            pass
    return [store(end.readings, at=at) for end in ends]


def _stored_at_once(ends: Sequence[End], at: datetime) -> list[Stored]:
    together = {pk: found for end in ends for pk, found in end.readings.items()}
    count = sum(map(len, together.values()))
    with transaction.atomic():
        if store(together, at=at).points != count:
            raise _Mixed
    return [Stored(points=sum(map(len, end.readings.values()))) for end in ends]


def _storable(text: str) -> str:
    """Return the text without what no database holds: NUL and halves of surrogate pairs (F25)."""
    return text.replace("\0", "").encode(errors="ignore").decode()


def _judged(
    came: Pulled | Failed, stored: Stored, source: Source, at: datetime, wanted: Sequence[Wanted]
) -> tuple[Outcome, str]:
    """Return what a pull was and one sentence about it ("" when there is nothing to say)."""
    if isinstance(came, Failed):
        return Outcome(came.outcome), str(came)
    missing = [came.missing[one.series_id] for one in wanted if one.series_id in came.missing] if came.missing else []
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
    times = [one.at for readings in came.readings.values() for one in readings] if source.max_age_s else []
    if not times or at - max(times) <= timedelta(seconds=source.max_age_s or 0):
        return ""
    return (
        f"The newest value is of {max(times):%Y-%m-%d %H:%M} UTC: older than the {source.max_age_s} s that it may be."
    )


def _finish(end: End, outcome: Outcome, sentence: str, stored: Stored) -> None:
    pull = end.pull
    pull.finished_at = end.ended_at
    pull.outcome, pull.error = outcome, sentence
    pull.bytes, pull.points = end.pulled.bytes, stored.points + stored.replaced
    pull.duplicates, pull.conflicts = stored.duplicates, stored.conflicts


def _remember_columns(pulled: Pulled, source: Source, at: datetime) -> None:
    """Keep the columns where they changed."""
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
    if outcome in ANSWERED:
        source.back_off_until = None
    else:
        source.back_off_until = at + back_off(source, source.failures)
        source.next_due_at = max(source.next_due_at, next_due(source, source.back_off_until))


def _put_down_to_be_judged(judged: Sequence[tuple[End, Source, Outcome, str]], at: datetime) -> None:
    """Let what the sources have be judged from now on, also where nothing came of it.

    Let the next pull begin here, unless a series was added meanwhile: its past has not been read yet.
    """
    later = Q(unjudged_from=None) | Q(unjudged_from__gt=at)
    watched = Series.objects.filter(source__in=[source.pk for _, source, _, _ in judged]).order_by().values("source_id")
    counted = watched.annotate(count=Count("pk"), ids=Sum("pk"), later=ArrayAgg("pk", filter=later, default=Value([])))
    found = {row["source_id"]: row for row in counted}
    for end, source, outcome, _ in judged:
        now = found.get(source.pk, {"count": 0, "ids": 0})
        if outcome in Outcome.with_data() and (now["count"], now["ids"]) == (len(end.watched), sum(end.watched)):
            source.read_at = at
    Series.objects.filter(later, pk__in=[pk for row in found.values() for pk in row["later"]]).update(unjudged_from=at)
