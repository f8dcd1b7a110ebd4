"""What the checks of monitoring say of a system, one rule a test."""

from datetime import timedelta

import pytest

from monitoring.actions.monitors import watch, watch_source
from monitoring.models import Metric, Source
from systems.checking import run_checks
from systems.models import Holding, Outcome, System
from tests.factories import HoldingFactory, PersonFactory, SystemFactory, TeamFactory

pytestmark = pytest.mark.django_db


def _outcome(system, key):
    run_checks(System.objects.filter(pk=system.pk), keys=[key])
    return Outcome.objects.get(system=system, check_key=key)


@pytest.fixture
def series(system, holder, now):
    """A quality series as it should be."""
    metric = Metric.objects.create(system=system, key="accuracy", leading=True)
    series = metric.series.create(last_at=now, last_value=0.9, state="ok", good_until=now + timedelta(hours=1))
    series.baselines.create(value=0.9, from_at=now, origin="experiment", reason="Test set")
    watch(series, by=None, at=now)
    return series


@pytest.fixture
def source(system, now):
    return Source.objects.create(system=system, name="log", kind="prediction_log", last_success_at=now)


@pytest.mark.parametrize("key", ["quality_watched", "quality_baseline"])
def test_a_system_without_quality_fails_with_what_to_do(system, key):
    assert _outcome(system, key).outcome == "fail"


def test_quality_is_watched_when_values_come_a_monitor_looks_and_somebody_is_told(system, series, holder):
    outcome = _outcome(system, "quality_watched")
    assert (outcome.outcome, outcome.why) == ("pass", f"Watched: accuracy. An alert goes to {holder}.")


def test_quality_without_a_value_is_not_watched(system, series):
    series.last_at = None
    series.save()
    assert _outcome(system, "quality_watched").why == "No value of accuracy has come yet."


def test_quality_without_a_monitor_is_not_watched(system, series):
    series.monitors.all().delete()
    assert _outcome(system, "quality_watched").why == "No monitor looks at accuracy."


def test_whether_quality_holds_is_not_known_where_nothing_watches_it(system, series):
    series.monitors.all().delete()
    outcome = _outcome(system, "quality_holds")
    assert (outcome.outcome, outcome.why) == ("unknown", "Nothing watches accuracy.")


def test_an_alert_that_reaches_nobody_is_no_watching(system, series):
    Holding.objects.all().delete()
    assert _outcome(system, "quality_watched").outcome == "fail"


def test_a_baseline_is_missed_where_there_is_none(system, series):
    assert _outcome(system, "quality_baseline").outcome == "pass"
    series.baselines.all().delete()
    assert _outcome(system, "quality_baseline").outcome == "fail"


@pytest.mark.parametrize(
    ("state", "result"),
    [
        ("ok", "pass"),
        ("degraded", "fail"),
        ("failing", "fail"),
        ("no_data", "unknown"),
        ("error", "unknown"),
        ("unknown", "unknown"),
    ],
)
def test_quality_holds_by_the_state_of_its_metrics(system, series, state, result):
    series.state, series.sentence = state, "So it is."
    series.save()
    outcome = _outcome(system, "quality_holds")
    assert outcome.outcome == result
    assert state == "ok" or outcome.why == "So it is."


def test_quality_whose_time_is_over_is_unknown(system, series, now):
    series.good_until = now - timedelta(seconds=1)
    series.save()
    assert _outcome(system, "quality_holds").outcome == "unknown"


def test_a_segment_beside_its_whole_says_nothing(system, series):
    series.metric.series.create(segment="region=EU", state="failing")
    assert _outcome(system, "quality_holds").outcome == "pass"


def test_a_source_that_does_not_answer_fails_with_its_error(system, source, now):
    assert _outcome(system, "sources_answer").outcome == "pass"
    source.failing_since, source.last_error = now, "Timed out after 30 s."
    source.save()
    outcome = _outcome(system, "sources_answer")
    assert outcome.outcome == "fail"
    assert outcome.why.endswith("UTC: Timed out after 30 s.")


def test_a_source_that_was_never_asked_is_unknown(system, source):
    Source.objects.update(last_success_at=None)
    assert _outcome(system, "sources_answer").outcome == "unknown"


def test_where_there_is_no_source_nothing_has_to_answer(system):
    assert _outcome(system, "sources_answer").outcome == "not_applicable"


def test_the_format_is_stable_until_a_column_is_missed(system, source, now):
    assert _outcome(system, "data_format_stable").outcome == "not_applicable"
    watch_source(source, by=None, at=now)
    source.schemas_seen.create(at=now, columns=["age"])
    assert _outcome(system, "data_format_stable").outcome == "pass"
    said = {"sentence": "Column age is gone.", "severity": "warning", "opened_at": now}
    source.monitors.get().alerts.create(**said)
    outcome = _outcome(system, "data_format_stable")
    assert (outcome.outcome, outcome.why) == ("fail", "Column age is gone.")


def test_alerts_reach_somebody_with_an_address(system, holder):
    assert _outcome(system, "alerts_reach_somebody").outcome == "pass"
    holder.email = ""
    holder.save()
    assert _outcome(system, "alerts_reach_somebody").outcome == "fail"


def test_the_portal_has_no_quality_of_predictions():
    portal = System.objects.get(slug="portal")
    assert {_outcome(portal, key).outcome for key in ("quality_watched", "quality_holds")} == {"not_applicable"}


@pytest.mark.parametrize(
    "key",
    [
        "quality_watched",
        "quality_baseline",
        "quality_holds",
        "sources_answer",
        "data_format_stable",
        "alerts_reach_somebody",
    ],
)
def test_many_systems_take_as_few_queries_as_one(key, now, django_assert_max_num_queries):
    team = TeamFactory()
    for _ in range(20):
        system = SystemFactory(team=team)
        HoldingFactory(system=system, person=PersonFactory())
        Metric.objects.create(system=system, key="accuracy").series.create(last_at=now)
        Source.objects.create(system=system, name="log", kind="prediction_log", last_success_at=now)
    with django_assert_max_num_queries(14):
        run_checks(System.objects.filter(team=team), keys=[key])
