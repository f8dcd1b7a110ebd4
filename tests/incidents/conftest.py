"""Alerts for tests, as monitoring leaves them."""

import pytest
from django.utils import timezone

from monitoring.models import Alert, Metric, Monitor, Series


def _alert_of(system, *, metric="accuracy", kind="quality", severity="warning", at=None, **facts):
    measured, _ = Metric.objects.get_or_create(system=system, key=metric, defaults={"kind": kind})
    series, _ = Series.objects.get_or_create(metric=measured)
    monitor = Monitor.objects.create(series=series, kind="limit", severity=severity)
    sentence = facts.pop("sentence", f"{metric} has fallen from 0.91 to 0.86.")
    return Alert.objects.create(
        monitor=monitor, opened_at=at or timezone.now(), severity=severity, sentence=sentence, **facts
    )


@pytest.fixture
def alert_of(db):
    """Return a function that makes an open alert of a system, with its metric, series and a monitor of its own."""
    return _alert_of
