"""Asking sources: what is due is claimed as a row, asked side by side, and each end is written whole or not at all.

A pull's row is its claim and its record. A process that dies leaves a lease; whoever comes after its end takes the same
row once more, at most three times. Nobody waits for the network inside a transaction.
"""

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from mlops_portal.engine import fetching
from mlops_portal.engine.audit import record
from mlops_portal.engine.claims import claim
from mlops_portal.engine.duties import nudge
from mlops_portal.engine.redaction import hide, redact
from mlops_portal.engine.secrets import binding_of, unseal
from monitoring import connectors
from monitoring.actions.asking import LONGEST_DEADLINE_S, asking, deadline_s, limits_of
from monitoring.actions.ending import End, write_end, write_ends
from monitoring.actions.schedule import due_time, next_due
from monitoring.actions.turns import whose_turn
from monitoring.actions.wanted import wanted_of
from monitoring.actions.writing import add_pulls, write_sources
from monitoring.connectors.connector import Connector, Failed, Pulled, Wanted
from monitoring.models import Pull, Source

log = structlog.get_logger(__name__)

ATTEMPTS = 3
LEASE_MARGIN_S = 10
TAKES_MORE_FOR_S = 15.0  # while slow ones are waited for, what becomes due is taken too
LOOKS_EVERY_S = 0.5
GATHERS_FOR_S = 0.05
ENDS_AFTER_S = 44.0
WRITES_AT_ONCE = 100  # ends of pulls in one transaction
KILLED = f"{ATTEMPTS} processes that asked this source came to an end before they had its answer."


@dataclass(frozen=True)
class Job:
    """A claimed pull with all that asking needs, read before the network is touched."""

    pull: Pull
    source: Source
    at: datetime
    wanted: list[Wanted]
    began: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        """Return the moment that it is for this pull, by the clock that gave it its own."""
        return self.at + timedelta(seconds=time.monotonic() - self.began)


def pull_due(duty: str = "pull", limit: int = 100) -> int:
    """Ask the sources of a duty that are due, and those whose pull was killed; return how many pulls came to an end."""
    started, ended, told, looks_at = time.monotonic(), _give_up(duty), 0, 0.0
    asked: dict[Future, Job] = {}
    while True:
        passed = time.monotonic() - started
        if passed >= looks_at:
            if passed < TAKES_MORE_FOR_S and len(asked) < limit:
                taken = take(duty, limit - len(asked), ENDS_AFTER_S - passed)
                jobs = list(jobs_of(taken))
                asked |= zip(fetching.submit(map(ask, jobs)), jobs, strict=True)
            told, looks_at = _tell(told, ended), passed + LOOKS_EVERY_S
        if not asked or passed > ENDS_AFTER_S:  # what is left has a lease and is taken again
            _tell(told, ended)
            return ended
        wait(asked, timeout=LOOKS_EVERY_S, return_when=FIRST_COMPLETED)
        done, _ = wait(asked, timeout=GATHERS_FOR_S)  # what ends at about the same time is written at once
        ended += _end([(asked.pop(future), future.result()) for future in done])
        looks_at = 0.0 if done else looks_at  # there is room again


def _tell(told: int, ended: int) -> int:
    """Wake judging when more has ended than it was told of; return how much it knows of now."""
    if ended > told:
        nudge("judge")
    return ended


def pull_source(source: Source, *, due_at: datetime, at: datetime, why: str = Pull.Why.SCHEDULE) -> Pull:
    """Ask one source here and now, as if it were `at`, and return the finished pull; one that is done is not repeated.

    Raises IntegrityError when another pull of the source is under way.
    """
    lease = Now() + lease_of(source)
    started = {"why": why, "lease_until": lease, "started_at": at}
    pull, is_new = Pull.objects.get_or_create(source=source, due_at=due_at, defaults=started)
    if pull.finished_at:
        return pull
    if not is_new:
        Pull.objects.filter(pk=pull.pk).update(attempt=F("attempt") + 1, lease_until=lease)
        pull.refresh_from_db(fields=["attempt"])
    job = next(jobs_of([pull], at=at))
    _tell(0, _end([(job, fetching.run(ask(job)))]))
    pull.refresh_from_db()
    return pull


@transaction.atomic
def pull_now(source: Source, *, by, at: datetime) -> Pull:
    """Return a pull of the source that waits to be taken, or the one that is under way already."""
    Source.objects.select_for_update(no_key=True).get(pk=source.pk)
    waiting = source.pulls.unfinished().first()
    if waiting:
        return waiting
    record(by=by, verb="asked", kind="source", object=source.name, system=source.system)
    nudge(_duty_of(source.kind))
    # a lease that is over: the same claim takes it that takes what was killed
    pull = Pull.objects.create(source=source, due_at=at, why=Pull.Why.NOW, attempt=0, lease_until=Now())
    pull.refresh_from_db()
    return pull


def lease_of(source: Source) -> timedelta:
    """Return for how long a pull of the source is left to the process that took it."""
    return timedelta(seconds=deadline_s(source.interval_s) + LEASE_MARGIN_S)


def _kinds_of(duty: str) -> Q:
    """Return the condition on a source's kind; the duty `pull` also has the kinds that nobody knows."""
    of_duty = {kind: connectors.connector_of(kind).duty for kind in connectors.kinds()}
    if duty == "pull":
        return ~Q(kind__in=[kind for kind, name in of_duty.items() if name != duty])
    return Q(kind__in=[kind for kind, name in of_duty.items() if name == duty])


def _duty_of(kind: str) -> str:
    return connectors.connector_of(kind).duty if kind in connectors.kinds() else "pull"


