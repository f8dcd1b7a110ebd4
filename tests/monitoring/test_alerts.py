"""Alerts that come back, that ask about a new version, that rest in maintenance; and what late values change."""

from datetime import UTC, datetime, timedelta

import pytest

from incidents.actions.responding import respond
from incidents.actions.response import resolve
from incidents.models import Incident
from monitoring.actions.alerts import NotAsked, answer_version, say_real
from monitoring.actions.judging import judge_due
from monitoring.actions.maintenance import BadMaintenance, Over, end_maintenance, plan_maintenance
from monitoring.actions.monitors import set_limit, snooze, watch
from monitoring.actions.storing import store
from monitoring.connectors.connector import Reading
from monitoring.models import Alert, Baseline, Metric, Series
from systems.actions.versions import add_version, deploy

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 2, tzinfo=UTC)
WOBBLE = (0.004, -0.003, 0.001, -0.004, 0.003, 0.0, -0.002, 0.002, -0.001)


def _day(number: float) -> datetime:
    return START + timedelta(days=number)


@pytest.fixture(autouse=True)
def _long_retention(settings):
    settings.RETENTION_DAYS = 4000


@pytest.fixture
def series(system):
    """Thirty quiet days, judged."""
    series = Metric.objects.create(system=system, key="accuracy", scale="rate", leading=True).series.create()
    watch(series, by=None, at=START)
    for number in range(30):
        _store(series, number)
    judge_due(at=_day(30))
    return series


def _store(series, number, drop=0.0, **more) -> None:
    value = 0.91 + WOBBLE[number % len(WOBBLE)] - drop
    store({series.pk: [Reading(_day(number), value, **more)]}, at=_day(number + 1))


def _come(series, numbers, drop=0.0, **more) -> None:
    """Let each of the days come the day after, and be judged and responded to then."""
    for number in numbers:
        _store(series, number, drop, **more)
        judge_due(at=_day(number + 1))
        respond(at=_day(number + 1), quietly=True)


def _texts(incident):
    return [entry.text for entry in incident.timeline.order_by("n")]


@pytest.mark.fault("F29")
def test_what_comes_back_soon_is_the_same_alert_in_the_same_incident(series):
    set_limit(series, below=0.88, by=None, at=_day(30))
    _come(series, [30], drop=0.05)
    _come(series, [31, 32, 33])
    assert Alert.objects.get().cleared_at == _day(34)
    _come(series, [34], drop=0.05)
    alert = Alert.objects.get()
    assert (alert.cleared_at, alert.returned, alert.returned_at) == (None, 1, _day(35))
    assert alert.opened_at == _day(31)
    assert alert.membership.recovered_at is None
    assert [text.split(":")[0] for text in _texts(Incident.objects.get())[-2:]] == ["It is over", "It is back"]


@pytest.mark.fault("F29")
def test_what_flaps_is_not_written_each_time(series):
    set_limit(series, below=0.88, by=None, at=_day(30))
    for first in range(30, 62, 4):
        _come(series, [first], drop=0.05)
        _come(series, range(first + 1, first + 4))
    assert Alert.objects.get(monitor__kind="limit").returned == 7
    texts = _texts(Incident.objects.get())
    texts = [text for text in texts if "below its limit" in text]
    assert sum("It is back" in text for text in texts) == 3
    assert texts[-1].endswith("It comes and goes: from here on it is not written each time.")


def test_what_comes_back_late_is_another_alert(series):
    set_limit(series, below=0.88, by=None, at=_day(30))
    _come(series, [30], drop=0.05)
    _come(series, range(31, 42))
    _come(series, [42], drop=0.05)
    assert Alert.objects.filter(monitor__kind="limit").count() == 2


