from datetime import timedelta

import orjson
import pytest

from monitoring.actions.storing import store
from monitoring.connectors.connector import Reading
from monitoring.models import Alert, Metric, Monitor
from tests.factories import IncidentFactory, MetricFactory, SeriesFactory
from tests.monitoring.points import write

pytestmark = pytest.mark.django_db
PAGE = "/systems/churn/metrics/accuracy/"


@pytest.fixture
def series(system, now):
    metric = MetricFactory(system=system, key="accuracy", name="Accuracy", means="The share of right answers.")
    series = SeriesFactory(metric=metric, state="ok", sentence="As it should be.", good_until=now + timedelta(hours=1))
    write(series, [0.91, 0.9, 0.89], to_at=now - timedelta(hours=1), samples=50)
    return series


def test_the_page_says_what_it_is_before_it_shows_numbers(client, viewer, series):
    client.force_login(viewer)
    text = client.get(PAGE).content.decode()
    assert text.index("The share of right answers.") < text.index("As it should be.") < text.index("0.89")
    assert 'class="chart-series"' in text


def test_what_nobody_looked_at_in_time_is_unknown(client, viewer, series, now):
    type(series).objects.update(good_until=now - timedelta(hours=1))
    client.force_login(viewer)
    assert client.get(PAGE).context["series"].state_now == "unknown"


def test_the_address_says_which_stretch_is_shown(client, viewer, series, now):
    client.force_login(viewer)
    assert len(client.get(PAGE + "?range=24h").context["windows"]) == 3
    begin, end = (now - timedelta(hours=2, minutes=5)).isoformat(), now.isoformat()
    assert len(client.get(PAGE, {"from": begin, "to": end}).context["windows"]) == 2


@pytest.mark.parametrize("asked", [{"range": "2w"}, {"from": "then"}, {"from": "2026-03-02", "to": "2026-03-01"}])
def test_a_stretch_that_makes_no_sense_is_said_so(client, viewer, series, asked):
    client.force_login(viewer)
    assert "The last 30 days are shown." in client.get(PAGE, asked).content.decode()


def test_the_file_holds_what_the_table_shows(client, viewer, series):
    client.force_login(viewer)
    lines = client.get(PAGE + "?format=csv").content.decode().splitlines()
    assert lines[0].startswith("at,value,min,max,samples")
    assert [line.split(",")[1] for line in lines[1:]] == ["0.91", "0.9", "0.89"]


def test_a_segment_is_chosen_by_the_address(client, viewer, series):
    SeriesFactory(metric=series.metric, segment="region=EU")
    client.force_login(viewer)
    assert client.get(PAGE, {"segment": "region=EU"}).context["series"].segment == "region=EU"
    assert client.get(PAGE, {"segment": "region=US"}).status_code == 404


def test_segments_are_compared_in_one_picture(client, viewer, series, now):
    for region, value in (("EU", 0.5), ("US", 0.7)):
        write(SeriesFactory(metric=series.metric, segment=f"region={region}"), [value], to_at=now - timedelta(hours=2))
    client.force_login(viewer)
    asked = {"compare": ["region=US", "region=EU"], "range": "24h"}
    context = client.get(PAGE, asked).context
    assert context["drawing"].others == ["region=US", "region=EU"]
    assert context["drawing"].y_range[0] < 0.5
    lines = client.get(PAGE, asked | {"format": "csv"}).content.decode().splitlines()
    assert sorted(line.split(",")[-1] for line in lines[1:]) == ["", "", "", "region=EU", "region=US"]
    traces = orjson.loads(client.get(PAGE + "figure/", asked).content)["data"]
    assert [trace["name"] for trace in traces if trace["mode"] != "lines"] == ["region=US", "region=EU"]


def test_what_is_not_there_cannot_be_compared(client, viewer, series):
    client.force_login(viewer)
    assert client.get(PAGE, {"compare": "region=US"}).status_code == 404
    assert client.get(PAGE, {"compare": "the whole"}).context["beside"] == []


