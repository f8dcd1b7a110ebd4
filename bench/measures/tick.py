"""The tick, and the claim that follows it, with 10,000 sources of which 100 are due."""

import statistics
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

from django.db.models.functions import Now

from bench.figure import Figure
from bench.sources import connect
from mlops_portal.engine import duties
from mlops_portal.engine.models import Duty
from monitoring.actions import pulling
from monitoring.models import Pull, Source

SOURCES, DUE = 10_000, 100
ROUNDS = 30
AT_MOST_MS = 50.0


def figures() -> Iterator[Figure]:
    """Yield the median time of one tick, and of one with the claim of all that is due, in ms; the other side: 50 ms."""
    connect([f"http://target-{n}.example/metrics" for n in range(SOURCES)], series=1)
    due = list(Source.objects.order_by("pk").values_list("pk", flat=True)[:: SOURCES // DUE])
    duties.enrol()
    duties.send = _send_nothing
    ticks = _median_ms(duties.tick, lambda: Duty.objects.update(due_at=Now(), lease_until=None))
    claims = _median_ms(lambda: _take(len(due)), lambda: _make_due(due))
    yield Figure("tick", ticks, AT_MOST_MS, "ms", 1.0)
    yield Figure("tick, and its due claimed", ticks + claims, AT_MOST_MS, "ms", 1.0)


def _send_nothing(name: str, **how) -> None:
    """The broker is not measured here."""


def _make_due(sources: list[int]) -> None:
    Pull.objects.all().delete()
    Source.objects.filter(pk__in=sources).update(next_due_at=Now() - timedelta(seconds=1))


def _take(count: int) -> None:
    taken = pulling.take("pull", count)
    if len(taken) != count:
        raise RuntimeError(f"{len(taken)} of {count} were due.")


def _median_ms(work: Callable[[], object], before: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        before()
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times[3:])
