"""Metrics pages: what they say, how they lie, and what of them is worth watching (RELIABILITY F18–F21, F24)."""

import math
from datetime import UTC, datetime, timedelta

import pytest

from mlops_portal.engine.egress import Place
from mlops_portal.engine.fetching import run
from monitoring.actions.pulling import pull_source
from monitoring.connectors import connector_of
from monitoring.connectors.connector import BadSettings, Failed, Limits, Wanted
from monitoring.connectors.prometheus_text import headers_of, unfit_selector
from monitoring.connectors.prometheus_text.exposition import read_page
from monitoring.connectors.prometheus_text.selecting import Missing, names_of, quantile_of, take
from monitoring.connectors.prometheus_text.suggesting import suggest
from monitoring.models import Point, Source
from tests.factories import MetricFactory, SeriesFactory, SourceFactory
from tests.hostile import Target

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
OPEN = "application/openmetrics-text; version=1.0.0"


def page_of(text, kind="text/plain", names=None, max_series=5000):
    return read_page(text.encode(), kind, max_series=max_series, names=names)


def taken(text, selector, memory=None, at=MONDAY):
    return take(page_of(text), selector, memory or {}, at)


def followed(selector, *texts):
    """Take the same selector from one page after the other, a minute apart; return the values, None where none."""
    memory, values = {}, []
    for n, text in enumerate(texts):
        found = taken(text, selector, memory, MONDAY + n * MINUTE)
        memory = found.memory
        values.append(found.reading and found.reading.value)
    return values


def only(page):
    ((sample,),) = page.samples.values()
    return sample


@pytest.mark.parametrize(
    ("line", "name", "labels", "value"),
    [
        ("up 1", "up", {}, 1.0),
        ("up{} 1e3", "up", {}, 1000.0),
        ("  up 1", None, {}, 0),
        ('a:b_c{x="1",y="2",} -0.5', "a:b_c", {"x": "1", "y": "2"}, -0.5),
        ('up { x = "1" , y = "}{" }\t2', "up", {"x": "1", "y": "}{"}, 2.0),
        (r'up{x="a\"b\\c\nd"} 1', "up", {"x": 'a"b\\c\nd'}, 1.0),
        ('{"my.name",x="ü"} 3', "my.name", {"x": "ü"}, 3.0),
        ('up{x="1"} 4 # {trace="t"} 0.5', "up", {"x": "1"}, 4.0),
        ("up +Inf", "up", {}, math.inf),
    ],
)
def test_a_line_is_read(line, name, labels, value):
    if name is None:
        with pytest.raises(Failed):
            page_of(line + "\n")
        return
    sample = only(page_of(line + "\n"))
    assert (sample.name, dict(sample.labels), sample.value) == (name, labels, value)


@pytest.mark.parametrize(
    "line", ["up", "up one", "up 1_000", "1 1", 'up{x="1} 1', "up{x=1} 1", 'up{x="1",x="2"} 1', "up 1 2 3", '{x="1"} 1']
)
def test_a_line_that_is_no_metric_fails_the_page(line):
    with pytest.raises(Failed, match="no metric") as failed:
        page_of(f"fine 1\n{line}\n")
    assert failed.value.outcome == "parse_error"


def test_times_are_milliseconds_in_the_old_format_and_seconds_in_the_new():
    assert only(page_of("up 1 1772442000000\n")).at == MONDAY
    assert only(page_of("up 1 1772442000.0\n# EOF", OPEN)).at == MONDAY


def test_the_end_of_an_open_page_is_marked():
    with pytest.raises(Failed) as failed:
        page_of("up 1\n", OPEN)
    assert failed.value.outcome == "cut"


def test_only_the_named_series_are_read():
    assert list(page_of("up 1\nother nonsense\n", names=["up"]).samples) == ["up"]


def test_too_many_series_fail_as_a_whole_with_their_count():
    with pytest.raises(Failed, match="shows 3 series; at most 2") as failed:
        page_of("a 1\nb 1\nc 1\n", max_series=2)
    assert failed.value.outcome == "over_limit"


def test_the_order_of_labels_says_nothing():
    page = page_of('up{a="1",b="2"} 1\nup{b="2",a="1"} 1\n')
    assert len(page.samples["up"]) == 1


def test_a_value_is_taken_at_its_own_time_or_that_of_the_pull():
    assert taken("up 1\n", {"series": "up"}).reading.at == MONDAY
    assert taken("up 1 1772438400000\n", {"series": "up"}).reading.at == MONDAY - timedelta(hours=1)


def test_what_is_no_number_is_said_and_not_taken():
    found = taken("up NaN\n", {"series": "up"})
    assert (found.reading, found.note) == (None, "Its value is not a number.")


@pytest.mark.parametrize(
    ("selector", "words"),
    [
        ({"series": "gone"}, "There is no gone; there is down, up."),
        ({"series": "up", "labels": {"n": "3"}}, "up is there, but not with these labels; it has, for one, n=1."),
        ({"series": "up"}, "2 series are called up: name labels that only one has (n=1; n=2)."),
    ],
)
def test_what_is_not_there_is_said_with_what_is(selector, words):
    with pytest.raises(Missing) as missing:
        taken('up{n="1"} 1\nup{n="2"} 1\ndown 0\n', selector)
    assert str(missing.value) == words


