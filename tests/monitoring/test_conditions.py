from datetime import timedelta

import pytest
from django.db.models.functions import Now

from mlops_portal.engine.models import Duty
from monitoring.conditions import UNMONITORED, judge_changed, judge_portal, report_systems
from monitoring.models import Metric
from monitoring.tasks import BELIEVED_FOR, judge
from systems.models import System
from tests.factories import SystemFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def on_time():
    Duty.objects.update(finished_at=Now())


def _portal():
    return System.objects.with_status().get(slug="portal")


def test_the_portal_is_healthy_while_its_duties_are_done(on_time):
    judge()
    assert (_portal().status_now, _portal().status_sentence) == ("healthy", "Every duty is done on time.")


def test_the_portal_is_failing_when_a_duty_is_late(on_time):
    Duty.objects.filter(name="deliver").update(finished_at=Now() - timedelta(hours=1))
    judge()
    assert (_portal().status_now, _portal().status_sentence) == ("failing", "Late: deliver.")


@pytest.mark.fault("F16")
def test_the_portal_is_degraded_when_a_clock_is_wrong(on_time):
    Duty.objects.filter(name="pull").update(ahead_s=-61)
    judge()
    assert _portal().status_now == "degraded"
    assert "The clock of who does pull is up to 61 s behind" in _portal().status_sentence


def test_the_portal_is_unknown_when_nobody_judges_it_any_more(on_time, now):
    judge_portal(at=now - timedelta(hours=1), good_until=now - timedelta(hours=1) + BELIEVED_FOR)
    assert _portal().status_now == "unknown"


def test_a_system_without_a_quality_metric_is_not_monitored(system, now):
    assert judge_changed(at=now) == 1
    assert System.objects.get(pk=system.pk).status_sentence == UNMONITORED


def test_what_was_said_once_is_not_written_again(system, now):
    judge_changed(at=now)
    assert judge_changed(at=now) == 0


def test_a_metric_that_comes_or_goes_is_reported_without_a_point(system, now):
    judge_changed(at=now)
    metric = Metric.objects.create(system=system, key="accuracy")
    monitor = metric.series.create().monitors.create(kind="silence")
    judge_changed(at=now)
    assert System.objects.get(pk=system.pk).status == "unknown"
    monitor.delete()
    judge_changed(at=now)
    assert System.objects.get(pk=system.pk).status == "unmonitored"
    metric.series.get().monitors.create(kind="silence")
    judge_changed(at=now)
    metric.delete()
    judge_changed(at=now)
    assert System.objects.get(pk=system.pk).status == "unmonitored"


def _series(system, key, state, *, kind="quality", segment="", leading=False, good_until=None):
    metric = Metric.objects.get_or_create(system=system, key=key, kind=kind, defaults={"leading": leading})[0]
    said = {"state": state, "sentence": f"{key} {segment} is {state}.", "good_until": good_until}
    series = metric.series.create(segment=segment, **said)
    series.monitors.create(kind="silence")
    return series


@pytest.mark.parametrize(
    ("states", "level"),
    [
        (["ok", "ok"], "healthy"),
        (["ok", "no_data"], "unknown"),
        (["degraded", "error"], "degraded"),
        (["failing", "degraded"], "failing"),
        (["unknown", "ok"], "unknown"),
    ],
)
def test_the_worst_quality_metric_gives_the_condition_and_its_sentence(system, now, states, level):
    for number, state in enumerate(states):
        _series(system, f"metric-{number}", state)
    report_systems([system.pk], at=now)
    told = System.objects.get(pk=system.pk)
    worst = states.index(next(state for state in states if state != "ok")) if level != "healthy" else 0
    assert told.status == level
    assert told.status_sentence.startswith(f"metric-{worst}  is {states[worst]}.")


def test_a_segment_speaks_only_where_there_is_no_whole(system, now):
    _series(system, "accuracy", "ok")
    _series(system, "accuracy", "failing", segment="region=EU")
    report_systems([system.pk], at=now)
    assert System.objects.get(pk=system.pk).status == "healthy"
    _series(system, "recall", "failing", segment="region=EU")
    report_systems([system.pk], at=now)
    assert System.objects.get(pk=system.pk).status == "failing"


def test_what_nothing_watches_is_no_reason_to_be_healthy(system, now):
    _series(system, "accuracy", "ok").monitors.all().delete()
    report_systems([system.pk], at=now)
    assert System.objects.get(pk=system.pk).status == "unmonitored"


def test_what_is_not_quality_gives_no_condition(system, now):
    _series(system, "latency", "failing", kind="service")
    report_systems([system.pk], at=now)
    assert System.objects.get(pk=system.pk).status == "unmonitored"


def test_green_fades_when_the_first_of_its_metrics_does(system, now):
    _series(system, "accuracy", "ok", good_until=now + timedelta(hours=1))
    _series(system, "recall", "ok", good_until=now - timedelta(seconds=1))
    report_systems([system.pk], at=now - timedelta(minutes=1))
    assert System.objects.with_status().get(pk=system.pk).status_now == "unknown"


def test_a_repeated_report_keeps_since_and_writes_the_new_sentence(system, now):
    series = _series(system, "accuracy", "ok", good_until=now + timedelta(hours=1))
    report_systems([system.pk], at=now - timedelta(hours=1))
    series.sentence, series.good_until = "accuracy is 0.92.", now + timedelta(hours=2)
    series.save()
    report_systems([system.pk], at=now)
    told = System.objects.get(pk=system.pk)
    assert (told.status_sentence, told.status_good_until) == ("accuracy is 0.92.", now + timedelta(hours=2))
    assert told.status_since == now - timedelta(hours=1)
    assert told.status_spans.count() == 1


def test_many_systems_that_stay_what_they_are_take_few_queries(team, now, django_assert_max_num_queries):
    systems = [SystemFactory(team=team) for _ in range(20)]
    for one in systems:
        _series(one, "accuracy", "ok", good_until=now + timedelta(hours=1))
    report_systems([one.pk for one in systems], at=now)
    with django_assert_max_num_queries(8):
        report_systems([one.pk for one in systems], at=now)
