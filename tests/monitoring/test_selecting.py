"""What is taken of a metrics page, and what of it is worth watching (RELIABILITY F19, F20)."""

import math
from datetime import UTC, datetime, timedelta

import pytest

from monitoring.connectors.prometheus_text import unfit_selector
from monitoring.connectors.prometheus_text.exposition import read_page
from monitoring.connectors.prometheus_text.selecting import Missing, names_of, quantile_of, take
from monitoring.connectors.prometheus_text.suggesting import suggest

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def page_of(text):
    return read_page(text.encode(), "text/plain", max_series=5000)


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


def test_a_value_is_taken_at_its_own_time_or_that_of_the_pull():
    assert taken("up 1\n", {"series": "up"}).reading.at == MONDAY
    assert taken("up 1 1772438400000\n", {"series": "up"}).reading.at == MONDAY - timedelta(hours=1)


def test_what_is_no_number_is_said_and_not_taken():
    found = taken("up NaN\n", {"series": "up"})
    assert (found.reading, found.note) == (None, "Its value is not a number.")


@pytest.mark.fault("F19")
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


@pytest.mark.fault("F20")
def test_a_counter_that_fell_was_set_back():
    rates = followed(RATE, "c 100\n", "c 200\n", "c 5\n", "c 105\n")
    assert sum(rate * 60 for rate in rates[1:]) == 205


@pytest.mark.fault("F20")
def test_a_counter_that_is_no_number_for_once_loses_nothing():
    assert followed(RATE, "c 100\n", "c NaN\n", "c 220\n") == [None, 0.0, 2.0]


def test_a_counter_with_times_of_its_own_is_measured_by_them():
    first, second = int(MONDAY.timestamp()) - 90, int(MONDAY.timestamp()) - 60
    memory = taken(f"c 100 {first}000\n", RATE).memory
    found = taken(f"c 160 {second}000\n", RATE, memory, MONDAY + MINUTE)
    assert (found.reading.value, found.reading.at) == (2.0, MONDAY - MINUTE)
    frozen = taken(f"c 160 {second}000\n", RATE, found.memory, MONDAY + 2 * MINUTE)
    assert (frozen.reading, frozen.memory) == (None, {})
    assert frozen.note == "Its counters are no newer than at the last pull."


def test_counters_of_one_name_are_added_and_a_new_one_begins_at_its_stand():
    first, second = 'c{m="a"} 10\n', 'c{m="a"} 70\nc{m="b"} 1000\n'
    assert followed(RATE, first, second, second) == [None, 1.0, 0.0]


@pytest.mark.fault("F19")
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
        ("load_duration_seconds_mean", "ratio", "s", "lower", 2.0, False),
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
