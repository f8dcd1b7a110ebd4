"""What stands behind an alert: since when, how sure, what moved and what was changed with it."""

from datetime import UTC, datetime, timedelta

import pytest

from monitoring.actions.explaining import explain_due
from monitoring.actions.judging import judge_due
from monitoring.actions.monitors import watch
from monitoring.explaining.alerts import explain
from monitoring.explaining.beginnings import beginnings
from monitoring.models import Alert, Metric, SchemaSeen, Series, Source
from systems.actions.versions import add_version, deploy
from tests.callers import caller
from tests.factories import SystemFactory
from tests.monitoring.points import write

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 2, tzinfo=UTC)
WOBBLE = (0.004, -0.003, 0.001, -0.004, 0.003, 0.0, -0.002, 0.002, -0.001)
DAYS, FALLS = 60, range(50, 60)


def _day(number: float) -> datetime:
    return START + timedelta(days=number)


def _filled(series, level, fallen):
    values = [(fallen if n in FALLS else level) + WOBBLE[n % len(WOBBLE)] for n in range(DAYS)]
    write(series, values, to_at=_day(DAYS - 1), every=timedelta(days=1))
    return series


@pytest.fixture
def series(system):
    """Sixty days of accuracy, of which the last ten are bad."""
    metric = Metric.objects.create(system=system, key="accuracy", scale="rate", leading=True)
    series = metric.series.create()
    watch(series, by=None, at=START)
    return _filled(series, 0.91, 0.86)


def _explained() -> Alert:
    Series.objects.filter(monitors__kind="change").update(unjudged_from=START)
    judge_due(at=_day(DAYS))
    assert explain_due(at=_day(DAYS)) == 1
    return Alert.objects.get()


def test_it_says_how_much_since_when_and_how_sure(series):
    found = _explained().explanation
    assert (found["direction"], found["change"]) == ("down", "down by 0.050, from 0.91 to 0.86")
    assert found["size"] == pytest.approx(-0.05, abs=0.003)
    assert found["onset_from"] <= "2026-04-21T00:00:00Z" <= found["onset_to"]
    assert found["confidence"].startswith("almost certain: ")
    assert (found["segments"], found["metrics"], found["changes"]) == ([], [], [])
    assert Alert.objects.get().whole_sentence == "Accuracy has fallen from 0.91 to 0.86 since 21 April."


def test_it_names_what_moved_with_it_and_where_most(series, system):
    _filled(series.metric.series.create(segment="region=EU"), 0.91, 0.80)
    _filled(series.metric.series.create(segment="region=US"), 0.91, 0.91)
    age = Metric.objects.create(system=system, key="missing_age", name="age missing", kind="data", scale="rate")
    empty = age.series.create(selector={"metric": "missing:age"})
    write(empty, [0.12 if n in FALLS else 0.0 for n in range(DAYS)], to_at=_day(DAYS - 1), every=timedelta(days=1))
    rows = Metric.objects.create(system=system, key="rows", kind="data", scale="positive").series.create()
    write(rows, [400.0 + 9 * (n % 4) for n in range(DAYS)], to_at=_day(DAYS - 1), every=timedelta(days=1))
    alert = _explained()
    found = alert.explanation
    assert alert.whole_sentence == (
        "Accuracy has fallen from 0.91 to 0.86 since 21 April, most in segment region EU; "
        "feature `age` went missing in 12 % of rows on 21 April."
    )
    assert [one["segment"] for one in found["segments"]] == ["region=EU"]
    assert [one["metric"] for one in found["metrics"]] == ["missing_age"]
    pages = [one["page"] for one in (*found["segments"], *found["metrics"])]
    assert pages == ["/systems/churn/metrics/accuracy/?segment=region%3DEU", "/systems/churn/metrics/missing_age/"]


def test_it_names_what_was_recorded_then(series, system, manager):
    for name, day in (("1.0", 0), ("1.1", 47)):
        version = add_version(system=system, name=name, by=manager, at=_day(day))
        deploy(system=system, version=version, at=_day(day), by=manager)
    source = Source.objects.create(system=system, name="log", kind="prediction_log")
    for day, columns in ((3, ["id"]), (51, ["id", "zip"])):
        SchemaSeen.objects.create(source=source, at=_day(day), columns=columns)
    alert = _explained()
    found = alert.explanation
    assert [one["kind"] for one in found["changes"]] == ["deployment", "schema"]
    assert alert.whole_sentence.endswith(
        "since 21 April; version 1.1 was deployed on 18 April; the format of log changed on 22 April."
    )


def test_what_another_system_does_is_not_named(series, team):
    other = Metric.objects.create(system=SystemFactory(team=team), key="load", kind="service", scale="rate")
    _filled(other.series.create(), 0.5, 0.9)
    assert _explained().explanation["metrics"] == []


def test_it_is_looked_at_again_when_a_day_of_values_has_come(series):
    _explained()
    assert explain_due(at=_day(DAYS + 7)) == 0
    Series.objects.filter(pk=series.pk).update(last_at=_day(DAYS))
    assert explain_due(at=_day(DAYS + 7)) == 1
    Alert.objects.update(cleared_at=_day(DAYS + 1), explained_until=None)
    assert explain_due(at=_day(DAYS + 9)) == 0


