"""What the chart of one series shows, and what it asks for."""

from datetime import timedelta

import pytest

from monitoring.drawing.series import chart_of
from monitoring.models import Alert, Metric, Monitor, Series, Snapshot
from tests.monitoring.points import write

pytestmark = pytest.mark.django_db
HEALTHY = {"level": 0.9, "spread": 0.01, "samples": 0.0, "memory": 0.0, "count": 20, "weekdays": [], "hours": []}


@pytest.fixture
def series(system, now):
    metric = Metric.objects.create(system=system, key="accuracy", scale="real")
    write(metric.series.create(), [0.9, 0.91, 0.92], to_at=now)
    return Series.objects.select_related("metric").get()


def drawn(series, now):
    return chart_of(series, from_at=now - timedelta(days=1), to_at=now + timedelta(hours=1))[0]


def test_what_watches_a_series_stands_on_its_chart(series, now):
    series.monitors.create(kind=Monitor.Kind.LIMIT, settings={"below": 0.8, "above": 1.0})
    watching = series.monitors.create(kind=Monitor.Kind.CHANGE)
    Snapshot.objects.create(monitor=watching, at=now, state={"rule": {"healthy": HEALTHY}})
    facts = {"opened_at": now, "first_visible_at": now, "severity": "sev3"}
    Alert.objects.create(monitor=watching, onset_at=now - timedelta(hours=2), sentence="It fell.", **facts)
    chart = drawn(series, now)
    assert [(limit.value, limit.text) for limit in chart.limits] == [(0.8, "not below"), (1.0, "not above")]
    assert chart.band
    assert [span.text for span in chart.spans] == ["It fell."]


def test_a_series_that_nobody_watches_is_asked_for_no_band_and_no_alerts(series, now, django_assert_num_queries):
    with django_assert_num_queries(5):  # too many points? the points, the baseline, monitors, deployments
        chart = drawn(series, now)
    assert (list(chart.band), list(chart.limits), list(chart.spans)) == ([], [], [])
