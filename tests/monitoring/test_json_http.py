"""JSON over HTTP as a source: what is found, what is taken, and what a bad answer leaves (RELIABILITY F25)."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from jsonschema import Draft202012Validator

from mlops_portal.engine.egress import Place
from mlops_portal.engine.fetching import Fetched
from monitoring.actions.pulling import pull_source
from monitoring.connectors import connector_of
from monitoring.connectors.connector import Failed
from monitoring.connectors.json_http import document_of
from monitoring.connectors.json_http.discovering import discover
from monitoring.connectors.json_http.evaluating import Evaluator, OutOfSteps, Unfit
from monitoring.connectors.json_http.selecting import Missing, read, unfit_selector
from monitoring.models import Metric, Point, Source
from tests.callers import caller
from tests.factories import MetricFactory, SeriesFactory, SourceFactory
from tests.hostile import Target, answer
from tests.protections import protects

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
JSON = b"Content-Type: application/json\r\n"
EVALUATING = "monitoring.connectors.json_http.evaluating."
REPORT = {
    "evaluated_at": "2026-03-02T08:00:00Z",
    "model": "churn",
    "metrics": [{"name": "roc_auc", "value": 0.91}, {"name": "rows", "value": 1200}],
    "latency": {"p95_ms": 41.5, "slow requests": 3},
    "is_live": True,
    "quoted": "0.5",
}
MEMBERS = "evaluated_at, model, metrics, latency, is_live and 1 more"


def document(text: str):
    return document_of(Fetched(200, {"Content-Type": "application/json"}, text.encode(), len(text)))


def reading(selector, said=REPORT):
    return read(Evaluator(said), selector, MONDAY)


def why_not(selector, said=REPORT):
    with pytest.raises(Missing) as missing:
        reading(selector, said)
    return str(missing.value)


def test_a_value_is_of_the_pull_or_of_the_time_beside_it():
    assert reading({"value": "latency.p95_ms"}).at == MONDAY
    own = reading({"value": "metrics[?name=='roc_auc'].value | [0]", "at": "evaluated_at"})
    assert (own.value, own.at) == (0.91, MONDAY - timedelta(hours=1))


@pytest.mark.parametrize("said", [1772442000, 1772442000000, 1772442000.0, "2026-03-02T10:00:00+01:00"])
def test_a_time_is_written_as_seconds_milliseconds_or_by_rfc_3339(said):
    assert reading({"value": "v", "at": "t"}, {"v": 1, "t": said}).at == MONDAY


@pytest.mark.parametrize(
    "said", ["2026-03-02T09:00:00", "Monday", True, None, [1], 1e300, -1e300, "2026-99-02T09:00:00Z"]
)
def test_a_time_in_another_form_is_told(said):
    told = why_not({"value": "v", "at": "t"}, {"v": 1, "t": said})
    assert told.startswith("t is ")
    assert "not a time as in RFC 3339" in told


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("metrics.gone", f"There is nothing at metrics.gone; the answer has {MEMBERS}."),
        ("quoted", "quoted is the text “0.5”, not a number."),
        ("is_live", "is_live is true, not a number."),
        ("metrics[].value", "metrics[].value is a list of 2: say which, such as with [0], not a number."),
        ("latency", "latency is an object with p95_ms, slow requests: go on to one of them, not a number."),
        ("sum(metrics)", "sum(metrics) cannot be worked out on what the target answers."),
    ],
)  # fmt: skip
def test_what_is_no_single_number_is_told_with_what_is_there(expression, told):
    assert why_not({"value": expression}) == told


def test_a_number_too_large_for_a_float_is_told():
    assert why_not({"value": "n"}, {"n": 10**400}) == "n is too large a number."


@pytest.mark.parametrize(
    ("selector", "told"),
    [
        ({}, "The selector names no value"),
        ({"value": 5}, "The selector names no value"),
        ({"value": "a", "at": 5}, "at is a JMESPath expression"),
        ({"value": "a["}, "value: This is no JMESPath expression"),
        ({"value": "a", "at": "]"}, "at: This is no JMESPath expression"),
        ({"value": "(" * 400}, "value: This is no JMESPath expression"),
        ({"value": "a" * 501}, "value: An expression has at most 500 characters."),
        ({"value": "max([a, b])"}, "value: An expression takes one value out: it cannot build [a, b]."),
        ({"value": "{a: b}"}, "value: An expression takes one value out: it cannot build {a: b}."),
        ({"value": "to_string(@)"}, "value: There is no function to_string here"),
        ({"value": "a", "path": "b"}, "A selector has a value and perhaps an at, no path."),
    ],
)
def test_a_selector_that_cannot_be_used_says_why(selector, told):
    assert unfit_selector(selector).startswith(told)


@protects("F25", off={EVALUATING + "_BUILDS": {}})
def test_an_expression_that_doubles_at_each_step_is_not_taken():
    with pytest.raises(Unfit, match="cannot build"):
        Evaluator(1).take("[@,@]" + "|[@,@][]" * 8)


@protects("F25", off={EVALUATING + "MOST_STEPS": 10**9, EVALUATING + "_Counting.spend": lambda self, steps: None})
def test_an_expression_that_asks_for_too_many_steps_is_given_up():
    many = Evaluator([[n] for n in range(20_000)], steps=30_000)
    with pytest.raises(OutOfSteps):
        many.take("[]" + "|[?@ > `1`]" * 20)


def test_the_steps_are_those_of_all_selectors_of_a_pull_together():
    found = Evaluator({"a": list(range(100))}, steps=500)
    assert found.take("a[?@ == `5`] | [0]") == 5
    with pytest.raises(OutOfSteps):
        found.take("a[?@ == `6`] | [0]")


@pytest.mark.fault("F25")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "Expecting property name"),
        ("[" * 5000, "It is nested deeper than 32 levels."),
        ('{"a": NaN}', "NaN is not a number."),
        ('{"a": -Infinity}', "-Infinity is not a number."),
        ('{"a": 1e999}', "A number is too large."),
        ('{"a": ' + "9" * 5000 + "}", "A whole number has more than 300 digits."),
        ('{"a": "\\u0000"}', "A text holds the character NUL"),
        ('{"a": "\\ud800"}', "half of a surrogate pair"),
        ('{"a": 1, "a": 2}', "An object names a member twice."),
    ],
)
def test_what_is_no_plain_json_fails_with_one_sentence(text, told):
    with pytest.raises(Failed, match="The answer is no JSON that can be read") as failed:
        document(text)
    assert failed.value.outcome == "parse_error"
    assert told in str(failed.value)


def test_nanoseconds_since_1970_are_still_a_number():
    assert document('{"a": 1772442000000000000}') == {"a": 1772442000000000000}


def test_every_number_is_found_by_an_expression_that_finds_it_again():
    found = discover(REPORT, MONDAY, 5000)
    assert {one.selector["value"]: one.last for one in found} == {
        "metrics[?name=='roc_auc'].value | [0]": 0.91,
        "metrics[?name=='rows'].value | [0]": 1200,
        "latency.p95_ms": 41.5,
        'latency."slow requests"': 3,
    }
    for one in found:
        assert (unfit_selector(one.selector), reading(one.selector).value) == ("", one.last)
        assert reading(one.selector).at == one.at == MONDAY - timedelta(hours=1)


@pytest.mark.parametrize(
    "said",
    [5, [1, 2], [[1], [2]], [{"id": "a'b", "v": 1}], [{"id": "x", "v": [{"id": "y", "w": 2}]}], {"": {"ü.": 1}}],
)  # fmt: skip
def test_however_they_are_nested_and_named(said):
    found = discover(said, MONDAY, 5000)
    assert found
    assert all(reading(one.selector, said).value == one.last for one in found)


def test_what_speaks_of_quality_comes_first_with_what_it_means():
    first, *others = discover(REPORT, MONDAY, 5000)
    said = first.suggested
    assert (said.key, said.name, said.kind, said.unit, said.scale) == ("roc_auc", "ROC AUC", "quality", "score", "unit")
    assert first.is_likely
    assert {(one.suggested.key, one.suggested.direction, one.is_likely) for one in others} >= {
        ("latency_p95_ms", "lower", False)
    }


def test_times_are_no_metrics_and_long_lists_are_not_walked_whole():
    assert discover({"timestamp": 1772442000}, MONDAY, 5000) == []
    assert len(discover(list(range(1000)), MONDAY, 5000)) == 20


@pytest.fixture
def target(settings):
    target = Target()
    settings.EGRESS_ALLOW_LOCAL = [Place.parse(f"127.0.0.1:{target.port}")]
    yield target
    target.end()


@pytest.fixture
def pulled(system, target, settings, now):
    settings.PULL_DEADLINE_S = 2
    source = SourceFactory(system=system, kind="json_http", settings={"url": target.url("/json")})
    SeriesFactory(metric=MetricFactory(system=system), source=source, selector={"value": "accuracy", "at": "at"})

    def pull(body, headers=JSON):
        target.answers = {
            "/json": answer(body if isinstance(body, bytes) else json.dumps(body).encode(), headers=headers)
        }
        return pull_source(source, due_at=now, at=now)

    return pull


@pytest.mark.django_db
def test_an_answer_is_pulled_into_points(pulled, now):
    at = now - timedelta(minutes=3)
    pull = pulled({"accuracy": 0.91, "at": at.isoformat()})
    assert (pull.outcome, pull.points, pull.error) == ("ok", 1, "")
    assert (Point.objects.get().value, Point.objects.get().at) == (0.91, at)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (b"{", "parse_error"),
        (b"[" * 100_000, "parse_error"),
        (b'{"accuracy": NaN}', "parse_error"),
        (b'{"accuracy": 1e999}', "parse_error"),
        (b"\xff", "parse_error"),
        (b"<!doctype html>", "parse_error"),
        (b"  ", "empty"),
        (b"[]", "missing_metric"),
        ({"accuracy": "0.9", "at": 1}, "missing_metric"),
        ({"accuracy": [0.9], "at": 1}, "missing_metric"),
        ({"accuracy": 0.9}, "missing_metric"),
        ({"accuracy": 0.9, "at": "yesterday"}, "missing_metric"),
        ({"precision": 0.9}, "missing_metric"),
    ],
)
def test_a_bad_answer_leaves_an_outcome_a_sentence_and_no_point(pulled, body, outcome):
    pull = pulled(body)
    assert (pull.outcome, pull.points, Point.objects.count()) == (outcome, 0, 0)
    assert pull.error.endswith(".")


@pytest.mark.fault("F21")
@pytest.mark.django_db
def test_an_answer_too_large_is_given_up(pulled, settings):
    settings.PULL_MAX_BYTES = 1000
    assert pulled(b'"' + b"x" * 2000 + b'"').outcome == "over_limit"


def test_the_example_is_in_order():
    connector = connector_of("json_http")
    assert connector.checked(connector.example["settings"]) == connector.example["settings"]
    assert connector.unfit_selector(connector.example["selector"]) == ""
    assert Draft202012Validator(connector.selector).is_valid(connector.example["selector"])


@pytest.mark.django_db
def test_a_page_connects_it_after_a_test(client, data_scientist, system, target):
    target.answers = {"/json": answer(json.dumps(REPORT).encode(), headers=JSON)}
    client.force_login(data_scientist)
    typed = {"name": "Report", "interval_s": "60", "settings.url": target.url("/json")}
    rows = client.post("/systems/churn/connect/?kind=json_http", typed).context["rows"]
    ticked = {bound.html_name: bound.value() for bound in rows.forms[0] if bound.value() is not None}
    counted = {"found-TOTAL_FORMS": 1, "found-INITIAL_FORMS": 1, "do": "save"}
    client.post("/systems/churn/connect/?kind=json_http", typed | ticked | counted)
    series = Source.objects.get().series.get()
    assert (series.metric.key, series.metric.kind, series.selector["at"]) == ("roc_auc", "quality", "evaluated_at")


@pytest.mark.django_db
def test_by_api_and_by_file_a_bad_expression_is_told_at_its_field(data_scientist, system):
    source = SourceFactory(system=system, kind="json_http", name="Report", settings={"url": "https://a.example/"})
    body = {"system": "churn", "key": "auc", "unit": "score", "kind": "quality", "direction": "higher"}
    wrong = body | {"source": str(source.pk), "selector": {"value": "a["}}
    said = caller(data_scientist).post("metrics/", wrong)
    assert (said.status_code, list(said.json()["errors"])) == (400, ["selector"])
    lines = [{"source": "Report", "selector": {"value": "[a, b]"}}]
    file = {"version": 1, "metrics": [{"key": "auc", "series": lines}]}
    told = caller(data_scientist).put("systems/churn/spec/", file)
    assert (told.status_code, Metric.objects.count()) == (400, 0)
    assert "cannot build [a, b]" in told.content.decode()
