"""What the checks say of noticing itself, one rule a test."""

from datetime import timedelta

import pytest

from monitoring.actions.baselines import BadBaseline, renew_baseline, set_baseline
from monitoring.actions.monitors import snooze, watch
from monitoring.models import Alert, Baseline, Metric, Source
from monitoring.promises.baselines import stale_baselines
from systems.actions.versions import add_version, deploy
from systems.checking import run_checks
from systems.models import Outcome, System
from tests.factories import SystemFactory, TeamFactory
from tests.monitoring.points import write

pytestmark = pytest.mark.django_db

KEYS = ["baseline_fresh", "monitors_awake", "labels_arrive", "false_alarms"]


def _outcome(system, key):
    run_checks(System.objects.filter(pk=system.pk), keys=[key])
    return Outcome.objects.get(system=system, check_key=key)


@pytest.fixture
def series(system, now):
    series = Metric.objects.create(system=system, key="accuracy", leading=True).series.create(last_at=now)
    watch(series, by=None, at=now)
    begun = now - timedelta(days=90)
    set_baseline(series, value=0.91, spread=0.01, origin="experiment", reason="Test set.", by=None, at=begun)
    return series


@pytest.fixture
def releases(system, manager, now):
    def release(**days_ago):
        for name, days in days_ago.items():
            version, at = name.replace("_", "."), now - timedelta(days=days)
            deploy(
                system=system,
                version=add_version(system=system, name=version, by=manager, at=at),
                at=at,
                by=manager,
            )

    return release


@pytest.mark.parametrize("key", KEYS)
def test_without_a_quality_metric_there_is_nothing_to_say(system, key):
    assert _outcome(system, key).outcome == "not_applicable"


def test_the_first_version_is_that_of_the_experiment(system, series, releases):
    releases(v1=80)
    assert _outcome(system, "baseline_fresh").outcome == "pass"


def test_a_baseline_older_than_the_version_that_replaced_another_fails(system, series, releases, now):
    releases(v1=80, v2=20)
    outcome = _outcome(system, "baseline_fresh")
    since = now - timedelta(days=20)
    assert outcome.outcome == "fail"
    assert outcome.why == f"The baseline of accuracy is older than version v2, which runs since {since:%-d %B}."


def test_a_baseline_that_was_said_to_hold_is_fresh(system, series, releases, manager, now):
    releases(v1=80, v2=20)
    renewed = renew_baseline(series, as_it_was=True, by=manager, at=now)
    assert (renewed.value, renewed.spread) == (0.91, 0.01)
    assert renewed.reason == "Said to hold for version v2; before: Test set."
    assert _outcome(system, "baseline_fresh").outcome == "pass"
    with pytest.raises(BadBaseline, match="not older"):
        renew_baseline(series, as_it_was=True, by=manager, at=now)


def test_the_level_since_the_version_runs_is_taken_when_there_is_enough_of_it(system, series, releases, manager, now):
    releases(v1=80, v2=20)
    write(series, [0.86] * 5, to_at=now, every=timedelta(days=1))
    with pytest.raises(BadBaseline, match="7 values of the new version are needed, and 5 have come"):
        renew_baseline(series, as_it_was=False, by=manager, at=now)
    write(series, [0.86] * 5, to_at=now - timedelta(days=5), every=timedelta(days=1))
    assert renew_baseline(series, as_it_was=False, by=manager, at=now).value == 0.86


def test_what_was_learned_before_the_version_is_old_as_well(system, series, releases, now):
    Baseline.objects.all().delete()
    series.baselines.create(value=0.9, from_at=now - timedelta(days=90), origin="learned", reason="Learned.")
    releases(v1=80, v2=20)
    assert stale_baselines([system.pk])[series.pk][0] == "v2"


def test_the_button_renews_it(client, data_scientist, series, releases, now):
    releases(v1=80, v2=20)
    client.force_login(data_scientist)
    page = client.get("/systems/churn/metrics/accuracy/").content.decode()
    assert "The baseline is older than version v2" in page
    client.post("/systems/churn/metrics/accuracy/renew/", {"as": "before"})
    assert "The baseline is older" not in client.get("/systems/churn/metrics/accuracy/").content.decode()
    assert client.post("/systems/churn/metrics/accuracy/renew/", {"as": "ever"}).status_code == 400


def test_a_monitor_that_is_snoozed_for_long_fails(system, series, manager, now):
    monitor = series.monitors.get(kind="change")
    snooze(monitor, until=now + timedelta(days=7), by=manager, at=now)
    assert _outcome(system, "monitors_awake").outcome == "pass"
    snooze(monitor, until=now + timedelta(days=60), by=manager, at=now)
    assert "quiet change of accuracy is snoozed until" in _outcome(system, "monitors_awake").why


def test_a_monitor_that_is_snoozed_again_and_again_fails(system, series, manager, now):
    monitor = series.monitors.get(kind="change")
    for days in range(40, -1, -5):
        at = now - timedelta(days=days)
        snooze(monitor, until=at + timedelta(days=6), by=manager, at=at)
    assert _outcome(system, "monitors_awake").outcome == "fail"


def test_labels_that_stay_away_fail(system, series, now):
    settings = {"window": "day", "label_delay_s": 7 * 86400}
    series.source = Source.objects.create(system=system, name="log", kind="prediction_log", settings=settings)
    series.last_at = now - timedelta(days=10)
    series.save()
    assert _outcome(system, "labels_arrive").outcome == "pass"
    series.last_at = now - timedelta(days=12)
    series.save()
    assert _outcome(system, "labels_arrive").outcome == "fail"
    Source.objects.update(failing_since=now)
    assert _outcome(system, "labels_arrive").outcome == "pass"


def _alerts(series, now, **count):
    monitor = series.monitors.get(kind="change")
    for real, many in count.items():
        for _ in range(many):
            Alert.objects.create(
                monitor=monitor,
                opened_at=now,
                cleared_at=now,
                severity="warning",
                sentence="It fell.",
                real={"real": True, "false": False}.get(real),
            )


@pytest.mark.parametrize(
    ("count", "outcome"),
    [
        ({"false": 2}, "pass"),
        ({"false": 2, "real": 2}, "pass"),
        ({"false": 3, "real": 1}, "fail"),
        ({"unsaid": 4}, "pass"),
        ({"unsaid": 5}, "unknown"),
    ],
)
def test_mostly_false_alarms_fail(system, series, now, count, outcome):
    _alerts(series, now, **count)
    assert _outcome(system, "false_alarms").outcome == outcome


@pytest.mark.parametrize("key", KEYS)
def test_many_systems_take_as_few_queries_as_one(key, now, django_assert_max_num_queries):
    team = TeamFactory()
    for _ in range(20):
        system = SystemFactory(team=team)
        series = Metric.objects.create(system=system, key="accuracy").series.create(last_at=now)
        series.baselines.create(value=0.9, from_at=now, origin="learned", reason="Learned.")
        watch(series, by=None, at=now)
        _alerts(series, now, false=1)
    with django_assert_max_num_queries(14):
        run_checks(System.objects.filter(team=team), keys=[key])