def test_a_link_shows_the_same_stretch_for_ever(client, viewer, series, now):
    write(SeriesFactory(metric=series.metric, segment="region=EU"), [0.5], to_at=now - timedelta(hours=2))
    client.force_login(viewer)
    seen = client.get(PAGE, {"range": "7d", "compare": "region=EU"}).context
    again = client.get(PAGE + "?" + seen["this_view"]).context
    assert (again["stretch"].from_at, again["stretch"].to_at) == (seen["stretch"].from_at, seen["stretch"].to_at)
    assert again["drawing"].plot_svg == seen["drawing"].plot_svg


def test_versions_are_a_ribbon_and_open_values_are_marked(client, viewer, series, system, now):
    old, new = (system.model_versions.create(name=name) for name in ("v1", "v2"))
    series.points.update(model_version=old.pk)
    newest = series.points.filter(at=now - timedelta(hours=1))
    newest.update(model_version=new.pk, maturity=0)
    client.force_login(viewer)
    answer = client.get(PAGE + "?range=24h")
    eras = answer.context["drawing"].eras
    assert [(era.name, era.from_at) for era in eras] == [
        ("v1", now - timedelta(hours=3)),
        ("v2", now - timedelta(hours=1)),
    ]
    assert 'class="chart-open"' in answer.content.decode()
    figure = orjson.loads(client.get(PAGE + "figure/?range=24h").content)
    assert figure["data"][0]["text"][-1] == "50 samples, version v2, labels<br>still arrive"
    assert figure["data"][1]["y"] == [0.89]


def test_what_gave_way_is_said_with_its_reason(client, viewer, series, now):
    store({series.pk: [Reading(now - timedelta(hours=1), 0.7, correction="The export was cut")]}, at=now)
    client.force_login(viewer)
    text = client.get(PAGE).content.decode()
    assert "1 value gave way to another" in text
    assert "The export was cut" in text


def test_incidents_and_limits_stand_on_the_chart(client, viewer, series, system, now):
    Monitor.objects.create(series=series, kind="limit", settings={"below": 0.88})
    IncidentFactory(number=7, title="Too many misses", systems=[system], noticed_at=now - timedelta(hours=2))
    client.force_login(viewer)
    text = client.get(PAGE + "?range=24h").content.decode()
    assert "#7 Too many misses" in text
    assert "not below" in text


def test_the_interactive_chart_keeps_the_edges_of_the_drawing(client, viewer, series, now):
    client.force_login(viewer)
    asked = {"from": (now - timedelta(days=1)).isoformat(), "to": now.isoformat()}
    drawing = client.get(PAGE, asked).context["drawing"]
    figure = orjson.loads(client.get(PAGE + "figure/", asked).content)
    assert tuple(figure["layout"]["yaxis"]["range"]) == drawing.y_range
    assert figure["data"][0]["y"] == [0.91, 0.9, 0.89]


def test_a_gap_breaks_the_line_of_the_interactive_chart(client, viewer, series, now):
    write(series, [0.7], to_at=now - timedelta(days=2))
    client.force_login(viewer)
    figure = orjson.loads(client.get(PAGE + "figure/").content)
    assert figure["data"][0]["y"] == [0.7, None, 0.91, 0.9, 0.89]


def test_a_metric_of_a_hidden_system_is_not_there(client, stranger, series):
    series.metric.system.restricted = True
    series.metric.system.save()
    client.force_login(stranger)
    assert [client.get(PAGE + rest).status_code for rest in ("", "figure/", "edit/")] == [404, 404, 404]


def test_editing_says_what_a_metric_is(client, data_scientist, series):
    client.force_login(data_scientist)
    typed = {"name": "Hits", "kind": "quality", "scale": "rate", "direction": "higher", "version": 1}
    assert client.post(PAGE + "edit/", typed).url == PAGE
    assert Metric.objects.get().name == "Hits"


def test_a_target_without_a_value_is_refused_beside_the_field(client, data_scientist, series):
    client.force_login(data_scientist)
    typed = {"name": "Hits", "kind": "quality", "scale": "rate", "direction": "target", "version": 1}
    answer = client.post(PAGE + "edit/", typed)
    assert (answer.status_code, answer.context["form"].errors["target"]) == (422, ["Say which value is best."])


