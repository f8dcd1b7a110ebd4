"""From points to states, alerts and conditions. Time is passed in: day 0 is a Monday."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from monitoring.actions.alerts import say_real
from monitoring.actions.baselines import set_baseline
from monitoring.actions.judging import judge_due, wake_overdue
from monitoring.actions.monitors import set_limit, snooze, watch, watch_source
from monitoring.actions.storing import store
from monitoring.connectors.connector import Reading
from monitoring.detection.change import METHOD
from monitoring.models import Alert, Baseline, Metric, Pull, Series, Snapshot, Source
from systems.models import System
from tests.factories import SystemFactory

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 2, tzinfo=UTC)
WOBBLE = (0.004, -0.003, 0.001, -0.004, 0.003, 0.0, -0.002, 0.002, -0.001)


def _day(number: float) -> datetime:
    return START + timedelta(days=number)


def _value(number: int, drop: float = 0.0) -> float:
    return 0.91 + WOBBLE[number % len(WOBBLE)] - drop


def _come(series, values: dict[int, float], *, at=None, **more) -> None:
    """Store the values of these days, as they would have come: the day after (or all of them at `at`)."""
    for number, value in values.items():
        store({series.pk: [Reading(_day(number), value, **more)]}, at=at or _day(number + 1))


def _system() -> System:
    return System.objects.get(slug="churn")


def _judge(number: float) -> None:
    Series.objects.filter(unjudged_from=None).update(unjudged_from=_day(number))
    judge_due(at=_day(number))


@pytest.fixture(autouse=True)
def _long_retention(settings):
    settings.RETENTION_DAYS = 4000


@pytest.fixture
def series(system):
    metric = Metric.objects.create(system=system, key="accuracy", scale="rate", leading=True)
    series = metric.series.create()
    watch(series, by=None, at=START)
    return series


@pytest.fixture
def quiet(series):
    """Thirty quiet days, judged."""
    _come(series, {number: _value(number) for number in range(30)})
    _judge(30)
    series.refresh_from_db()
    return series


def _pulled(series, number, outcome="ok", error=""):
    if series.source is None:
        series.source = Source.objects.create(system=series.metric.system, name="log", kind="prediction_log")
        series.source.interval_s = 86400
        series.source.save()
        series.save()
    due = _day(number)
    values = {"lease_until": due, "finished_at": due, "outcome": outcome, "error": error}
    return Pull.objects.create(source=series.source, due_at=due, **values)


def test_a_quiet_series_is_ok_and_makes_its_system_healthy(quiet):
    assert (quiet.state, quiet.unjudged_from) == ("ok", None)
    assert quiet.sentence == "Accuracy is 0.91, as it usually is."
    assert _system().status == "healthy"


def test_what_was_learned_stands_as_a_baseline_that_nobody_typed(quiet):
    baseline = Baseline.objects.get()
    assert (baseline.origin, baseline.by) == ("learned", None)
    assert baseline.value == pytest.approx(0.91, abs=0.003)


def test_a_fall_opens_one_alert_with_its_onset_and_says_it_plainly(quiet):
    for number in range(30, 40):
        _come(quiet, {number: _value(number, drop=0.05)})
        _judge(number + 1)
    alert = Alert.objects.get()
    assert alert.sentence == "Accuracy has fallen from 0.91 to 0.86 since 1 April."
    assert (alert.onset_at, alert.first_visible_at) == (_day(30), _day(31))
    assert _day(31) < alert.opened_at < _day(36)
    assert _system().status == "degraded"
    assert _system().status_sentence == alert.sentence


def _fall(series, days=range(30, 40)):
    for number in days:
        _come(series, {number: _value(number, drop=0.05)})
        _judge(number + 1)
    return Alert.objects.open().get()


def test_a_baseline_is_named_beside_the_fall(quiet):
    set_baseline(
        quiet, value=0.92, spread=0.004, origin="experiment", reason="Test set", from_at=_day(20), by=None, at=_day(30)
    )
    assert _fall(quiet).sentence.endswith("(baseline 0.92).")


def test_an_alert_clears_once_the_level_is_back_for_days(quiet):
    alert = _fall(quiet)
    _come(quiet, {number: _value(number) for number in range(40, 44)})
    _judge(45)
    assert Alert.objects.open().exists()
    _come(quiet, {number: _value(number) for number in range(44, 55)})
    _judge(56)
    alert.refresh_from_db()
    quiet.refresh_from_db()
    assert alert.cleared_at == _day(56)
    assert (quiet.state, _system().status) == ("ok", "healthy")


def test_missing_data_clears_nothing_and_says_since_when_it_was_not_looked_at(quiet):
    alert = _fall(quiet)
    _pulled(quiet, 41, "timeout", "The target did not answer within 30 s.")
    _judge(41)
    alert.refresh_from_db()
    quiet.refresh_from_db()
    assert (alert.cleared_at, alert.not_evaluated_since) == (None, _day(41))
    assert quiet.state == "degraded"
    assert "Not judged since: the last pull at 00:00 UTC: The target did not answer within 30 s." in quiet.sentence


def test_a_critical_limit_makes_metric_and_system_failing(quiet):
    set_limit(quiet, below=0.85, severity="critical", by=None, at=_day(30))
    _come(quiet, {30: 0.80})
    _judge(31)
    quiet.refresh_from_db()
    assert (quiet.state, _system().status) == ("failing", "failing")
    assert quiet.sentence == "Accuracy is 0.80, below its limit 0.85, since 1 April."
    assert Alert.objects.get().severity == "critical"


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        ("ok", "ok"),
        ("partial", "ok"),
        ("empty", "no_data"),
        ("stale", "no_data"),
        ("timeout", "error"),
        ("killed", "error"),
    ],
)
def test_what_the_last_pull_said_gives_the_state(quiet, outcome, state):
    _pulled(quiet, 30, outcome, "Why it was so.")
    _judge(30)
    quiet.refresh_from_db()
    assert quiet.state == state
    assert quiet.good_until == _day(33) + timedelta(seconds=60)
    assert (state == "ok") or quiet.sentence.endswith("the last pull at 00:00 UTC: Why it was so.")


def test_a_pull_of_the_past_is_believed_for_as_long_as_its_points_are_apart(quiet):
    pull = _pulled(quiet, 30)
    Source.objects.update(interval_s=60)
    Pull.objects.filter(pk=pull.pk).update(why="backfill")
    _judge(30)
    quiet.refresh_from_db()
    assert quiet.good_until == _day(33) + timedelta(seconds=60)


def test_a_source_that_is_asked_less_often_is_believed_until_then(quiet):
    _pulled(quiet, 30, "timeout", "No answer.")
    Source.objects.update(interval_s=60, back_off_until=_day(31))
    _judge(30)
    quiet.refresh_from_db()
    assert quiet.good_until == _day(31) + timedelta(seconds=60)


def test_a_series_that_never_had_a_value_is_unknown(series):
    _judge(1)
    series.refresh_from_db()
    assert (series.state, series.sentence) == ("unknown", "No value has come yet.")


@pytest.mark.fault("F18")
def test_silence_opens_an_alert_and_a_new_point_clears_it(quiet):
    wake_overdue(at=_day(36))
    judge_due(at=_day(36))
    alert = Alert.objects.get()
    quiet.refresh_from_db()
    assert (quiet.state, alert.monitor.kind) == ("no_data", "silence")
    assert alert.sentence == "No data of accuracy for 6 days."
    assert (alert.onset_at, alert.first_visible_at) == (_day(31), _day(31))
    _come(quiet, {36: _value(36)})
    _judge(37)
    assert not Alert.objects.open().exists()


def test_nobody_is_called_silent_whom_nobody_asked(quiet):
    _pulled(quiet, 30)
    _judge(60)
    assert not Alert.objects.exists()
    quiet.refresh_from_db()
    assert Series.objects.with_state().get(pk=quiet.pk).state_now == "unknown"


def test_a_point_late_by_days_is_not_silence(quiet):
    quiet.points.all().delete()
    _come(quiet, {number: _value(number) for number in range(30)}, at=_day(45))
    _judge(45)
    assert not Alert.objects.exists()


def _end(series):
    """What a later judging goes on from: the newest state of each monitor, and the alerts."""
    states = [(s.monitor.kind, s.at, s.state) for s in Snapshot.objects.order_by("monitor", "at")]
    alerts = list(Alert.objects.values_list("monitor__kind", "onset_at", "sentence", "cleared_at"))
    series.refresh_from_db()
    return states, alerts, series.state, series.sentence


@pytest.mark.fault("F17")
def test_late_points_lead_to_the_same_as_in_order(system, series):
    set_limit(series, below=0.87, bad=2, of=3, by=None, at=START)
    late = [3, 17, 31, 33, 40]
    for number in [n for n in range(44) if n not in late]:
        _come(series, {number: _value(number, drop=0.05 if number >= 32 else 0)}, at=_day(44))
        judge_due(at=_day(44))
    for number in reversed(late):
        _come(series, {number: _value(number, drop=0.05 if number >= 32 else 0)}, at=_day(44))
        judge_due(at=_day(44))
    found = _end(series)
    Snapshot.objects.all().delete()
    Alert.objects.all().delete()
    Series.objects.update(unjudged_from=START)
    _judge(44)
    assert _end(series)[0][-1] == found[0][-1]
    assert [(a[0], a[1], a[2]) for a in _end(series)[1]] == [(a[0], a[1], a[2]) for a in found[1]]
    assert _end(series)[2:] == found[2:]


def test_a_corrected_point_leads_to_the_same_as_in_order(series):
    _come(series, {number: _value(number) for number in range(44)}, at=_day(44), is_final=False)
    _judge(44)
    _come(series, {n: _value(n, drop=0.05) for n in range(36, 44)}, at=_day(45))
    judge_due(at=_day(45))
    assert Alert.objects.open().get().onset_at == _day(36)


def test_a_correction_of_what_was_bad_clears_the_alert(quiet):
    _come(quiet, {n: _value(n, drop=0.05) for n in range(30, 40)}, at=_day(40), is_final=False)
    _judge(40)
    _come(quiet, {n: _value(n) for n in range(30, 40)}, at=_day(41))
    judge_due(at=_day(41))
    assert Alert.objects.get().cleared_at == _day(41)


def test_a_window_that_still_fills_is_judged_when_it_is_full(quiet):
    set_limit(quiet, below=0.85, by=None, at=_day(30))
    _come(quiet, {n: _value(n) for n in range(30, 33)}, samples=500)
    _come(quiet, {33: 0.4}, samples=20, is_final=False)
    _judge(34)
    assert not Alert.objects.exists()
    _come(quiet, {33: 0.4}, samples=480, at=_day(34))
    _judge(35)
    assert Alert.objects.get().onset_at == _day(33)


def test_kept_states_stay_few(quiet):
    for number in range(30, 90):
        _come(quiet, {number: _value(number)})
        _judge(number + 1)
    assert Snapshot.objects.count() <= 16


def test_a_long_past_is_judged_in_pieces_and_alarms_only_about_now(series, monkeypatch):
    monkeypatch.setattr("monitoring.judging.cases.AT_ONCE", 20)
    values = {n: _value(n, drop=0.08 if 40 <= n < 60 else 0) for n in range(120)}
    _come(series, values, at=_day(120))
    assert judge_due(at=_day(120)) >= 6
    series.refresh_from_db()
    assert (series.state, series.unjudged_from) == ("ok", None)
    assert not Alert.objects.exists()


def test_columns_that_are_gone_are_told_and_come_back(quiet):
    _pulled(quiet, 30)
    watch_source(quiet.source, by=None, at=_day(30))
    for number, columns in [(10, ["id", "age"]), (20, ["id", "age", "zip"]), (30, ["id", "zip", "years"])]:
        quiet.source.schemas_seen.create(at=_day(number), columns=columns)
    _judge(30)
    assert Alert.objects.get().sentence == "Column age is gone since 1 April; years is new."
    quiet.source.schemas_seen.create(at=_day(31), columns=["id", "zip", "age"])
    _judge(31)
    assert Alert.objects.filter(cleared_at=None).get().detail["gone"] == ["years"]
    quiet.source.schemas_seen.create(at=_day(32), columns=["id", "zip", "age", "years"])
    _judge(32)
    assert not Alert.objects.open().exists()


def test_a_new_format_that_somebody_calls_no_trouble_is_the_format(quiet, manager):
    _pulled(quiet, 30)
    watch_source(quiet.source, by=None, at=_day(30))
    quiet.source.schemas_seen.create(at=_day(10), columns=["id", "age"])
    quiet.source.schemas_seen.create(at=_day(30), columns=["id", "years"])
    _judge(30)
    say_real(Alert.objects.get(), real=False, by=manager, at=_day(30))
    _judge(31)
    alert = Alert.objects.get()
    assert (alert.real, alert.said_by, alert.cleared_at) == (False, manager, _day(30))


def test_one_that_cannot_be_judged_keeps_no_other_from_its_turn(quiet, system, caplog):
    other = Metric.objects.create(system=system, key="recall", scale="rate").series.create()
    watch(other, by=None, at=START)
    _come(other, {30: 0.7}, at=_day(31))
    Snapshot.objects.filter(monitor__series=quiet).update(state={"broken": True})
    Series.objects.update(unjudged_from=_day(31))
    judge_due(at=_day(31))
    assert list(Series.objects.unjudged()) == [quiet]


def test_what_is_killed_in_the_middle_leaves_all_as_it_was(quiet, monkeypatch):
    _come(quiet, {n: _value(n, drop=0.05) for n in range(30, 40)}, at=_day(40))
    before = _end(quiet)

    def die(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("monitoring.actions.judging.report_systems", die)
        with pytest.raises(KeyboardInterrupt):
            judge_due(at=_day(40))
    assert _end(quiet) == before
    assert judge_due(at=_day(40)) == 1
    assert Alert.objects.count() == 1


@pytest.mark.fault("F28")
@pytest.mark.django_db(transaction=True)
def test_two_at_once_open_one_alert(quiet):
    _come(quiet, {n: _value(n, drop=0.05) for n in range(30, 40)}, at=_day(40))

    def judge(_):
        try:
            return judge_due(at=_day(40))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(judge, range(4))) == 1
    assert Alert.objects.count() == 1


def test_the_queries_do_not_grow_with_the_series(team, django_assert_max_num_queries):
    made = []
    for _ in range(40):
        metric = Metric.objects.create(system=SystemFactory(team=team), key="accuracy", scale="rate")
        made.append(metric.series.create())
        watch(made[-1], by=None, at=START)
    for days in (range(20), [20]):
        store({one.pk: [Reading(_day(n), _value(n)) for n in days] for one in made}, at=_day(21))
        if days != [20]:
            judge_due(at=_day(21))
    with django_assert_max_num_queries(40):
        assert judge_due(at=_day(21)) == 40


def test_a_snoozed_monitor_still_sees(quiet, manager):
    monitor = quiet.monitors.get(kind="change")
    snooze(monitor, until=_day(90), by=manager, at=_day(30))
    assert _fall(quiet).monitor.snoozed_until == _day(90)


def test_who_asks_otherwise_is_answered_from_the_beginning(quiet):
    _fall(quiet)
    quiet.metric.direction = "lower"
    quiet.metric.save()
    _judge(41)
    assert not Alert.objects.open().exists()


def test_a_state_kept_by_an_older_method_is_of_no_use(quiet):
    for kept in Snapshot.objects.all():
        kept.state |= {"asked": kept.state["asked"].removesuffix(f" {METHOD}") + f" {METHOD - 1}", "rule": {}}
        kept.save()
    assert _fall(quiet).onset_at == _day(30)
