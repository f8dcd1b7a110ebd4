"""Writing what to do, by situation, and what is normal."""

from datetime import date, datetime

from django.db import transaction

from mlops_portal.engine.audit import differences, record
from mlops_portal.engine.versions import Stale
from systems.actions.registry import recheck
from systems.models import ExpectedRange, Runbook, RunbookVersion, System
from systems.models.runbook import review_after


@transaction.atomic
def write_runbook(
    *,
    system: System,
    situation: str,
    body: str,
    by,
    at: datetime,
    review_by: date | None = None,
    origin: str = "",
    seen: int | None = None,
) -> RunbookVersion:
    """Make `body` the text for the situation and return its version; the one that stands when it says the same.

    `review_by` is when it is to be read again; left out, a new text gets what the tier asks for. `origin` is where it
    is kept, when it was not typed. Raises Stale when `seen` (0: no text yet) is not the number of the newest version.
    """
    runbook = _locked(system, situation, seen)
    newest = runbook.versions.first()
    if newest and newest.body == body:
        _say_origin(newest, origin or newest.origin, by)
        return _review(newest, review_by or newest.review_by, by)
    version = runbook.versions.create(
        n=runbook.version + 1,
        body=body,
        by=by,
        at=at,
        origin=origin,
        review_by=review_by or (at + review_after(system)).date(),
    )
    runbook.version = version.n
    runbook.save(update_fields=["version"])
    facts = {"version": version.n, "review_by": version.review_by.isoformat()}
    record(by=by, verb="wrote", kind="runbook", object=situation, system=system, after=facts)
    recheck(system)
    return version


def _say_origin(version: RunbookVersion, origin: str, by) -> None:
    if version.origin == origin:
        return
    told = {"before": {"origin": version.origin}, "after": {"origin": origin}}
    version.origin = origin
    version.save(update_fields=["origin"])
    runbook = version.runbook
    record(by=by, verb="traced", kind="runbook", object=runbook.situation, system=runbook.system, **told)


@transaction.atomic
def restore_runbook(
    *, system: System, situation: str, n: int, by, at: datetime, seen: int | None = None
) -> RunbookVersion:
    """Make the text of version `n` the newest again, as a version of its own, and return that.

    Raises RunbookVersion.DoesNotExist when there is none, or one without a text; Stale as write_runbook().
    """
    texts = RunbookVersion.objects.filter(runbook__system=system, runbook__situation=situation)
    old = texts.exclude(body="").get(n=n)
    return write_runbook(system=system, situation=situation, body=old.body, by=by, at=at, seen=seen)


def _locked(system: System, situation: str, seen: int | None) -> Runbook:
    System.objects.select_for_update().get(pk=system.pk)
    runbook, _ = Runbook.objects.get_or_create(system=system, situation=situation)
    if seen is not None and runbook.version != seen:
        raise Stale(runbook)
    return runbook


@transaction.atomic
def confirm_runbook(*, system: System, situation: str, by, at: datetime, seen: int | None = None) -> RunbookVersion:
    """Record that the text was read again and still holds; return its version, to be reviewed an interval later.

    Raises Runbook.DoesNotExist when nothing is written, Stale when `seen` is not the number of the newest version.
    """
    runbook = Runbook.objects.select_for_update().get(system=system, situation=situation)
    newest = runbook.versions.newest().first()
    if newest is None:
        raise Runbook.DoesNotExist
    if seen is not None and runbook.version != seen:
        raise Stale(runbook)
    return _review(newest, (at + review_after(system)).date(), by)


def _review(version: RunbookVersion, review_by: date, by) -> RunbookVersion:
    if version.review_by == review_by:
        return version
    system, before = version.runbook.system, version.review_by
    version.review_by = review_by
    version.save(update_fields=["review_by"])
    old, new = {"review_by": before.isoformat()}, {"review_by": review_by.isoformat()}
    record(
        by=by, verb="read again", kind="runbook", object=version.runbook.situation, system=system, before=old, after=new
    )
    recheck(system)
    return version


@transaction.atomic
def retire_runbook(*, system: System, situation: str, by, at: datetime) -> None:
    """Take the text for the situation out of use; its versions stay to be read."""
    runbook = _locked(system, situation, None)
    if not runbook.versions.newest().exists():
        return
    runbook.version += 1
    runbook.versions.create(n=runbook.version, body="", by=by, at=at, review_by=at.date())
    runbook.save(update_fields=["version"])
    record(by=by, verb="retired", kind="runbook", object=situation, system=system)
    recheck(system)


@transaction.atomic
def set_range(
    *,
    system: System,
    metric_key: str,
    low: float | None,
    high: float | None,
    reason: str,
    by,
    at: datetime,
    seen: int | None = None,
) -> ExpectedRange:
    """Say between which values the metric is normal, and return that.

    Raises ValueError when no bound is given, Stale when `seen` (0: none yet) is not the version of what stands.
    """
    if low is None and high is None:
        raise ValueError("Give a lower or an upper bound.")
    if low is not None and high is not None and low > high:
        raise ValueError("The lower bound is above the upper one.")
    System.objects.select_for_update().get(pk=system.pk)
    expected = ExpectedRange.objects.filter(system=system, metric_key=metric_key).first()
    if seen is not None and seen != (expected.version if expected else 0):
        raise Stale(expected or ExpectedRange(system=system, metric_key=metric_key, version=0))
    facts = {"low": low, "high": high, "reason": reason}
    old, new = differences({name: getattr(expected, name) for name in facts} if expected else {}, facts)
    if expected and not new:
        return expected
    expected = expected or ExpectedRange(system=system, metric_key=metric_key, version=0)
    for name, value in facts.items():
        setattr(expected, name, value)
    expected.version += 1
    expected.save()
    record(by=by, verb="set", kind="expected range", object=metric_key, system=system, before=old, after=new)
    return expected


@transaction.atomic
def remove_range(*, system: System, metric_key: str, by, at: datetime) -> None:
    """Say nothing any more of what is normal for the metric."""
    removed, _ = ExpectedRange.objects.filter(system=system, metric_key=metric_key).delete()
    if removed:
        record(by=by, verb="removed", kind="expected range", object=metric_key, system=system)
