"""Folding conditions into the status of a system."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from systems.models import Condition, Level, StatusSpan, System

NOBODY_LOOKED = "Nobody has looked in time."


@dataclass(frozen=True)
class Report:
    """What somebody judges a system to be, until when."""

    system: System
    level: str
    sentence: str
    good_until: datetime | None


@transaction.atomic
def report_conditions(reports: Iterable[Report], *, who: str, at: datetime) -> None:
    """Record what `who` judges of many systems; of those whose level stays, with few queries in all."""
    by_system = {report.system.pk: report for report in reports}
    stored: dict[int, list[Condition]] = defaultdict(list)
    for condition in Condition.objects.filter(system__in=by_system):
        stored[condition.system_id].append(condition)
    kept, systems = [], []
    for pk, report in sorted(by_system.items()):
        own = next((one for one in stored[pk] if one.who == who), None)
        if own is None or own.level != report.level or not _holds(report.system, stored[pk], at):
            report_condition(
                system=report.system,
                who=who,
                level=report.level,
                sentence=report.sentence,
                good_until=report.good_until,
                at=at,
            )
            continue
        own.sentence, own.good_until = report.sentence, report.good_until
        kept.append(own)
        systems.append(_folded(report.system, stored[pk], at))
    Condition.objects.bulk_update(kept, ["sentence", "good_until"])
    System.objects.bulk_update(systems, ["status_sentence", "status_good_until"])


def _holds(system: System, conditions: list[Condition], at: datetime) -> bool:
    """Whether the stored status is what its conditions say, and still believed."""
    is_over = system.status_good_until is not None and system.status_good_until < at
    believed = all(_believed(condition, at) for condition in conditions)
    worst = _worst(conditions, at)
    return believed and not is_over and worst.level == system.status


def _folded(system: System, conditions: list[Condition], at: datetime) -> System:
    """Return the system with sentence and time of a status that stays what it is."""
    worst = _worst(conditions, at)
    system.status_sentence = worst.sentence
    system.status_good_until = _good_until(system.status, conditions, at)
    return system


@transaction.atomic
def report_condition(*, system: System, who: str, level: str, sentence: str, good_until: datetime | None, at: datetime):
    """Record that `who` judges `system` to be at `level` until `good_until`, and fold its status anew."""
    System.objects.select_for_update().get(pk=system.pk)
    before = Condition.objects.filter(system=system, who=who).first()
    since = before.since if before and before.level == level else at
    Condition.objects.update_or_create(
        system=system,
        who=who,
        defaults={"level": level, "sentence": sentence, "since": since, "good_until": good_until},
    )
    fold_status(system=system, at=at)


def fold_status(*, system: System, at: datetime) -> None:
    """Set the status to the worst of the conditions; its span begins when the word changes, not the sentence."""
    conditions = list(Condition.objects.filter(system=system))
    if not conditions:
        return
    span = StatusSpan.objects.filter(system=system, to_at=None).first()
    at = max(at, span.from_at) if span else at  # who waited for the lock may come with an older time
    worst = _worst(conditions, at)
    level, sentence = _level(worst, at), worst.sentence if _believed(worst, at) else NOBODY_LOOKED
    stored = System.objects.get(pk=system.pk)
    over = stored.status_good_until
    if span and over is not None and over < at:
        over = max(over, span.from_at)
        _begin_span(system, Level.UNKNOWN, NOBODY_LOOKED, over)
        stored.status, stored.status_since = Level.UNKNOWN, over
    begins = span is None or stored.status != level
    System.objects.filter(pk=system.pk).update(
        status=level,
        status_sentence=sentence,
        status_good_until=_good_until(level, conditions, at),
        status_since=at if begins else stored.status_since,
    )
    if begins:
        _begin_span(system, level, sentence, at)


def _worst(conditions: list[Condition], at: datetime) -> Condition:
    """Return the condition that prevails; of equal ones what was seen, before what people do about it."""
    return min(conditions, key=lambda condition: (_rank(condition, at), condition.who == "incidents"))


def _believed(condition: Condition, at: datetime) -> bool:
    return condition.good_until is None or condition.good_until > at


def _level(condition: Condition, at: datetime) -> str:
    return condition.level if _believed(condition, at) else Level.UNKNOWN


def _rank(condition: Condition, at: datetime) -> int:
    return Level.worst_first().index(Level(_level(condition, at)))


def _good_until(level: str, conditions: list[Condition], at: datetime) -> datetime | None:
    """Return when the folded `level` fades: what is worse than unknown lasts as long as any condition says it."""
    if level in (Level.FAILING, Level.DEGRADED):
        saying = [condition for condition in conditions if _level(condition, at) == level]
        times = [condition.good_until for condition in saying if condition.good_until]
        return max(times) if len(times) == len(saying) else None
    return min((c.good_until for c in conditions if c.good_until and _believed(c, at)), default=None)


def _begin_span(system: System, level: str, sentence: str, at: datetime) -> None:
    StatusSpan.objects.filter(system=system, to_at=None).update(to_at=at)
    StatusSpan.objects.create(system=system, status=level, sentence=sentence, from_at=at)