def test_what_comes_back_after_its_incident_was_ended_is_new(series, manager):
    set_limit(series, below=0.88, by=None, at=_day(30))
    _come(series, [30], drop=0.05)
    _come(series, [31, 32, 33])
    resolve(incident=Incident.objects.get(), by=manager, at=_day(34), text="Done.")
    _come(series, [34], drop=0.05)
    assert Alert.objects.filter(monitor__kind="limit").count() == 2
    assert Incident.objects.unresolved().count() == 1


def _new_version(system, number, manager):
    for name, at in (("1.0", START), ("2.0", _day(number))):
        version = add_version(system=system, name=name, by=manager, at=at)
        deploy(system=system, version=version, at=at, by=manager)


def test_a_new_level_with_a_new_version_is_asked_about_and_alarms_nobody(series, system, manager):
    _new_version(system, 30, manager)
    _come(series, range(30, 40), drop=0.05)
    alert = Alert.objects.get()
    assert alert.asks == "2.0"
    assert alert.sentence == (
        "Accuracy is 0.86 since version 2.0 runs, before it was 0.91: is that what is to be expected of it?"
    )
    assert not Incident.objects.exists()
    series.refresh_from_db()
    assert (series.state, series.sentence) == ("ok", alert.sentence)


def test_who_expects_the_new_level_makes_it_the_baseline(series, system, manager):
    _new_version(system, 30, manager)
    _come(series, range(30, 40), drop=0.05)
    answer_version(Alert.objects.get(), expected=True, by=manager, at=_day(40))
    _come(series, range(40, 50), drop=0.05)
    baseline = Baseline.objects.get(by=manager)
    assert (baseline.from_at, round(baseline.value, 2)) == (_day(30), 0.86)
    assert 0.001 < baseline.spread < 0.02
    assert not Alert.objects.open().exists()
    _come(series, range(50, 60), drop=0.1)
    assert Alert.objects.open().get().asks == ""
    with pytest.raises(NotAsked):
        answer_version(Alert.objects.earliest("pk"), expected=True, by=manager, at=_day(60))


def test_who_does_not_expect_it_is_alarmed(series, system, manager):
    _new_version(system, 30, manager)
    _come(series, range(30, 40), drop=0.05)
    answer_version(Alert.objects.get(), expected=False, by=manager, at=_day(40))
    judge_due(at=_day(40))
    respond(at=_day(40))
    assert Alert.objects.get().sentence == "Accuracy has fallen from 0.91 to 0.86 since 1 April."
    assert Incident.objects.get().by_alert
    _come(series, range(40, 42), drop=0.05)
    assert Alert.objects.get().asks == ""


def test_a_fall_at_another_time_than_a_deployment_alarms(series, system, manager):
    _new_version(system, 20, manager)
    _come(series, range(30, 40), drop=0.05)
    assert Alert.objects.get().asks == ""


def test_alerts_of_a_time_of_maintenance_open_no_incident_until_it_is_over(series, system, on_call):
    set_limit(series, below=0.88, by=None, at=_day(30))
    planned = {"system": system, "why": "The feed moves.", "by": on_call, "at": _day(30)}
    plan_maintenance(from_at=_day(30), to_at=_day(33), **planned)
    _come(series, [30], drop=0.05)
    assert Alert.objects.open().exists()
    assert not Incident.objects.exists()
    respond(at=_day(33), quietly=True)
    assert Incident.objects.exists()


def test_what_is_over_within_the_maintenance_opens_none(series, system, on_call):
    set_limit(series, below=0.88, by=None, at=_day(30))
    planned = {"system": system, "why": "The feed moves.", "by": on_call, "at": _day(30)}
    plan_maintenance(from_at=_day(30), to_at=_day(40), **planned)
    _come(series, [30], drop=0.05)
    _come(series, range(31, 42))
    assert Alert.objects.exists()
    assert not Incident.objects.exists()


def test_maintenance_may_be_ended_early_once(system, on_call):
    planned = plan_maintenance(system=system, from_at=_day(0), to_at=_day(2), why="It moves.", by=on_call, at=_day(0))
    assert end_maintenance(maintenance=planned, by=on_call, at=_day(1)).to_at == _day(1)
    with pytest.raises(Over):
        end_maintenance(maintenance=planned, by=on_call, at=_day(1))


