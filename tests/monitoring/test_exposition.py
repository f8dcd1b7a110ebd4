"""Reading metrics pages: what they say, and where they go too far (RELIABILITY F21, F24, F25)."""

import math
from datetime import UTC, datetime

import pytest

from monitoring.connectors.connector import Failed
from monitoring.connectors.prometheus_text import exposition
from monitoring.connectors.prometheus_text.exposition import read_page
from tests.protections import protects

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
OPEN = "application/openmetrics-text; version=1.0.0"


def page_of(text, kind="text/plain", names=None, max_series=5000):
    return read_page(text.encode(), kind, max_series=max_series, names=names)


def only(page):
    ((sample,),) = page.samples.values()
    return sample


@pytest.mark.parametrize(
    ("line", "name", "labels", "value"),
    [
        ("up 1", "up", {}, 1.0),
        ("up{} 1e3", "up", {}, 1000.0),
        (" \tup 1 \r", "up", {}, 1.0),
        ('a:b_c{x="1",y="2",} -0.5', "a:b_c", {"x": "1", "y": "2"}, -0.5),
        ('up { x = "1" , y = "}{" }\t2', "up", {"x": "1", "y": "}{"}, 2.0),
        (r'up{x="a\"b\\c\nd"} 1', "up", {"x": 'a"b\\c\nd'}, 1.0),
        ('{"my.name",x="ü"} 3', "my.name", {"x": "ü"}, 3.0),
        ('up{x="1"} 4 # {trace="t"} 0.5', "up", {"x": "1"}, 4.0),
        ("up +Inf", "up", {}, math.inf),
        (r'up{x="\d\\"} 1', "up", {"x": "\\d\\"}, 1.0),
    ],
)
def test_a_line_is_read(line, name, labels, value):
    sample = only(page_of(line + "\n"))
    assert (sample.name, dict(sample.labels), sample.value) == (name, labels, value)


@pytest.mark.parametrize(
    "line", ["up", "up one", "up 1_000", "1 1", 'up{x="1} 1', "up{x=1} 1", 'up{x="1",x="2"} 1', "up 1 2 3", '{x="1"} 1']
)
def test_a_line_that_is_no_metric_fails_the_page(line):
    with pytest.raises(Failed, match="no metric") as failed:
        page_of(f"fine 1\n{line}\n")
    assert failed.value.outcome == "parse_error"


@protects("S5", off={"monitoring.connectors.prometheus_text.exposition.printable": lambda line: line})
def test_of_a_line_that_is_no_metric_sixty_printable_characters_are_shown():
    with pytest.raises(Failed) as failed:
        page_of("\x1b[31mred " + "x" * 200 + "\n")
    assert str(failed.value) == "A line of the page is no metric: “?[31mred " + "x" * 51 + "”."


def test_times_are_milliseconds_in_the_old_format_and_seconds_in_the_new():
    assert only(page_of("up 1 1772442000000\n")).at == MONDAY
    assert only(page_of("up 1 1772442000.0\n# EOF", OPEN)).at == MONDAY


def test_only_the_named_series_are_read():
    assert list(page_of("up 1\nother nonsense\n", names=["up"]).samples) == ["up"]


def test_a_page_is_read_alike_again_whatever_was_read_before():
    text = 'up{x="1"} 1\nup{x="1 2"} 3\nup{x="1"} 1 1772442000000\n'
    assert page_of(text) == page_of(text) == page_of(text, names=["up"])
    page_of("up 1\nup{} 1 5\n")
    with pytest.raises(Failed, match="no metric"):
        page_of("up one\n")
    assert page_of("up one\nother 1\n", names=["other"]).samples.keys() == {"other"}


def test_the_memory_of_series_is_bounded(monkeypatch):
    monkeypatch.setattr(exposition, "MOST_KNOWN", 3)
    monkeypatch.setattr(exposition, "_known", {})
    page_of("".join(f"up{n} 1\n" for n in range(10)) + 'up{x="' + "x" * 1000 + '"} 1\n')
    assert len(exposition._known) <= 3


@pytest.mark.fault("F21")
def test_too_many_series_fail_as_a_whole_with_their_count():
    with pytest.raises(Failed, match="shows 3 series; at most 2") as failed:
        page_of("a 1\nb 1\nc 1\n", max_series=2)
    assert failed.value.outcome == "over_limit"


def test_the_order_of_labels_says_nothing():
    page = page_of('up{a="1",b="2"} 1\nup{b="2",a="1"} 1\n')
    assert len(page.samples["up"]) == 1


LABELS = ",".join(f'l{n}="{n}"' for n in range(65))
EXPOSITION = "monitoring.connectors.prometheus_text.exposition."


def refused(page, **more):
    with pytest.raises(Failed) as failed:
        page_of(page, **more)
    assert failed.value.outcome == "over_limit"
    return str(failed.value)


@protects("F21", off={EXPOSITION + "MOST_LABELS": 10**6})
def test_too_many_labels_fail_the_page_with_their_count():
    assert refused(f"up{{{LABELS}}} 1\n") == "A series has 65 labels; at most 64 are read."


@protects("F21", off={EXPOSITION + "LONGEST_LABEL": 10**6})
@pytest.mark.parametrize("series", ['up{{x="{0}"}}', 'up{{{0}="x"}}', "{0}"])
def test_long_names_and_labels_fail_the_page_with_their_length(series):
    assert (
        refused(series.format("x" * 2001) + " 1\n") == "A label of a series has 2001 characters; at most 2000 are read."
    )


@protects("F21", off={EXPOSITION + "LINES_PER_SERIES": 10**6})
def test_many_comments_are_counted_before_they_are_taken_apart():
    assert refused("#\n" * 21, max_series=2) == "The page has 21 lines; at most 20 are read."


@protects("F21", off={EXPOSITION + "LONGEST_LINE": 10**6})
def test_a_long_line_fails_the_page():
    assert refused("# " + "x" * 16_384 + "\nup 1\n").startswith("A line of the page is longer than 16384")


@pytest.mark.fault("F24")
@protects("F24", off={EXPOSITION + "_require_whole": lambda *page: None})
@pytest.mark.parametrize(("page", "kind"), [("up 1\nup 1", "text/plain"), ("up 1\n", OPEN)])
def test_half_a_page_does_not_pass_for_a_whole_one(page, kind):
    with pytest.raises(Failed) as failed:
        page_of(page, kind)
    assert failed.value.outcome == "cut"


@pytest.mark.fault("F25")
@protects("F25", off={EXPOSITION + "_text": lambda body, kind: body.decode("utf-8", "surrogatepass")})
@pytest.mark.parametrize("label", [b"\0", b"\xed\xa0\x80"], ids=["NUL", "half of a pair"])
def test_what_no_database_holds_fails_the_page(label):
    with pytest.raises(Failed) as failed:
        read_page(b'up{x="' + label + b'"} 1\n', "text/plain", max_series=5)
    assert failed.value.outcome == "parse_error"