def take(duty: str, limit: int, within_s: float = ENDS_AFTER_S) -> list[Pull]:
    """Claim the pulls that were killed or wait, then sources that are due; return their pulls.

    Only those whose deadline is over in `within_s` seconds: what is taken late in a round must end in it.
    """
    fitting = _kinds_of(duty) & _ends_within(within_s)
    sources = Source.objects.filter(fitting)
    lapsed = Pull.objects.lapsed().filter(source__in=sources, attempt__lt=ATTEMPTS).order_by("due_at")
    lease = Now() + timedelta(seconds=LONGEST_DEADLINE_S + LEASE_MARGIN_S)
    again = claim(lapsed, limit=limit, attempt=F("attempt") + 1, lease_until=lease, started_at=Now())
    return again + _take_due(fitting, limit - len(again))


def _ends_within(seconds: float) -> Q:
    """Return the condition on a source that its deadline is no longer than this."""
    return Q() if seconds >= deadline_s(math.inf) else Q(interval_s__lte=2 * seconds)


@transaction.atomic
def _take_due(kinds_of: Q, limit: int) -> list[Pull]:
    due = Source.objects.due().filter(kinds_of)
    mine = due.filter(pk__in=whose_turn(due, limit)).annotate(now=Now())
    sources = list(mine.select_for_update(skip_locked=True, no_key=True, of=("self",)))
    if not sources:
        return []
    now = sources[0].now  # type: ignore[attr-defined] # annotated: the database's clock
    pulls = [_claimed(source, now) for source in sources]
    for source in sources:
        source.next_due_at = next_due(source, now)
    write_sources(sources, ("next_due_at",))
    return add_pulls(pulls)  # they are locked and had none under way; what was asked for this time is left out


def _claimed(source: Source, now: datetime) -> Pull:
    lease_until = now + lease_of(source)
    return Pull(source=source, due_at=due_time(source, now), lease_until=lease_until, started_at=now)


def _give_up(duty: str) -> int:
    """End the pulls whose processes were killed too often; return how many there were."""
    sources = Source.objects.filter(_kinds_of(duty))
    lapsed = Pull.objects.lapsed().filter(source__in=sources, attempt__gte=ATTEMPTS)
    margin = timedelta(seconds=LEASE_MARGIN_S)
    hopeless = claim(lapsed, limit=100, lease_until=Now() + margin)
    sorry = Failed(Pull.Outcome.KILLED, KILLED)
    return sum(_end([(job, sorry)]) for pull in hopeless for job in jobs_of([pull], at=pull.lease_until - margin))


def jobs_of(pulls: Iterable[Pull], *, at: datetime | None = None) -> Iterator[Job]:
    """Read what asking needs; without `at` each is asked as of its start, by the database's clock."""
    pulls = list(pulls)
    read = Source.objects.in_bulk([pull.source_id for pull in pulls if not Pull.source.is_cached(pull)])
    sources = read | {pull.source_id: pull.source for pull in pulls if Pull.source.is_cached(pull)}
    wanted = wanted_of(sources)
    for pull in pulls:
        if pull.source_id in sources:  # else it was removed meanwhile, and its pulls with it
            source = sources[pull.source_id]
            yield Job(pull, source, at or pull.started_at, wanted.get(source.pk, []))


async def ask(job: Job) -> Pulled | Failed:
    """Return what came, or why nothing did; never raises: one source never holds up the others."""
    limits = limits_of(job.source)
    try:
        async with asking(limits):
            came = await _connector(job.source).pull(
                job.source.settings,
                hide(unseal(job.source.secret, bound_to=binding_of(job.source))),
                job.wanted,
                since=job.source.read_at,
                at=job.at,
                limits=limits,
            )
            return _without_secrets(came)
    except Failed as failed:
        return failed


def _without_secrets(came: Pulled) -> Pulled:
    """Take out of what is said of an answer the credentials that the target repeated in it."""
    came.missing = {series_id: redact(sentence) for series_id, sentence in came.missing.items()}
    came.note = redact(came.note)
    return came


def _connector(source: Source) -> Connector:
    try:
        return connectors.connector_of(source.kind)
    except KeyError:
        raise Failed(Pull.Outcome.REFUSED, f"There is no kind of source named {source.kind}.") from None


def _end(ended: Sequence[tuple[Job, Pulled | Failed]]) -> int:
    """Write how pulls ended; return how many did: one that another process has taken over is left to it."""
    by_moment: dict[datetime, list[tuple[Job, Pulled | Failed]]] = {}
    for job, came in ended:
        by_moment.setdefault(job.at, []).append((job, came))
    return sum(
        _end_together(alike[start : start + WRITES_AT_ONCE])
        for alike in by_moment.values()
        for start in range(0, len(alike), WRITES_AT_ONCE)
    )


def _end_together(ended: Sequence[tuple[Job, Pulled | Failed]]) -> int:
    if len(ended) > 1:
        try:
            return write_ends([End(job.pull, came, job.now(), job.wanted) for job, came in ended], at=ended[0][0].at)
        except Exception as error:  # one of them holds up the others: each for itself
            log.warning("pulls not stored at once", error=type(error).__name__)
    return sum(_end_alone(job, came) for job, came in ended)


def _end_alone(job: Job, came: Pulled | Failed) -> bool:
    sorry = Failed(Pull.Outcome.DB_ERROR, "The values came, but the portal could not store them.")
    for told in (came, came, sorry):  # once more: a deadlock or a dropped connection is over by then
        try:
            return write_end(job.pull, told, at=job.at, ended_at=job.now(), wanted=job.wanted)
        except Exception:  # whatever a connector brought: one source never holds up the others
            log.exception("pull not stored", pull=job.pull.pk)
    return False  # its lease ends, and it is taken again
