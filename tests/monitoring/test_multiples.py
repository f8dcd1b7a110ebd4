"""Many quality figures of a system at a glance."""

from datetime import timedelta

import pytest

from monitoring.drawing.multiples import draw_many, worst_first
from monitoring.drawing.series import limits_of
from monitoring.models import Baseline, Monitor, Series
from tests.factories import MetricFactory, SeriesFactory
from tests.monitoring.points import write

pytestmark = pytest.mark.django_db


@pytest.fixture
def metric(system):
    return MetricFactory(system=system, key="accuracy", name="Accuracy", kind="quality")


def segments(metric, now, *values):
    made = [SeriesFactory(metric=metric, segment=f"n={n}", state="ok") for n in range(len(values))]
    for one, value in zip(made, values, strict=True):
        write(one, [value, value], to_at=now - timedelta(days=1), every=timedelta(days=1))
    return made


def drawn(now):
    series = list(Series.objects.with_state().select_related("metric__system").order_by("pk"))
    limits = limits_of(series)
    for one in series:
        one.limits = limits.get(one.pk, [])
    draw_many(series, from_at=now - timedelta(days=90), to_at=now)
    return series


def test_figures_of_one_metric_share_a_scale(metric, system, now):
    segments(metric, now, 0.5, 0.9)
    write(SeriesFactory(metric__system=system), [40.0], to_at=now - timedelta(days=1))
    first, second, other = drawn(now)
    assert first.edges == second.edges
    assert first.edges[0] < 0.5 < 0.9 < first.edges[1]
    assert other.edges[0] > 1


def test_the_baseline_of_the_whole_stands_in_every_segment(metric, now):
    (part,) = segments(metric, now, 0.9)
    whole = SeriesFactory(metric=metric)
    Baseline.objects.create(series=whole, value=0.8, from_at=now - timedelta(days=9), origin="experiment")
    Monitor.objects.create(series=part, kind="limit", settings={"below": 0.7})
    pictures = {one.pk: one.picture for one in drawn(now)}
    assert "small-chart-baseline" in pictures[part.pk]
    assert "small-chart-limit" in pictures[part.pk]
    assert "No data" in pictures[whole.pk]


def test_the_worst_is_first(metric, now):
    low, high = segments(metric, now, 0.5, 0.9)
    failing = SeriesFactory(metric=metric, segment="n=9", state="failing")
    for one in (low, high, failing):
        Series.objects.filter(pk=one.pk).update(good_until=now + timedelta(hours=1))
    found = worst_first(Series.objects.with_state().select_related("metric"))
    assert found == [failing, low, high]


@pytest.mark.parametrize("count", [1, 12])
def test_many_are_drawn_by_two_queries(metric, now, count, django_assert_num_queries):
    series = segments(metric, now, *[0.5] * count)
    with django_assert_num_queries(2):
        draw_many(series, from_at=now - timedelta(days=90), to_at=now)


def test_a_systems_page_shows_them_and_puts_what_is_too_much_into_the_table(client, viewer, metric, now, monkeypatch):
    monkeypatch.setattr("monitoring.for_page.MOST", 2)
    segments(metric, now, 0.5, 0.9, 0.7)
    client.force_login(viewer)
    answer = client.get(metric.system.get_absolute_url())
    assert [one.segment for one in answer.context["monitoring"]["compared"]] == ["n=0", "n=2"]
    assert [one.segment for one in answer.context["monitoring"]["others"]] == ["n=1"]
    assert "?segment=n%3D0" in answer.content.decode()
