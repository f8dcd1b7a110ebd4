"""Folding conditions into the status of a system."""

from datetime import datetime

from django.db import transaction

from systems.models import Condition, Level, StatusSpan, System

NOBODY_LOOKED = "Nobody has looked in time."


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
    worst = min(conditions, key=lambda condition: _rank(condition, at))
    level, sentence = _level(worst, at), worst.sentence if _believed(worst, at) else NOBODY_LOOKED
    stored = System.objects.get(pk=system.pk)
    over = stored.status_good_until
    if span and over is not None and over < at:
        over = max(over, span.from_at)
        _begin_span(system, Level.UNKNOWN, NOBODY_LOOKED, over)
        stored.status, stored.status_since = Level.UNKNOWN, over
    changed = stored.status != level
    System.objects.filter(pk=system.pk).update(
        status=level,
        status_sentence=sentence,
        status_good_until=_good_until(level, conditions, at),
        status_since=at if changed else stored.status_since,
    )
    if changed or span is None:
        _begin_span(system, level, sentence, at)


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
