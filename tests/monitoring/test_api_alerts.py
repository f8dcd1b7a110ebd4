import pytest

from monitoring.models import Alert, Monitor
from tests.callers import caller
from tests.factories import MetricFactory, SeriesFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def series(system):
    return SeriesFactory(metric=MetricFactory(system=system, key="accuracy"))


@pytest.fixture
def alert(series, now):
    monitor = Monitor.objects.create(series=series, kind="limit", settings={"below": 0.8})
    return Alert.objects.create(monitor=monitor, opened_at=now, severity="warning", sentence="Too low.")


def test_a_limit_is_added_once_for_each_severity(data_scientist, series):
    client = caller(data_scientist)
    body = {"metric": str(series.metric.pk), "kind": "limit", "settings": {"below": 0.8}}
    added = client.post("monitors/", body)
    assert (added.status_code, added.json()["settings"]["below"]) == (201, 0.8)
    assert client.post("monitors/", body).json()["url"] == added.json()["url"]
    assert client.post("monitors/", body | {"severity": "critical"}).status_code == 201


@pytest.mark.parametrize(
    ("wrong", "path"),
    [({"settings": {}}, "settings"), ({"segment": "region=EU"}, "segment"), ({"kind": "change"}, "kind")],
)
def test_what_is_wrong_is_named_by_its_path(data_scientist, series, wrong, path):
    body = {"metric": str(series.metric.pk), "kind": "limit", "settings": {"below": 0.8}} | wrong
    answer = caller(data_scientist).post("monitors/", body)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [path])


def test_a_monitor_is_changed_by_who_saw_it_last(data_scientist, series):
    monitor = Monitor.objects.create(series=series, kind="change", settings={"sensitivity": "normal"})
    client, path = caller(data_scientist), f"monitors/{monitor.pk}/"
    changed = client.patch(path, {"settings": {"sensitivity": "calm"}}, headers={"If-Match": '"1"'})
    assert changed.json()["settings"] == {"sensitivity": "calm"}
    assert client.patch(path, {"severity": "critical"}, headers={"If-Match": '"1"'}).status_code == 412
    assert client.patch(path, {"settings": {"sensitivity": "wild"}}).status_code == 400
    assert client.delete(path).status_code == 204


def test_an_open_alert_is_the_state_of_its_monitor(viewer, alert):
    assert caller(viewer).get(f"monitors/{alert.monitor.pk}/").json()["state"] == "warning"


def test_an_alert_says_what_was_found_and_takes_an_answer(on_call, alert):
    client, path = caller(on_call), f"alerts/{alert.pk}/"
    assert (client.get(path).json()["sentence"], client.get(path).json()["real"]) == ("Too low.", None)
    assert client.post(path + "feedback/", {"real": False}).json()["said_by"] == "on-call"
    assert client.post(path + "snooze/", {"until": "2026-01-01T00:00:00Z"}).json()["snoozed_until"]
    assert client.post(path + "snooze/", {"until": "2999-01-01T00:00:00Z"}).status_code == 400


def test_alerts_are_filtered(viewer, alert):
    client = caller(viewer)
    assert len(client.get("alerts/?system=churn&open=true").json()["results"]) == 1
    assert client.get("alerts/?open=false").json()["results"] == []
    assert client.get("monitors/?system=churn&kind=change").json()["results"] == []


def test_a_hidden_system_keeps_its_alerts_to_itself(stranger, alert):
    alert.system.restricted = True
    alert.system.save()
    client = caller(stranger)
    assert client.get("alerts/").json()["results"] == []
    paths = [f"alerts/{alert.pk}/", f"monitors/{alert.monitor.pk}/"]
    assert [client.get(path).status_code for path in paths] == [404, 404]