RATE = {"series": "c", "take": "rate"}


def test_a_rate_is_the_increase_over_the_time_between():
    assert followed(RATE, "c 100\n", "c 160\n", "c 160\n") == [None, 1.0, 0.0]


def test_a_counter_that_fell_was_set_back():
    rates = followed(RATE, "c 100\n", "c 200\n", "c 5\n", "c 105\n")
    assert sum(rate * 60 for rate in rates[1:]) == 205


def test_a_counter_that_is_no_number_for_once_loses_nothing():
    assert followed(RATE, "c 100\n", "c NaN\n", "c 220\n") == [None, 0.0, 2.0]


def test_counters_of_one_name_are_added_and_a_new_one_begins_at_its_stand():
    first, second = 'c{m="a"} 10\n', 'c{m="a"} 70\nc{m="b"} 1000\n'
    assert followed(RATE, first, second, second) == [None, 1.0, 0.0]


def test_another_selector_begins_anew():
    memory = taken("c 100\n", RATE).memory
    other = {"series": "c", "take": "rate", "labels": {}}
    assert taken("c 160\n", other, memory, MONDAY + MINUTE).note.startswith("Counters have their first value")


def test_a_ratio_is_of_increases_and_knows_how_many():
    selector = {"series": "bad", "take": "ratio", "over": {"series": "all"}}
    memory = taken("bad 5\nall 100\n", selector).memory
    reading = taken("bad 8\nall 160\n", selector, memory, MONDAY + MINUTE).reading
    assert (reading.value, reading.samples) == (0.05, 60)
    assert taken("bad 5\nall 100\n", selector, memory, MONDAY + MINUTE).reading is None


def test_a_quantile_is_of_what_came_since_the_last_pull():
    text = 't_bucket{{le="0.1"}} {}\nt_bucket{{le="1"}} {}\nt_bucket{{le="+Inf"}} {}\n'
    selector = {"series": "t", "take": "quantile", "q": 0.5}
    assert followed(selector, text.format(90, 100, 100), text.format(90, 110, 110)) == [None, 0.55]


@pytest.mark.parametrize(
    ("buckets", "q", "value"),
    [
        ({1.0: 10, 2.0: 20, math.inf: 20}, 0.75, 1.5),
        ({1.0: 10, math.inf: 20}, 0.95, 1.0),
        ({0.5: 10, math.inf: 10}, 0.5, 0.25),
        ({1.0: 10}, 0.5, None),
        ({1.0: 0, math.inf: 0}, 0.5, None),
        ({}, 0.5, None),
    ],
)
def test_a_quantile_is_linear_inside_its_bucket(buckets, q, value):
    assert quantile_of(buckets, q) == value


@pytest.mark.parametrize(
    "selector",
    [
        {},
        {"series": 1},
        {"series": "a", "take": "mean"},
        {"series": "a", "take": "ratio"},
        {"series": "a", "take": "quantile", "q": 95},
        {"series": "a", "labels": ["b"]},
    ],
)
def test_a_selector_that_cannot_be_read_says_why(selector):
    assert unfit_selector(selector).endswith(".")


def test_names_of_a_selector_are_those_that_it_reads():
    assert names_of({"series": "a", "take": "ratio", "over": {"series": "b"}}) == {"a", "b"}
    assert names_of({"series": "a", "take": "quantile"}) == {"a_bucket"}


SERVER = """# TYPE process_start_time_seconds gauge
process_start_time_seconds 1772441000
# TYPE model_infer_request_success counter
model_infer_request_success{model="churn"} 2000
# TYPE model_infer_request_failure counter
model_infer_request_failure{model="churn"} 20
# TYPE request_predict_seconds histogram
request_predict_seconds_bucket{le="0.1"} 90
request_predict_seconds_bucket{le="+Inf"} 100
request_predict_seconds_sum 7
request_predict_seconds_count 100
# TYPE load_duration_seconds summary
load_duration_seconds_sum 20
load_duration_seconds_count 10
# TYPE queue_size gauge
queue_size 3
# TYPE python_gc_seconds histogram
python_gc_seconds_bucket{le="1"} 1
python_gc_seconds_bucket{le="+Inf"} 1
"""


def suggested():
    return {one.suggested.key: one for one in suggest(page_of(SERVER), MONDAY)}


@pytest.mark.parametrize(
    ("key", "take", "unit", "direction", "last", "is_likely"),
    [
        ("model_infer_request_success_churn_rate", "rate", "1/s", "higher", 2.0, True),
        ("model_infer_request_failure_churn_share", "ratio", "share", "lower", 0.01, True),
        ("request_predict_seconds_p95", "quantile", "s", "lower", 0.1, True),
        ("load_duration_seconds_mean", "ratio", "s", "lower", 2.0, True),
        ("queue_size", "value", "", "lower", 3.0, False),
        ("python_gc_seconds_p95", "quantile", "s", "lower", 0.95, False),
    ],
)
def test_what_a_model_server_shows_is_suggested_as_it_is_watched(key, take, unit, direction, last, is_likely):
    one = suggested()[key]
    assert (one.selector["take"], one.suggested.unit, one.suggested.direction) == (take, unit, direction)
    assert (one.last, one.is_likely, one.suggested.kind) == (pytest.approx(last), is_likely, "service")


