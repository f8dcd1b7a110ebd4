"""Sources of the bench, quickly: each with all series of its page watched."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from bench.targets import selectors
from monitoring.actions.keeping import make_ahead
from monitoring.models import Metric, Series, Source
from systems.models import System, Team


def connect(
    urls: Sequence[str], *, interval_s: int = 30 * 86400, series: int | None = None, is_due: bool = False
) -> None:
    """Connect a source for each address, with `series` (None: all) of its page watched; due at once or later."""
    now = timezone.now()
    make_ahead(at=now)
    team = Team.objects.create(slug="bench", name="Bench")
    system = System.objects.create(slug="bench", name="Bench", purpose="Is measured.", team=team)
    sources = Source.objects.bulk_create(
        Source(
            system=system,
            kind="prometheus_text",
            name=f"target {n}",
            settings={"url": url},
            interval_s=interval_s,
            next_due_at=now if is_due else now + timedelta(hours=1),
        )
        for n, url in enumerate(urls)
    )
    metrics = Metric.objects.bulk_create(
        Metric(system=system, key=f"target_{n}", kind=Metric.Kind.SERVICE) for n in range(len(urls))
    )
    watched = selectors()[:series]
    Series.objects.bulk_create(
        (
            Series(metric=metric, segment=f"n={n}", source=source, selector=selector)
            for source, metric in zip(sources, metrics, strict=True)
            for n, selector in enumerate(watched)
        ),
        batch_size=5000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
