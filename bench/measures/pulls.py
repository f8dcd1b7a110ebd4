"""Fetching and parsing 100,000 samples of 1,000 targets, and storing them too: CPU beside Prometheus and its client."""

import http.client
import logging
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.test import override_settings
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from bench import scraping
from bench.figure import Figure
from bench.processes import database_cpu_s
from bench.sources import connect
from bench.targets import SERIES, Targets, host, targets
from mlops_portal.engine import fetching
from mlops_portal.engine.egress import Place
from mlops_portal.engine.memory import collect_seldom
from monitoring.actions import pulling
from monitoring.models import Pull, Source

COUNT = 1000
ROUNDS = 5
THREADS = 32
AT_MOST, AT_MOST_STORED, AT_MOST_OF_CLIENT = 0.7, 1.5, 0.25


class Incomplete(Exception):
    """Not all samples came, so the times say nothing."""


def figures() -> Iterator[Figure | str]:
    """Yield CPU seconds for 100,000 samples. Raises Incomplete."""
    logging.disable(logging.WARNING)  # there is no broker to nudge
    with targets() as serving:
        places = [Place.parse(place) for place in serving.places.split(",")]
        with override_settings(EGRESS_ALLOW_LOCAL=places):
            connect([serving.url(n) for n in range(COUNT)])
            collect_seldom()  # as every worker does
            fetched = _median(_fetch_all)
            stored = _median(_store_all, rounds=3)
            client = _median(lambda: _by_client(serving), rounds=2)
            fetching.close()
        yield Figure("pulls, fetched, client", fetched, client, "s", AT_MOST_OF_CLIENT)
        if not scraping.path():
            yield "pulls, Prometheus: skipped: prometheus is not installed"
            return
        theirs = scraping.cpu_s_for(serving, COUNT, rounds=ROUNDS)
    yield Figure("pulls, fetched, Prometheus", fetched, theirs, "s", AT_MOST)
    yield Figure("pulls, stored, Prometheus", stored, theirs, "s", AT_MOST_STORED)


def _median(work: Callable[[], float], rounds: int = ROUNDS) -> float:
    """Return the median of what `work` says it used, without its first time."""
    work()
    return statistics.median(work() for _ in range(rounds))


def _fetch_all() -> float:
    """Ask every source as the engine does, and keep nothing; return the CPU seconds."""
    now = timezone.now()
    pulls = [Pull(source=source, due_at=now, started_at=now) for source in Source.objects.order_by("pk")]
    jobs = list(pulling.jobs_of(pulls))
    began, waves = time.process_time(), 0
    for start in range(0, COUNT, 100):
        asked = fetching.submit(map(pulling.ask, jobs[start : start + 100]))
        waves += sum(len(came.readings) for came in (future.result() for future in asked) if not _failed(came))
    if waves != COUNT * SERIES:
        raise Incomplete(f"{waves} samples came.")
    return time.process_time() - began


def _failed(came) -> bool:
    return isinstance(came, Exception)


def _store_all() -> float:
    """Do the duty `pull` until every source was asked; return the CPU seconds of it and of the database."""
    Source.objects.update(next_due_at=timezone.now() - timedelta(seconds=1))
    before = Pull.objects.filter(outcome="ok").count()
    began, theirs = time.process_time(), database_cpu_s()
    while pulling.pull_due("pull"):
        pass
    used = time.process_time() - began + database_cpu_s() - theirs
    if (ended := Pull.objects.filter(outcome="ok", points=SERIES).count() - before) != COUNT:
        raise Incomplete(f"{ended} pulls were stored.")
    return used


def _by_client(serving: Targets) -> float:
    """Ask every target in threads and parse by prometheus-client; return the CPU seconds."""
    kept = threading.local()

    def ask(number: int) -> int:
        known = kept.__dict__.setdefault("known", {})
        asking = known.setdefault(host(number), http.client.HTTPConnection(host(number), serving.port, timeout=30))
        asking.request("GET", f"/t/{number}")
        text = asking.getresponse().read().decode()
        return sum(len(family.samples) for family in text_string_to_metric_families(text))

    began = time.process_time()
    with ThreadPoolExecutor(THREADS) as pool:
        if sum(pool.map(ask, range(COUNT))) != COUNT * SERIES:
            raise Incomplete("The client did not read all samples.")
    return time.process_time() - began
