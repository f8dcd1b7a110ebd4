"""What people say of alerts is counted, and proposes a change of sensitivity that only a person makes."""

from datetime import timedelta

import pytest

from monitoring.actions.monitors import edit_monitor, watch
from monitoring.feedback import said_of
from monitoring.models import Alert, Metric
from tests.callers import caller

pytestmark = pytest.mark.django_db


@pytest.fixture
def monitor(system, now):
    series = Metric.objects.create(system=system, key="accuracy", leading=True).series.create(last_at=now)
    watch(series, by=None, at=now)
    return series.monitors.get(kind="change")


@pytest.fixture
def alerts(monitor, now):
    def add(*said, at=now):
        for real in said:
            facts = {"opened_at": at, "cleared_at": at, "severity": "warning", "sentence": "It fell.", "real": real}
            Alert.objects.create(monitor=monitor, **facts)

    return add


def _said(monitor):
    monitor.refresh_from_db()
    return said_of([monitor])[monitor.pk]


def test_it_counts_what_was_said_and_what_was_not(monitor, alerts):
    alerts(True, False, None)
    said = _said(monitor)
    assert (said.real, said.false, said.open_question, said.proposed) == (1, 1, 1, None)


def test_whether_a_question_was_real_is_asked_of_nobody(monitor, alerts):
    alerts(None)
    Alert.objects.update(asks="2.0")
    assert _said(monitor).open_question == 0


def test_false_alarms_propose_a_calmer_monitor_and_change_nothing(monitor, alerts):
    alerts(False, False, True)
    assert (_said(monitor).proposed, monitor.settings.get("sensitivity", "normal")) == ("calm", "normal")
    assert _said(monitor).why == "2 of 3 alerts since it was set were called false alarms."


def test_what_was_said_before_it_was_set_speaks_no_more(monitor, alerts, manager, now):
    alerts(False, False, False, at=now - timedelta(days=2))
    edit_monitor(monitor=monitor, settings={"sensitivity": "calm"}, by=manager, at=now)
    assert (_said(monitor).false, _said(monitor).proposed) == (3, None)


def test_a_calm_monitor_that_is_always_right_may_speak_sooner(monitor, alerts, manager, now):
    edit_monitor(monitor=monitor, settings={"sensitivity": "calm"}, by=manager, at=now)
    alerts(*[True] * 5)
    assert _said(monitor).proposed == "normal"


def test_one_button_takes_what_is_proposed(client, data_scientist, monitor, alerts):
    alerts(False, False, False)
    client.force_login(data_scientist)
    page = client.get("/systems/churn/metrics/accuracy/").content.decode()
    assert "Make it calm" in page
    client.post(f"/monitors/{monitor.pk}/tune/", {"sensitivity": "calm"})
    monitor.refresh_from_db()
    assert monitor.settings == {"sensitivity": "calm"}
    assert client.post(f"/monitors/{monitor.pk}/tune/", {"sensitivity": "wild"}).status_code == 400


def test_programs_are_told(viewer, monitor, alerts):
    alerts(False, False, True)
    (shown,) = [one for one in caller(viewer).get("monitors/").json()["results"] if one["kind"] == "change"]
    assert shown["feedback"] == {
        "real": 1,
        "false_alarms": 2,
        "not_said": 0,
        "proposed": "calm",
        "why": "2 of 3 alerts since it was set were called false alarms.",
    }


def test_a_list_of_monitors_asks_once(viewer, monitor, system, now, django_assert_max_num_queries):
    for n in range(10):
        watch(Metric.objects.create(system=system, key=f"m{n}").series.create(), by=None, at=now)
    with django_assert_max_num_queries(12):
        caller(viewer).get("monitors/")


def test_a_monitor_is_woken_on_its_page(client, on_call, monitor):
    client.force_login(on_call)
    client.post(f"/monitors/{monitor.pk}/snooze/", {"hours": "8"})
    assert "Wake it" in client.get("/systems/churn/metrics/accuracy/").content.decode()
    client.post(f"/monitors/{monitor.pk}/snooze/", {"hours": "0"})
    assert "Wake it" not in client.get("/systems/churn/metrics/accuracy/").content.decode()
