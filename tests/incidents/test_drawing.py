from datetime import timedelta

import pytest

from incidents.actions.responding import respond
from incidents.drawing import chart_of
from incidents.models import Incident
from tests.factories import IncidentFactory, MetricFactory, SeriesFactory
from tests.monitoring.points import write


@pytest.fixture
def leading(system, now):
    series = SeriesFactory(metric=MetricFactory(system=system, leading=True))
    write(series, [0.9] * 48, to_at=now)
    return series


def test_the_metric_of_the_alert_is_drawn_from_before_it_began_until_now(system, leading, alert_of, now):
    onset, seen = now - timedelta(days=3), now - timedelta(days=1)
    alert = alert_of(system, metric="recall", onset_at=onset, first_visible_at=seen)
    respond(at=now)
    chart = chart_of(Incident.objects.get(), [system], at=now)
    begins, ends = chart.drawing.x_range
    assert chart.series == alert.monitor.series
    assert (begins, ends) == (now - timedelta(days=4), now)


def test_without_an_alert_the_leading_metric_is_drawn(system, leading, now):
    chart = chart_of(IncidentFactory(systems=[system], noticed_at=now), [system], at=now)
    assert chart.series == leading
    assert [mark.text.split()[-1] for mark in chart.drawing.marks] == ["noticed"]


def test_a_system_without_metrics_has_no_chart(system, now):
    assert chart_of(IncidentFactory(systems=[system]), [system], at=now) is None


def test_of_a_system_that_is_not_shown_nothing_is_drawn(system, leading, now):
    assert chart_of(IncidentFactory(systems=[system]), [], at=now) is None