def test_what_cannot_be_explained_is_logged_and_stays(series, monkeypatch, caplog):
    def broken(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr("monitoring.actions.explaining.explain", broken)
    assert _explained().explanation == {}


def test_pages_and_programs_are_told(client, viewer, series):
    _explained()
    client.force_login(viewer)
    assert "almost certain" in client.get("/systems/churn/metrics/accuracy/").content.decode()
    (alert,) = caller(viewer).get("alerts/").json()["results"]
    assert alert["explanation"]["change"] == "down by 0.050, from 0.91 to 0.86"


def test_a_clear_step_began_at_one_place_and_a_faint_one_somewhere():
    assert beginnings([0.1, -0.2, 0.0, -4.0, -4.1, -3.9], -4.0) == (3, 3)
    first, last = beginnings([0.3, -0.4, -0.6, -0.2, -1.0, -1.2, -0.8], -1.0)
    assert first < last
    assert beginnings([0.1, -0.2, 0.1], 3.0) is None
    assert beginnings([], 1.0) is None


def test_where_it_is_most_is_asked_as_of_now_and_not_of_when_it_was_told(series):
    part = series.metric.series.create(segment="region=EU")
    values = [0.91 + WOBBLE[n % len(WOBBLE)] - (0.01 * max(0, n - 45)) for n in range(DAYS)]  # it creeps
    write(part, values, to_at=_day(DAYS - 1), every=timedelta(days=1))
    alert = _explained()
    (moved,) = alert.explanation["segments"]
    assert moved["size"] < -0.06 < alert.explanation["size"]
    assert ", most in segment region EU" in alert.whole_sentence


def test_what_is_nearly_back_is_as_large_as_it_was(series):
    alert = _explained()
    alert.detail |= {"level": alert.detail["before"] - 0.001}
    found = explain(alert, at=_day(DAYS))
    assert (round(found["size"], 2), found["change"]) == (-0.05, "down by 0.050, from 0.91 to 0.86")


def test_single_bad_values_move_no_level(series):
    alert = _explained()
    alert.detail |= {"kind": "bursts"}
    found = explain(alert, at=_day(DAYS))
    assert (found["direction"], found["size"]) == ("", 0.0)
    assert found["change"] == "single bad values, more often than usual"


def test_a_question_about_a_version_does_not_name_its_deployment_twice(series, system, manager):
    for name, day in (("1.0", 0), ("2.0", 50)):
        version = add_version(system=system, name=name, by=manager, at=_day(day))
        deploy(system=system, version=version, at=_day(day), by=manager)
    age = Metric.objects.create(system=system, key="missing_age", kind="data", scale="rate")
    empty = age.series.create(selector={"metric": "missing:age"})
    write(empty, [0.12 if n in FALLS else 0.0 for n in range(DAYS)], to_at=_day(DAYS - 1), every=timedelta(days=1))
    alert = _explained()
    assert alert.asks == "2.0"
    assert alert.whole_sentence == (
        "Accuracy is 0.86 since version 2.0 runs, before it was 0.91: is that what is to be expected of it? "
        "At about that time feature `age` went missing in 12 % of rows on 21 April."
    )
    assert [one["kind"] for one in alert.explanation["changes"]] == ["deployment"]


def test_the_state_on_pages_is_said_with_what_moved_with_it(client, viewer, series, system):
    part = _filled(series.metric.series.create(segment="region=EU"), 0.91, 0.80)
    Series.objects.filter(pk=part.pk).update(state="ok", sentence="Accuracy (region=EU) is 0.80.")
    _explained()
    client.force_login(viewer)
    whole = "Accuracy has fallen from 0.91 to 0.86 since 21 April, most in segment region EU."
    assert client.get("/systems/churn/metrics/accuracy/").context["sentence"] == whole
    assert client.get("/systems/churn/").context["monitoring"]["leading"]["sentence"] == whole
    of_part = client.get("/systems/churn/metrics/accuracy/?segment=region%3DEU").content.decode()
    assert "nothing watches it by itself" in of_part
    assert "Accuracy (region=EU) is 0.80." in of_part


def test_a_name_is_code_on_pages_and_plain_for_programs(client, viewer, series, system):
    _explained()
    words = "feature `<b>_age` went missing in 12 % of rows on 21 April"
    Alert.objects.update(explanation={"beside": [words], "metrics": [{"words": words}], "confidence": "likely"})
    client.force_login(viewer)
    for page in ("/systems/churn/metrics/accuracy/", "/systems/churn/"):
        shown = client.get(page).content.decode()
        assert "feature <code>&lt;b&gt;_age</code> went missing" in shown
        assert "`" not in shown.split("<main", 1)[1].split("</main>", 1)[0]
    (said,) = caller(viewer).get("alerts/").json()["results"]
    told = [said["whole_sentence"], *said["explanation"]["beside"], said["explanation"]["metrics"][0]["words"]]
    assert all("feature <b>_age went missing" in one for one in told)
