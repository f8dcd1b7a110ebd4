"""Folding the states of a system's questions into its verdict."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from mlops_portal.engine.audit import record
from systems.models import Role, System, Verdict
from systems.notices import News, tell
from systems.readiness import Judgement, judge
from systems.states import states_of

FIELDS = ("verdict", "verdict_sentence", "verdict_short", "verdict_due_at", "verdict_against")


def fold_verdict(system: System, at: datetime) -> None:
    """Store the verdict on `system` as its answers, reviews, waivers and evidence make it at the moment `at`."""
    fold_verdicts([system.pk], at)
    system.refresh_from_db(fields=[*FIELDS, "verdict_since"])


@transaction.atomic
def fold_verdicts(system_ids: Iterable[int], at: datetime, *, skip_locked: bool = False) -> list[int]:
    """Store the verdicts on many systems and return the ids of those it was done for; a fixed number of reads.

    The systems are locked first: whoever folds sees what those before have written. With `skip_locked` those that
    somebody is changing at this moment are left out: who waits for one while holding others may wait for ever.
    """
    rows = System.objects.filter(pk__in=system_ids).order_by("pk")
    systems = list(rows.select_for_update(skip_locked=skip_locked))
    states = states_of(systems, at=at)
    turned = [system for system in systems if _store(system, judge(states[system.pk]), at)]
    fallen = [system for system in turned if system.verdict == Verdict.EXPERIMENT]
    tell([_news(system) for system in fallen], role=Role.PRODUCT_OWNER)
    return [system.pk for system in systems]


def _store(system: System, found: Judgement, at: datetime) -> bool:
    """Write what differs from what is stored, and return whether the verdict became another."""
    values = dict(zip(FIELDS, (found.verdict, found.sentence, found.short, found.due_at, found.against), strict=True))
    before = system.verdict
    if values == {field: getattr(system, field) for field in FIELDS}:
        return False
    if before != found.verdict:
        values["verdict_since"] = max(at, system.registered_at)
    System.objects.filter(pk=system.pk).update(**values)
    for field, value in values.items():
        setattr(system, field, value)
    if before == found.verdict:
        return False
    _record(system, before)
    return True


def _record(system: System, before: str) -> None:
    record(
        by=None,
        verb="judged",
        kind="verdict",
        object=system.slug,
        system=system,
        before={"verdict": before},
        after={"verdict": system.verdict, "why": system.verdict_sentence},
    )


def _news(system: System) -> News:
    key = f"verdict:{system.pk}:{system.verdict_since.isoformat()}"
    return News(system, key, "is at the experiment stage again", system.verdict_sentence, system.readiness_url)
