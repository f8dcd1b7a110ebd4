"""Folding conditions into the status of a system."""

from datetime import datetime

from django.db import transaction

from systems.models import Condition, Level, StatusSpan, System


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
    order = Level.worst_first()
    worst = min(conditions, key=lambda condition: order.index(Level(condition.level)))
    until = min((c.good_until for c in conditions if c.good_until), default=None)
    stored = System.objects.get(pk=system.pk)
    changed = stored.status != worst.level
    System.objects.filter(pk=system.pk).update(
        status=worst.level,
        status_sentence=worst.sentence,
        status_good_until=until,
        status_since=at if changed else stored.status_since,
    )
    if changed or not StatusSpan.objects.filter(system=system, to_at=None).exists():
        _begin_span(system, worst, at)


def _begin_span(system: System, worst: Condition, at: datetime) -> None:
    StatusSpan.objects.filter(system=system, to_at=None).update(to_at=at)
    StatusSpan.objects.create(system=system, status=worst.level, sentence=worst.sentence, from_at=at)