def test_every_suggestion_is_a_selector_that_finds_its_series():
    page = page_of(SERVER)
    for one in suggest(page, MONDAY):
        assert unfit_selector(one.selector) == ""
        take(page, one.selector, {}, MONDAY)


@pytest.fixture
def target(settings):
    target = Target()
    settings.EGRESS_ALLOW_LOCAL = [Place.parse(f"127.0.0.1:{target.port}")]
    yield target
    target.end()


def test_credentials_become_headers(target):
    connector = connector_of("prometheus_text")
    credentials = {"username": "me", "password": "pw", "header": {"X-Key": "k"}}
    run(connector.discover({"url": target.url("/ok")}, credentials, at=MONDAY, limits=Limits()))
    assert b"Authorization: Basic bWU6cHc=" in target.requests[0]
    assert b"X-Key: k" in target.requests[0]
    assert headers_of({"bearer": "t"}) == {"Authorization": "Bearer t"}


@pytest.mark.parametrize("credentials", [{"bearer": "a\r\nX: y"}, {"header": {"Host": "x"}}, {"header": {"a b": "c"}}])
def test_credentials_cannot_smuggle_headers(credentials):
    with pytest.raises(BadSettings):
        headers_of(credentials)


@pytest.mark.parametrize(
    "given", [{}, {"url": ""}, {"url": 5}, {"url": "http://127.0.0.1:1/"}, {"url": "http://a", "x": 1}]
)
def test_settings_that_cannot_work_say_so(given):
    with pytest.raises(BadSettings) as bad:
        connector_of("prometheus_text").checked(given)
    assert set(bad.value.errors) <= {"url", "x"}


def test_the_example_is_in_order():
    connector = connector_of("prometheus_text")
    assert connector.checked(connector.example["settings"]) == connector.example["settings"]
    assert unfit_selector(connector.example["selector"]) == ""


@pytest.fixture
def pulled(system, target, settings):
    settings.PULL_DEADLINE_S = 2
    source = SourceFactory(system=system, kind="prometheus_text")
    SeriesFactory(metric=MetricFactory(system=system), source=source, selector={"series": "up"})

    def pull(path, at):
        Source.objects.update(settings={"url": target.url(path)})
        source.refresh_from_db()
        return pull_source(source, due_at=at, at=at)

    return pull


@pytest.mark.django_db
def test_a_page_is_pulled_into_points(pulled, now):
    pull = pulled("/ok", now)
    assert (pull.outcome, pull.points, pull.error, pull.bytes) == ("ok", 1, "", 21)
    assert Point.objects.get().value == 1.0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "outcome"),
    [
        ("/never", "timeout"),
        ("/drip-headers", "timeout"),
        ("/drip-body", "timeout"),
        ("/cut", "cut"),
        ("/cut-without-length", "cut"),
        ("/half-gzip", "cut"),
        ("/redirect", "http_error"),
        ("/unavailable", "http_error"),
        ("/huge", "over_limit"),
        ("/bomb", "over_limit"),
        ("/many", "over_limit"),
        ("/long-line", "over_limit"),
        ("/html", "parse_error"),
        ("/html-as-text", "parse_error"),
        ("/latin", "parse_error"),
        ("/nul", "parse_error"),
        ("/empty", "parse_error"),
        ("/prose", "parse_error"),
        ("/twice", "parse_error"),
        ("/nan", "empty"),
    ],
)
def test_a_hostile_page_leaves_an_outcome_a_sentence_and_no_point(pulled, now, path, outcome):
    pull = pulled(path, now)
    assert (pull.outcome, pull.points, Point.objects.count()) == (outcome, 0, 0)
    assert pull.error.endswith((".", "”."))
    assert pull.finished_at - pull.started_at < timedelta(seconds=3)


@pytest.mark.django_db
def test_a_series_that_was_renamed_is_missing_and_told(pulled, target, now):
    target.page = b"down 0\n"
    pull = pulled("/metrics", now)
    assert (pull.outcome, pull.error) == ("missing_metric", "There is no up; there is down.")


@pytest.mark.django_db
def test_a_frozen_target_is_stale(pulled, target, now):
    Source.objects.update(max_age_s=600)
    target.page = f"up 1 {int((now - timedelta(hours=1)).timestamp() * 1000)}\n".encode()
    assert pulled("/metrics", now).outcome == "stale"


def test_what_is_missing_for_one_is_there_for_another(target):
    wanted = [Wanted(1, {"series": "up"}), Wanted(2, {"series": "gone"}), Wanted(3, {})]
    ask = connector_of("prometheus_text").pull
    pulled = run(ask({"url": target.url("/ok")}, {}, wanted, since=None, at=MONDAY, limits=Limits()))
    assert (list(pulled.readings), sorted(pulled.missing)) == ([1], [2, 3])
