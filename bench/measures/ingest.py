"""`POST /api/v1/ingest/` with lines of JSON, end to end, beside a raw binary COPY of the same rows."""

import statistics
from collections.abc import Iterator
from datetime import timedelta

import orjson
from django.test import Client
from django.utils import timezone

from bench.figure import Figure, time_ms
from bench.points import Rows, copy_raw, make_raw, series_of
from mlops_portal.engine.memory import collect_seldom
from monitoring.store.batches import moment
from systems.models import Group, Person

ROUNDS = 15
MINUTES = timedelta(minutes=50)


class NotTaken(Exception):
    """The portal did not keep all of the points, so its time says nothing."""


def figures() -> Iterator[Figure]:
    """Yield the time of 10,000 points of 200 series in one request, through every middleware. Raises NotTaken."""
    series = series_of(200)
    begin = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=60)
    make_raw(begin)
    sender = Client(HTTP_HOST="127.0.0.1")
    sender.force_login(Person.objects.create(username="sender", groups=[Group.MANAGER]))
    collect_seldom()  # as every web process does
    ours, raw = [], []
    for turn in range(ROUNDS + 2):
        rows = Rows.made(series, begin + turn * MINUTES, 50)
        frame, lines = rows.frame(), _lines(rows, series)
        raw.append(time_ms(lambda frame=frame: copy_raw(frame)))
        ours.append(time_ms(lambda lines=lines: _post(sender, lines)))
    yield Figure(
        "ingest, 10,000 lines", statistics.median(ours[2:]), statistics.median(raw[2:]), "ms", at_most=1 / 0.15
    )


def _lines(rows: Rows, series: list[int]) -> bytes:
    keys = {pk: f"metric_{n}" for n, pk in enumerate(series)}
    facts = zip(rows.series.tolist(), rows.at.tolist(), rows.value.tolist(), strict=True)
    points = [
        {"system": "bench", "metric": keys[pk], "at": moment(at).isoformat(), "value": value} for pk, at, value in facts
    ]
    return b"\n".join(map(orjson.dumps, points))


def _post(sender: Client, lines: bytes) -> None:
    answer = sender.post("/api/v1/ingest/", lines, content_type="application/x-ndjson")
    if answer.status_code != 200 or answer.json()["accepted"] != lines.count(b"\n") + 1:
        raise NotTaken(answer.content[:300])
