"""Model servers are recognised, and what is suggested of each makes sense: rates, ratios, quantiles with units."""

from datetime import UTC, datetime, timedelta

import pytest

from monitoring.connectors.prometheus_text import unfit_selector
from monitoring.connectors.prometheus_text.exposition import read_page
from monitoring.connectors.prometheus_text.selecting import take
from monitoring.connectors.prometheus_text.suggesting import suggest
from tests.monitoring.recorded import RECORDED, recorded

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
REQUESTS, SLOW, FAILED = "Requests", "Slow requests (p95)", "Failed requests"
TICKED = {
    "mlserver": {
        ("Predictions of iris", "rate", "1/s", "higher"),
        ("Failed requests of iris", "ratio", "share", "lower"),
        ("Time of a request of iris", "ratio", "s", "lower"),
    },
    "bentoml": {
        ("Requests of /predict, iris", "rate", "1/s", "higher"),
        ("Requests that succeed of /predict, iris", "ratio", "share", "higher"),
        ("Slow requests (p95) of /predict, iris", "quantile", "s", "lower"),
        ("Requests in progress of /predict, iris", "value", "", "lower"),
    },
    "triton": {
        ("Predictions of churn, 1", "rate", "1/s", "higher"),
        ("Failed requests of churn, 1", "ratio", "per success", "lower"),
        ("Time of a request of churn, 1", "ratio", "µs", "lower"),
        ("Waiting time of churn, 1", "ratio", "µs", "lower"),
        ("Waiting requests of churn, 1", "value", "", "lower"),
    },
    "torchserve": {
        ("Requests of one, churn, default", "rate", "1/s", "higher"),
        ("Time of a request of one, churn, default", "ratio", "µs", "lower"),
        ("Waiting time of one, churn, default", "ratio", "µs", "lower"),
        ("Failed requests of one, Host", "ratio", "per success", "lower"),
    },
    "kserve": {
        ("Requests of churn", "rate", "1/s", "higher"),
        ("Slow requests (p95) of churn", "quantile", "s", "lower"),
        ("Slow preparation (p95) of churn", "quantile", "s", "lower"),
    },
    "seldon": {
        ("Requests of rest, churn, churn_1, mlserver, 0", "rate", "1/s", "higher"),
        ("Requests that succeed of rest, churn, churn_1, mlserver, 0", "ratio", "share", "higher"),
        ("Slow requests (p95) of rest, churn", "quantile", "s", "lower"),
    },
    "tensorflow_serving": {
        ("Requests of churn", "rate", "1/s", "higher"),
        ("Requests that succeed of churn", "ratio", "share", "higher"),
        ("Slow requests (p95) of predict, REST, churn", "quantile", "µs", "lower"),
    },
    "ray_serve": {
        ("Requests of default, Churn", "rate", "1/s", "higher"),
        ("Failed requests of default, Churn", "ratio", "share", "lower"),
        ("Slow requests (p95) of default, Churn", "quantile", "ms", "lower"),
        ("Requests of default", "rate", "1/s", "higher"),
        ("Failed requests of default", "ratio", "share", "lower"),
        ("Waiting requests of default, Churn", "value", "", "lower"),
    },
    "vllm": {
        ("Predictions of 0, small", "rate", "1/s", "higher"),
        ("Slow requests (p95) of 0, small", "quantile", "s", "lower"),
        ("Slow first words (p95) of 0, small", "quantile", "s", "lower"),
        ("Slow words (p95) of 0, small", "quantile", "s", "lower"),
        ("Words made of 0, small", "rate", "1/s", "higher"),
        ("Waiting requests of 0, small", "value", "", "lower"),
        ("Memory for requests in use of 0, small", "value", "share", "lower"),
    },
}
CALLED = {"mlserver": "MLServer", "bentoml": "BentoML", "triton": "Triton", "vllm": "vLLM", "ray_serve": "Ray Serve"}


def page_of(text):
    return read_page(text.encode(), "text/plain", max_series=5000)


def found_of(server):
    return suggest(page_of(recorded(server)), MONDAY)


@pytest.mark.parametrize("server", TICKED)
def test_what_is_known_of_a_server_is_ticked_and_nothing_else(server):
    ticked = [one for one in found_of(server) if one.is_likely]
    said = [(one.suggested.name, one.selector["take"], one.suggested.unit, one.suggested.direction) for one in ticked]
    assert sorted(said) == sorted(TICKED[server])
    assert all(one.suggested.means.endswith(".") and one.suggested.kind == "service" for one in ticked)


@pytest.mark.parametrize(("server", "called"), CALLED.items())
def test_the_server_is_called_by_its_name(server, called):
    assert {one.server for one in found_of(server)} == {called}


@pytest.mark.parametrize("server", [*TICKED, "prometheus"])
def test_every_suggestion_has_a_key_of_its_own_and_is_taken(server):
    page, found = page_of(recorded(server)), found_of(server)
    keys = [one.suggested.key for one in found if one.is_likely]
    assert len(keys) == len(set(keys))
    for one in found:
        assert unfit_selector(one.selector) == ""
        take(page, one.selector, take(page, one.selector, {}, MONDAY).memory, MONDAY + timedelta(minutes=1))


def test_what_no_server_is_known_by_is_not_called_one():
    assert {one.server for one in found_of("prometheus")} == {""}


def test_of_all_these_servers_none_shows_quality():
    assert not [one for server in TICKED for one in found_of(server) if one.suggested.kind == "quality"]


def test_what_a_team_exports_by_itself_is_seen_by_its_name():
    text = recorded("kserve") + '# TYPE churn_accuracy gauge\nchurn_accuracy{window="1h"} 0.91\n'
    first = next(one for one in suggest(page_of(text), MONDAY) if one.suggested.kind == "quality")
    assert (first.is_likely, first.suggested.unit, first.suggested.scale) == (True, "share", "rate")


def test_a_servers_own_doors_are_not_ticked():
    text = recorded("bentoml").replace('endpoint="/predict"', 'endpoint="/metrics"')
    assert not [one for one in suggest(page_of(text), MONDAY) if one.is_likely]


def test_failures_are_a_share_of_all_requests_where_all_are_counted():
    shares = {one.suggested.name: one.last for one in found_of("mlserver")}
    assert shares["Failed requests of iris"] == 0.25


def test_no_machine_is_named_in_what_was_recorded():
    for page in RECORDED.glob("*.txt"):
        assert [place for place in ("/home/", "/root/", "/tmp/") if place in page.read_text()] == []
