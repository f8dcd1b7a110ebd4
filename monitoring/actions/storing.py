"""Writing points: the same ones twice change nothing, a provisional value gives way, a final one only to a correction.

Behind the newest point of a series nothing stands, so points that are newer go in by COPY, which is all there is to do
for most pulls. The others are compared with what stands, and only what is new or changed is written. The rollups of
closed hours that this touches are computed anew in the same transaction.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from numbers import Real
from operator import attrgetter

import numpy as np
from django.conf import settings
from django.db import transaction

from monitoring.connectors.connector import Reading
from monitoring.models import Maturity, Series
from monitoring.store.batches import Batch, Given, batch_of, given_of, micros
from monitoring.store.partitions import ROLLUPS, make_months
from monitoring.store.rolling import roll_again
from monitoring.store.standing import copy_points, replace, stamp_ahead, stamp_newest, unlike
from systems.actions.versions import ids_of
from systems.models import System

FUTURE = timedelta(minutes=5)  # a clock may go wrong by this much
LONGEST_SAMPLES = 2**63 - 1


@dataclass
class Stored:
    """What became of a batch. `points` are new; `replaced` gave way to a newer value, `corrected` of them were final.

    The rest changed nothing. `why` says in a sentence why the first of the rejected was.
    """

    points: int = 0
    duplicates: int = 0
    replaced: int = 0
    corrected: int = 0
    conflicts: int = 0
    rejected: int = 0
    why: str = ""

    @property
    def changed(self) -> int:
        """How many points are other than before."""
        return self.points + self.replaced


def store(readings: Mapping[int, Sequence[Reading]], *, at: datetime) -> Stored:
    """Write readings by series id and return what became of them; series get their newest value, time and rhythm.

    Rejected are values that are no finite numbers, and times without a zone, behind retention or over 5 min ahead.
    Call `make_room` before, where this runs inside a longer transaction: making a month locks the table.
    """
    stored = Stored()
    given = _usable(readings, at, stored)
    if given.at:
        _make_room(*given.span())
    with transaction.atomic():
        batch = _folded(batch_of(given, _versions(given)).sorted(), stored)
        if len(batch):
            _write(batch, at, stored)
    return stored


def make_room(readings: Iterable[Sequence[Reading]], *, at: datetime) -> None:
    """Make the parts of the tables that these readings need."""
    times = set(map(attrgetter("at"), chain.from_iterable(readings)))  # many have the same
    kept = [time for time in times if time.tzinfo and not untimely(time, at)]
    if kept:
        _make_room(min(kept), max(kept))


def _make_room(first: datetime, last: datetime) -> None:
    make_months(first, last)
    make_months(first, last, ROLLUPS)


def lock_series(ids: Iterable[int]) -> list[int]:
    """Lock the series that there are for this transaction, in one order for all, and return their ids.

    Who writes a series' points does it alone. Pulls of a source come one after the other anyway; pushes do not.
    """
    there = Series.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
    return list(there.values_list("pk", flat=True))


def _usable(readings: Mapping[int, Sequence[Reading]], at: datetime, stored: Stored) -> Given:
    """Return the readings that can be kept, and count the others."""
    given = given_of(readings)
    if _are_all_usable(given, at):
        return given
    whys = [why for found in readings.values() for one in found if (why := _why_not(one, at))]
    stored.rejected, stored.why = len(whys), whys[0] if whys else ""
    return given_of({pk: [one for one in found if not _why_not(one, at)] for pk, found in readings.items()})


def _are_all_usable(given: Given, at: datetime) -> bool:
    """Whether all are of the usual kind and good: many at once, because most are. False says that one must look."""
    if not given.at:
        return True
    if set(map(type, given.value)) != {float} or set(map(type, given.samples)) != {int}:
        return False
    if min(given.samples) < 0 or max(given.samples) > LONGEST_SAMPLES or not math.isfinite(sum(given.value)):
        return False
    return None not in set(map(attrgetter("tzinfo"), given.at)) and not any(untimely(end, at) for end in given.span())


def _why_not(one: Reading, at: datetime) -> str:
    """Return in a sentence why a reading is not kept; empty when it is."""
    if not _is_number(one.value):
        return "It is no finite number."
    if not _is_count(one.samples):
        return "Its number of samples is none."
    return "Its time names no zone." if one.at.tzinfo is None else untimely(one.at, at)


def _is_number(value: object) -> bool:
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond every float
        return False


def _is_count(samples: object) -> bool:
    return isinstance(samples, int) and 0 <= samples <= LONGEST_SAMPLES


def untimely(moment: datetime, at: datetime) -> str:
    """Return in a sentence why a point of this time is not kept; empty when it is."""
    if moment > at + FUTURE:
        return f"Its time lies ahead by more than {FUTURE // timedelta(minutes=1)} minutes."
    if moment < at - timedelta(days=settings.RETENTION_DAYS):
        return f"Its time lies more than {settings.RETENTION_DAYS} days back: so old values are not kept."
    return ""


def _versions(given: Given) -> dict[int, Mapping[str, int]]:
    """Return by series the ids of the model versions that are named for it; nothing where none is named."""
    if not any(given.version):
        return {}
    pairs = {(pk, name) for pk, name in zip(given.series.tolist(), given.version, strict=True) if name}
    rows = Series.objects.filter(pk__in={pk for pk, _ in pairs}).select_related("metric__system")
    systems = {one.pk: one.metric.system for one in rows}
    names: dict[System, set[str]] = {}
    for pk, name in pairs:
        if pk in systems:
            names.setdefault(systems[pk], set()).add(name)
    ids = {system: ids_of(system, found) for system, found in names.items()}
    return defaultdict(dict, {pk: ids[system] for pk, system in systems.items()})


def _folded(batch: Batch, stored: Stored) -> Batch:
    """Return each (series, time) once: within a batch the same rule holds as against the table."""
    keep = np.ones(len(batch), bool)
    standing: dict[int, int] = {}  # by the number of a row: which of those of its place stands
    for row in batch.repeats().tolist():
        before = standing.get(row - 1, row - 1)
        is_new = _gives_way(_facts(batch, before), batch, row, stored)
        standing[row] = row if is_new else before
        keep[before if is_new else row] = False
    return batch if keep.all() else batch.taken(keep)


def _facts(batch: Batch, row: int) -> list:
    return [batch.value[row], batch.samples[row], batch.maturity[row]]


def _gives_way(standing: list, batch: Batch, row: int, stored: Stored) -> bool:
    """Whether what stands (value, samples, maturity) gives way to the row, which is counted."""
    value, _, maturity = standing
    is_final = maturity == Maturity.FINAL
    if standing == _facts(batch, row) or (is_final and value == batch.value[row]):
        stored.duplicates += 1
        return False
    if is_final and not batch.reason[row]:
        stored.conflicts += 1
        return False
    stored.replaced += 1
    stored.corrected += is_final
    return True


def _write(batch: Batch, at: datetime, stored: Stored) -> None:
    ahead, to_time, closed = stamp_ahead(batch)
    is_ahead = np.isin(batch.series, ahead)
    new = batch if is_ahead.all() else batch.taken(is_ahead)
    copy_points(new, at)
    stored.points += len(new)
    if to_time:
        stamp_newest(to_time, [micros(at)] * len(to_time))
    if closed:
        roll_again(new.taken(np.isin(new.series, closed)))
    if len(new) < len(batch):
        rest = batch.taken(~is_ahead)
        there = lock_series(np.unique(rest.series).tolist())
        _write_what_differs(rest.taken(np.isin(rest.series, there)), at, stored)


def _write_what_differs(batch: Batch, at: datetime, stored: Stored) -> None:
    """Write the rows that are new, and those to which a value that stands gives way."""
    if not len(batch):
        return
    new, met = unlike(batch)
    stored.duplicates += len(batch) - len(new) - len(met)
    stored.points += len(new)
    replacing = [row for row, *facts in met if _gives_way(facts, batch, row, stored)]
    copy_points(batch.taken(np.array(new, int)), at)
    if replacing:
        replace(replacing, batch, at)
    changed = batch.taken(np.array(sorted([*new, *replacing]), int))
    if len(changed):
        starts = changed.starts()
        rolled = stamp_newest(changed.series[starts].tolist(), changed.at[starts].tolist())
        if any(rolled.values()):
            roll_again(changed)
