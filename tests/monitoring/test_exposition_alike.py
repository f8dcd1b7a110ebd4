"""Of whatever text prometheus-client's parsers accept, ours reads the same values, or refuses the page: never others.

What the format allows is read alike without exception. Beyond it, prometheus-client takes what Prometheus does not,
such as two values on a line; there a refusal with its sentence is right, another value never.
"""

import math
from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics import parser as open_parser
from prometheus_client.parser import text_string_to_metric_families

from monitoring.connectors.connector import Failed
from monitoring.connectors.prometheus_text.exposition import read_page

OPEN = "application/openmetrics-text; version=1.0.0"
NAMES = ["up", "a:b_c", "x_total", "h_bucket", "nan", "inf", "e1"]
ALIKE = settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def theirs(text: str, is_open: bool) -> dict | None:
    """Return what prometheus-client reads, None where it refuses; of a series that is there twice, all its values."""
    parse = open_parser.text_string_to_metric_families if is_open else text_string_to_metric_families
    found: dict = {}
    try:
        for family in parse(text):
            is_renamed = family.type == "counter" and not is_open
            for sample in family.samples:
                for name in {sample.name, sample.name.removesuffix("_total") if is_renamed else sample.name}:
                    value = plain(sample.value)
                    found.setdefault((name, frozenset((sample.labels or {}).items())), []).append(value)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError):
        return None
    return found


def plain(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def ours(text: str, is_open: bool, names: Iterable[str] | None = None) -> dict:
    page = read_page(text.encode(), OPEN if is_open else "text/plain", max_series=5000, names=names)
    return {(one.name, frozenset(one.labels)): one.value for found in page.samples.values() for one in found}


def is_same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))


def require_alike(text: str, is_open: bool, names: Iterable[str] | None = None) -> None:
    known = theirs(text, is_open)
    assert known is not None
    read = ours(text, is_open, names)
    wanted = {key for key in known if names is None or key[0] in names}
    for key, value in read.items():
        assert any(is_same(value, other) for other in known[key]), (key, value, known[key])
    spelled = {(name.removesuffix("_total"), labels) for name, labels in read}
    assert {(name.removesuffix("_total"), labels) for name, labels in wanted} == spelled


text_of_labels = st.text(st.sampled_from('ab1 {}",=#\\\nü\t_:é'), max_size=8)
blanks = st.sampled_from(["", " ", "\t", "  "])
gaps = st.sampled_from([" ", "  ", " \t"])
numbers = st.one_of(
    st.floats().map(repr),
    st.integers(-(10**20), 10**20).map(str),
    st.sampled_from(["NaN", "+Inf", "-Inf", "1e3", "+1", "-0", ".5", "5.", "1E-7", "Nan", "inf", "1e400", "007"]),
)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


@st.composite
def series(draw, is_open: bool) -> str:
    """A series as it may be written: labels in any order, blanks, a last comma, a name that needs quotes."""
    blank = st.just("") if is_open else blanks
    names = draw(st.lists(st.sampled_from(["a", "b", "le", "x_1", "model"]), unique=True, max_size=4))
    labels = [
        f"{draw(blank)}{name}{draw(blank)}={draw(blank)}{quoted(draw(text_of_labels))}{draw(blank)}" for name in names
    ]
    if draw(st.booleans()):
        name, inside = draw(st.sampled_from(NAMES)), labels
    else:
        name, inside = "", [quoted(draw(st.sampled_from(["my.name", "ü", 'a"b', "a b", "{}", "a\\n"]))), *labels]
    comma = "," if inside and not is_open and draw(st.booleans()) else ""
    braces = f"{{{','.join(inside)}{comma}}}" if inside or draw(st.booleans()) else ""
    return f"{name}{braces}"


@st.composite
def classic_line(draw) -> str:
    time = f"{draw(gaps)}{draw(st.integers(-(10**12), 10**13))}" if draw(st.booleans()) else ""
    end = draw(st.sampled_from(["", " ", "\t", "\r"]))
    one, value = draw(series(is_open=False)), draw(numbers)
    gap = "\t" if draw(st.booleans()) and not time else " "
    return f"{draw(blanks)}{one}{gap}{value}{time.replace(chr(9), ' ')}{end}"


@st.composite
def open_line(draw) -> str:
    one, value = draw(series(is_open=True)), draw(numbers)
    time = f" {draw(st.sampled_from(['1', '1.5', '1772442000.123456789', '1e3', '-5']))}" if draw(st.booleans()) else ""
    trace = f" # {{trace={quoted(draw(text_of_labels))}}} 0.5" if draw(st.booleans()) else ""
    return f"{one} {value}{time}{trace}"


comments = st.sampled_from(
    [
        "",
        "# a word",
        "#",
        "# HELP up what \\n it \\\\ says",
        "# TYPE up gauge",
        "# TYPE x_total counter",
        "# TYPE e1 counter",
    ]
)


@given(st.lists(st.one_of(classic_line(), comments), max_size=8))
@example(["up 1", "up\t1", 'up{b="2",a="1"} 1', 'up{a="1",b="2",} 1'])
@example(['up{a="\\\\n\\x"} NaN', 'up{a="\\\\n\\x"} NaN'])
@ALIKE
def test_the_classic_format_is_read_as_prometheus_client_reads_it(lines):
    text = "".join(f"{line}\n" for line in [*lines, "last 1"])
    if any(not is_same(one, values[0]) for values in theirs(text, is_open=False).values() for one in values):
        with pytest.raises(Failed, match="twice, with different values"):  # theirs gives both; which holds?
            ours(text, is_open=False)
        return
    require_alike(text, is_open=False)
    require_alike(text, is_open=False, names=["up", "my.name", "x_total"])


@given(st.lists(open_line(), max_size=1))
@example(['up{a="1"} 5 1.5 # {trace="} 3 #"} 0.5 1772442000.1'])
@example(['up 5 # {trace="x"} 0.5'])
@ALIKE
def test_openmetrics_is_read_as_prometheus_client_reads_it(lines):
    text = "".join(f"{line}\n" for line in [*lines, "last 1"]) + "# EOF\n"
    if theirs(text, is_open=True) is not None:
        require_alike(text, is_open=True)


@given(st.lists(classic_line(), min_size=1, max_size=3), st.data())
@settings(ALIKE, max_examples=1500)
def test_a_text_that_was_tampered_with_gives_their_values_or_a_refusal(lines, data):
    text = "\n".join(lines)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 2))
        text = (
            text[:at]
            + data.draw(st.text(st.sampled_from(' \t{}",=\\#_1neE+-.a:\r\x0b\u00a0٣'), max_size=3))
            + text[at + cut :]
        )
    text += "\n"
    for is_open in (False, True):
        whole = text + "# EOF\n" * is_open
        known = theirs(whole, is_open)
        try:
            read = ours(whole, is_open)
        except Failed:
            continue
        bare: dict = {}  # their parser of OpenMetrics leaves blanks around a name
        for (name, labels), values in (known or {}).items():
            bare.setdefault((name.strip(), labels), []).extend(values)
        for (name, labels), value in read.items() if known is not None else ():
            assert any(is_same(value, other) for other in bare[name.strip(), labels]), (name, value, bare)


@pytest.mark.parametrize("text", ["up 1 2 3\n", 'up{,a="1"} 1\n', 'a:b{a:b="1"} 1\n', "up ٣\n", "up 1 9e99\n"])
def test_what_theirs_takes_and_the_format_does_not_allow_is_refused(text):
    assert theirs(text, is_open=False) is not None
    with pytest.raises(Failed):
        ours(text, is_open=False)
