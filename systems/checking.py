"""Checks: small functions that judge many systems at once; each app declares its own in its `checks.py`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from systems.models import Outcome, System
from systems.notices import News, tell

GAP_OF_TOPIC = {
    "data": "data",
    "resilience": "data",
    "quality": "monitoring",
    "retraining": "monitoring",
    "errors": "ownership",
    "ownership": "ownership",
    "phases": "ownership",
}


@dataclass(frozen=True)
class Finding:
    """What a check says of one system: the result (Outcome.Result), one sentence why, the page where it is mended."""

    system_id: int
    result: str
    why: str
    url: str = ""


@dataclass(frozen=True)
class Check:
    """A declared check; `judge` gives exactly one finding for each system of the QuerySet that it is handed."""

    key: str
    topic: str
    title: str
    for_role: str
    judge: Callable[[QuerySet[System]], Iterator[Finding]]

    @property
    def gap(self) -> str:
        return GAP_OF_TOPIC[self.topic]


CHECKS: dict[str, Check] = {}


def check(*, key: str, topic: str, title: str, for_role: str):
    """Declare the decorated function a check; `for_role` is the Role whose holder is told when it turns to fail."""

    def declare(judge):
        CHECKS[key] = Check(key, topic, title, for_role, judge)
        return judge

    return declare


def run_checks(systems: QuerySet[System], *, keys: list[str] | None = None, at: datetime | None = None) -> int:
    """Judge `systems` by all checks, or by those of `keys`; write what changed and return how many outcomes did.

    What turned did so at the moment `at` (None: now).
    """
    chosen = [CHECKS[key] for key in keys] if keys is not None else list(CHECKS.values())
    return sum(_run(one, systems, at) for one in chosen)


@transaction.atomic(savepoint=False)  # whoever has begun a transaction fails as a whole: nothing to go back to here
def _run(one: Check, systems: QuerySet[System], at: datetime | None) -> int:
    before = {row.system_id: row for row in Outcome.objects.filter(check_key=one.key, system__in=systems)}
    changed = [finding for finding in one.judge(systems) if _differs(before.get(finding.system_id), finding)]
    turned = [f for f in changed if _result(before.get(f.system_id)) != f.result]
    _write([f for f in changed if f not in turned], one, at, fields=["why", "url"])
    _write(turned, one, at, fields=["outcome", "why", "url", "since"])
    _tell(one, [f.system_id for f in turned if f.result == Outcome.Result.FAIL and f.system_id in before])
    return len(changed)


def _result(row: Outcome | None) -> str | None:
    return row.outcome if row else None


def _differs(row: Outcome | None, finding: Finding) -> bool:
    return row is None or (row.outcome, row.why, row.url) != (finding.result, finding.why, finding.url)


def _write(findings: list[Finding], one: Check, at: datetime | None, *, fields: list[str]) -> None:
    since = at or Now()
    rows = [
        Outcome(system_id=f.system_id, check_key=one.key, outcome=f.result, why=f.why, url=f.url, since=since)
        for f in findings
    ]
    unique = ["system", "check_key"]
    Outcome.objects.bulk_create(rows, update_conflicts=True, unique_fields=unique, update_fields=fields)


def _tell(one: Check, failed: list[int]) -> None:
    """Tell of the systems that passed until now; what failed from the first look is no news, it is on the page."""
    if not failed:
        return
    rows = Outcome.objects.filter(system__in=failed, check_key=one.key).select_related("system")
    news = [
        News(
            system=row.system,
            key=f"check:{row.system_id}:{one.key}:{row.since.isoformat()}",
            subject=row.why,
            text=row.why,
            url=row.url,
        )
        for row in rows
    ]
    tell(news, role=one.for_role)
