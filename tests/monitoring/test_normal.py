"""What is normal, by the runbook, beside what is."""

from datetime import timedelta

import pytest
from django.urls import reverse

from monitoring.promises.ranges import ranges_now
from systems.models import ExpectedRange
from tests.factories import IncidentFactory, MetricFactory, SeriesFactory, SystemFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def measured(system, now):
    """Give the system a metric with a last value, and say between which values it is normal."""

    def measure(value, low, high, key="auc", **facts):
        ExpectedRange.objects.create(system=system, metric_key=key, low=low, high=high, reason="Seen last year.")
        facts = {"state": "ok", "good_until": now + timedelta(hours=1), "last_at": now} | facts
        return SeriesFactory(metric=MetricFactory(system=system, key=key), last_value=value, **facts)

    return measure


@pytest.mark.parametrize(
    ("value", "low", "high", "standing"),
    [
        (0.8, 0.8, 0.9, "inside"),
        (0.9, 0.8, 0.9, "inside"),
        (0.79, 0.8, 0.9, "outside"),
        (0.91, 0.8, 0.9, "outside"),
        (0.79, None, 0.9, "inside"),
        (0.91, 0.8, None, "inside"),
        (None, 0.8, 0.9, "no data"),
    ],
)
def test_a_value_is_inside_outside_or_not_there(system, measured, value, low, high, standing):
    measured(value, low, high)
    assert [one.standing for one in ranges_now([system])] == [standing]


@pytest.mark.parametrize("state", ["no_data", "error", "unknown"])
def test_a_value_that_is_too_old_says_nothing(system, measured, state):
    measured(0.85, 0.8, 0.9, state=state)
    assert ranges_now([system])[0].standing == "no data"


def test_the_whole_counts_and_what_nothing_measures_has_no_data(system, measured):
    measured(0.1, 0.8, 0.9, segment="region=north")
    assert [(one.standing, one.series) for one in ranges_now([system])] == [("no data", None)]


def test_it_costs_two_queries_for_many(system, measured, django_assert_num_queries):
    for n in range(9):
        measured(0.85, 0.8, 0.9, key=f"auc_{n}")
    systems = [system, SystemFactory()]
    with django_assert_num_queries(2):
        assert len([one.series.metric.get_absolute_url() for one in ranges_now(systems)]) == 9


def test_the_page_of_the_system_and_of_its_incident_show_it(client, viewer, system, measured, now):
    series = measured(0.7, 0.8, 0.9)
    incident = IncidentFactory(systems=[system])
    client.force_login(viewer)
    for address in (system.get_absolute_url(), incident.get_absolute_url()):
        text = client.get(address).content.decode()
        assert ("outside</strong>" in text, "Seen last year." in text) == (True, True)
    live = reverse("incidents:timeline", args=[incident.number])
    tag = client.get(live)["ETag"]
    assert client.get(live, headers={"If-None-Match": tag}).status_code == 304
    series.last_at, series.last_value = now + timedelta(seconds=5), 0.85
    series.save()
    assert "inside" in client.get(live, headers={"If-None-Match": tag}).content.decode()