@pytest.mark.parametrize(("first", "last"), [(2, 1), (1, 1), (-3, -1), (0, 40)])
def test_maintenance_of_impossible_times_is_refused(system, on_call, first, last):
    with pytest.raises(BadMaintenance):
        plan_maintenance(system=system, from_at=_day(first), to_at=_day(last), why="It moves.", by=on_call, at=_day(0))


def test_a_correction_that_takes_a_fall_back_stands_on_the_alert(series):
    _come(series, range(30, 40), drop=0.05, is_final=False)
    assert Alert.objects.open().exists()
    readings = [Reading(_day(n), 0.91 + WOBBLE[n % 9]) for n in range(30, 40)]
    store({series.pk: readings}, at=_day(41))
    judge_due(at=_day(41))
    alert = Alert.objects.get()
    assert (alert.cleared_at, alert.amended) == (
        _day(41),
        "Late or corrected values of 12 April took back what it said.",
    )


def test_late_values_that_move_the_beginning_stand_on_the_alert(series):
    _come(series, range(33, 43), drop=0.05)
    assert Alert.objects.get().onset_at == _day(33)
    readings = [Reading(_day(n), 0.86 + WOBBLE[n % 9]) for n in range(30, 33)]
    store({series.pk: readings}, at=_day(43))
    judge_due(at=_day(43))
    alert = Alert.objects.get()
    assert (alert.onset_at, alert.cleared_at) == (_day(30), None)
    assert alert.amended == "Late or corrected values moved its beginning from 4 April to 1 April."


def test_ordinary_recovery_amends_nothing(series):
    _come(series, range(30, 40), drop=0.05)
    _come(series, range(40, 60))
    assert [(alert.cleared_at is None, alert.amended) for alert in Alert.objects.all()] == [(False, "")]


def test_what_is_nearly_back_is_told_as_that(series):
    _come(series, range(30, 40), drop=0.05)
    _come(series, range(40, 45))
    alert = Alert.objects.get()
    assert alert.cleared_at is None
    assert alert.sentence == "Accuracy fell from 0.91 to 0.86 after 1 April and is 0.91 again."


def test_change_of_what_is_no_quality_and_of_parts_of_a_whole_does_not_alarm(series, system):
    part = series.metric.series.create(segment="region=EU")
    part.monitors.create(kind="change")
    Metric.objects.filter(pk=series.metric_id).update(kind="data")
    for one in (series, part):
        _come(one, range(30), drop=0.0)
        _come(one, range(30, 40), drop=0.05)
    assert not Alert.objects.exists()
    Metric.objects.filter(pk=series.metric_id).update(kind="quality")
    Series.objects.update(unjudged_from=_day(39))
    judge_due(at=_day(41))
    assert Alert.objects.get().monitor.series == series


def test_a_snooze_remembers_since_when_it_has_lasted(series, manager):
    monitor = series.monitors.get(kind="change")
    snooze(monitor, until=_day(40), by=manager, at=_day(30))
    snooze(monitor, until=_day(50), by=manager, at=_day(39))
    monitor.refresh_from_db()
    assert monitor.snoozed_since == _day(30)
    snooze(monitor, until=None, by=manager, at=_day(40))
    monitor.refresh_from_db()
    assert (monitor.snoozed_since, monitor.snoozed_until) == (None, None)


def test_the_word_of_a_person_stays_when_an_alert_comes_back(series, manager):
    set_limit(series, below=0.88, by=None, at=_day(30))
    _come(series, [30], drop=0.05)
    say_real(Alert.objects.get(), real=True, by=manager, at=_day(31))
    _come(series, [31, 32, 33])
    _come(series, [34], drop=0.05)
    assert Alert.objects.get().real is True
