"""What would have been noticed: the code that judges, over what is stored, and nothing written."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from monitoring.actions.judging import judge_due
from monitoring.actions.monitors import set_limit, watch
from monitoring.judging import backtesting
from monitoring.judging.backtesting import backtest, first_visible, tried
from monitoring.models import Alert, Metric, Monitor, Snapshot
from tests.callers import caller
from tests.monitoring.points import write

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 2, tzinfo=UTC)
WOBBLE = (0.004, -0.003, 0.001, -0.004, 0.003, 0.0, -0.002, 0.002, -0.001)


def _day(number: float) -> datetime:
    return START + timedelta(days=number)


def _values(days: int, falls: range, by: float = 0.05) -> list[float]:
    return [0.91 + WOBBLE[n % len(WOBBLE)] - (by if n in falls else 0.0) for n in range(days)]


@pytest.fixture
def series(system):
    """Ninety days, of which the fiftieth to sixtieth are bad."""
    metric = Metric.objects.create(system=system, key="accuracy", scale="rate", leading=True)
    series = metric.series.create()
    watch(series, by=None, at=START)
    write(series, _values(90, range(50, 60)), to_at=_day(89), every=timedelta(days=1))
    series.refresh_from_db()
    return series


def _try(monitor, first=0, last=90):
    return backtest(monitor, from_at=_day(first), to_at=_day(last))


def test_it_tells_since_when_and_until_when_it_was_so(series):
    done = _try(tried(series, "normal"))
    (found,) = done.found
    assert (done.points, done.step_s, done.is_cut) == (90, None, False)
    assert found.onset_at == _day(50)
    assert _day(50) < found.told_at < _day(55)
    assert _day(60) < found.over_at < _day(75)
    assert found.sentence == "Accuracy has fallen from 0.91 to 0.86 since 21 April."
    assert found.size == pytest.approx(-0.05, abs=0.005)


def test_it_finds_what_judging_found_as_the_values_came(series):
    told = []
    everything = list(series.points.order_by("at"))
    series.points.all().delete()
    for point in everything:
        type(point).objects.bulk_create([point])
        series.unjudged_from = point.at
        series.save(update_fields=["unjudged_from"])
        judge_due(at=point.at)
        told += [point.at] if Alert.objects.filter(opened_at=point.at).exists() else []
    (found,) = _try(tried(series, "normal")).found
    alert = Alert.objects.get()
    assert (found.told_at, found.over_at) == (alert.opened_at, alert.cleared_at)
    assert told == [found.told_at]


def test_nothing_is_written(series):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        _try(tried(series, "eager"))
        first_visible([series], at=_day(58), deadline_s=5)
    assert not [one for one in queries if not one["sql"].lstrip().upper().startswith("SELECT")]
    assert (Alert.objects.count(), Snapshot.objects.count()) == (0, 0)


def test_it_learns_from_what_came_before_the_stretch(series):
    (found,) = _try(tried(series, "normal"), first=45, last=70).found
    assert found.onset_at == _day(50)
    assert _try(tried(series, "normal"), first=75).found == []


def test_a_calm_monitor_tells_no_sooner_than_an_eager_one(series):
    calm, eager = (_try(tried(series, sensitivity)).found[0].told_at for sensitivity in ("calm", "eager"))
    assert eager <= calm


def test_a_limit_is_tried_as_well_and_silence_is_not(series):
    limit = set_limit(series, below=0.88, by=None, at=START)
    (found,) = _try(limit).found
    assert (found.onset_at, found.told_at, found.size) == (_day(50), _day(50), None)
    with pytest.raises(ValueError, match="Only a limit and quiet change"):
        _try(series.monitors.get(kind="silence"))


def test_many_points_are_gathered_into_windows(series, monkeypatch):
    monkeypatch.setattr(backtesting, "MOST_POINTS", 50)
    monkeypatch.setattr(backtesting, "WINDOWS_S", (3600, 2 * 86400))
    done = _try(tried(series, "normal"))
    assert (done.step_s, done.points) == (2 * 86400, 45)


def test_it_stops_where_its_time_is_over_and_says_until_when_it_judged(series):
    done = backtest(tried(series, "normal"), from_at=_day(0), to_at=_day(90), deadline_s=-1)
    assert (done.is_cut, done.judged_until, done.found) == (True, _day(0), [])


def test_what_lasts_is_when_it_was_first_visible(series):
    found, where = first_visible([series], at=_day(58), deadline_s=5)
    assert (found.onset_at, where) == (_day(50), series)
    assert first_visible([series], at=_day(45), deadline_s=5) is None


def test_the_page_draws_and_tells_it(client, viewer, series, system, now):
    client.force_login(viewer)
    page = client.get(
        f"/systems/churn/metrics/accuracy/backtest/?from={_day(0):%Y-%m-%dT%H:%M}&to={_day(90):%Y-%m-%dT%H:%M}"
    )
    text = page.content.decode()
    assert "Accuracy has fallen from 0.91 to 0.86 since 21 April." in text
    assert "<strong>1 time</strong>" in text
    assert 'class="chart-span"' in text
    assert client.get("/systems/churn/metrics/accuracy/backtest/?by=wild").status_code == 200


def test_programs_may_try_other_settings(viewer, series):
    monitor = series.monitors.get(kind=Monitor.Kind.CHANGE)
    client, path = caller(viewer, "read"), f"monitors/{monitor.pk}/backtest/"
    body = {"from": "2026-03-02T00:00:00Z", "to": "2026-05-31T00:00:00Z", "settings": {"sensitivity": "eager"}}
    answer = client.post(path, body).json()
    assert answer["found"][0]["onset_at"] == "2026-04-21T00:00:00Z"
    assert (answer["points"], answer["step_s"], answer["from"]) == (90, None, "2026-03-02T00:00:00Z")
    assert client.post(path, body | {"settings": {"sensitivity": "wild"}}).status_code == 400
    assert client.post(path, body | {"from": "2026-06-02T00:00:00Z"}).status_code == 400
    silence = series.monitors.get(kind="silence")
    assert client.post(f"monitors/{silence.pk}/backtest/", {}).status_code == 409


def test_times_at_the_edge_of_the_calendar_are_only_empty(client, viewer, series):
    client.force_login(viewer)
    edges = "from=0001-01-01T00:00&to=9999-12-31T23:59"
    for page in ("", "backtest/"):
        assert (
            "Years from 1970 to 2200 can be shown."
            in client.get(f"/systems/churn/metrics/accuracy/{page}?{edges}").content.decode()
        )
    path = f"monitors/{series.monitors.get(kind='change').pk}/backtest/"
    early = caller(viewer, "read").post(path, {"to": "0001-01-01T00:00:00Z"})
    assert early.status_code == 400
    wide = caller(viewer, "read").post(path, {"from": "0001-01-01T00:00:00Z", "to": "9999-12-31T23:59:59Z"})
    assert wide.json()["points"] == 90


def test_hourly_values_raise_no_more_false_alarms_than_daily_ones(system):
    draw = random.Random(5)
    series = Metric.objects.create(system=system, key="latency_ok", scale="real").series.create()
    values = [10.0 + draw.gauss(0, 1) for _ in range(90 * 24)]
    write(series, values, to_at=START + timedelta(days=90), every=timedelta(hours=1))
    done = backtest(tried(series, "normal"), from_at=START, to_at=START + timedelta(days=91))
    assert (done.points, done.found) == (2160, [])