def test_a_stale_edit_keeps_what_was_typed(client, data_scientist, series):
    Metric.objects.update(version=4)
    client.force_login(data_scientist)
    typed = {"name": "Hits", "kind": "quality", "scale": "rate", "direction": "higher", "version": 1}
    answer = client.post(PAGE + "edit/", typed)
    assert answer.status_code == 412
    assert (answer.context["form"]["name"].value(), answer.context["form"]["version"].value()) == ("Hits", 4)


def test_a_metric_is_removed_after_a_question(client, data_scientist, series):
    client.force_login(data_scientist)
    assert "All of its values" in client.get(PAGE + "remove/").content.decode()
    client.post(PAGE + "remove/")
    assert not Metric.objects.exists()


def test_what_is_expected_is_said_on_one_form(client, data_scientist, series):
    Monitor.objects.create(series=series, kind="change")
    client.force_login(data_scientist)
    typed = {"below": 0.85, "severity": "critical", "sensitivity": "calm", "baseline": 0.92, "reason": "test set"}
    assert client.post(PAGE + "expect/", typed).url == PAGE
    limit = series.monitors.get(kind="limit")
    assert (limit.settings["below"], limit.severity) == (0.85, "critical")
    assert series.monitors.get(kind="change").settings == {"sensitivity": "calm"}
    assert (series.baselines.get().value, series.baselines.get().reason) == (0.92, "test set")


def test_a_limit_is_taken_away_by_emptying_it(client, data_scientist, series):
    Monitor.objects.create(series=series, kind="limit", settings={"below": 0.8})
    client.force_login(data_scientist)
    client.post(PAGE + "expect/", {"below": "", "severity": "warning"})
    assert not series.monitors.exists()


@pytest.mark.parametrize(
    ("typed", "field"), [({"below": 2, "above": 1}, "above"), ({"baseline": 0.9}, "reason"), ({"spread": 0}, "spread")]
)
def test_what_cannot_be_expected_is_said_beside_the_field(client, data_scientist, series, typed, field):
    client.force_login(data_scientist)
    answer = client.post(PAGE + "expect/", {"severity": "warning"} | typed)
    assert (answer.status_code, list(answer.context["expected"].errors)) == (422, [field])


@pytest.fixture
def alert(series, now):
    monitor = Monitor.objects.create(series=series, kind="limit", settings={"below": 0.95})
    return Alert.objects.create(monitor=monitor, opened_at=now, severity="warning", sentence="It is too low.")


def test_who_is_on_call_says_whether_an_alert_was_real(client, on_call, alert):
    client.force_login(on_call)
    assert "False alarm" in client.get(PAGE).content.decode()
    client.post(f"/alerts/{alert.pk}/feedback/", {"real": "no"})
    alert.refresh_from_db()
    assert (alert.real, alert.said_by) == (False, on_call)


def test_a_question_about_a_version_is_answered_and_not_called_real(client, on_call, viewer, alert):
    type(alert).objects.filter(pk=alert.pk).update(asks="2.0")
    client.force_login(viewer)
    assert "Who may answer:" in client.get(PAGE).content.decode()
    client.force_login(on_call)
    page = client.get(PAGE).content.decode()
    assert "Yes: the new baseline" in page
    type(alert).objects.filter(pk=alert.pk).update(cleared_at=alert.opened_at)
    assert "False alarm" not in page + client.get(PAGE).content.decode()


def test_an_alert_is_snoozed_on_its_monitor(client, on_call, alert, now):
    client.force_login(on_call)
    client.post(f"/alerts/{alert.pk}/snooze/", {"hours": "24"})
    alert.monitor.refresh_from_db()
    assert alert.monitor.snoozed_until > now + timedelta(hours=23)


def test_an_answer_to_an_alert_that_is_none_is_refused(client, on_call, alert):
    client.force_login(on_call)
    assert client.post(f"/alerts/{alert.pk}/feedback/", {"real": "perhaps"}).status_code == 400
    assert client.post(f"/alerts/{alert.pk}/snooze/", {"hours": "9" * 9}).status_code == 400
