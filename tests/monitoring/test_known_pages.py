"""A page that differs in values alone is read by its known lines, and never otherwise than the long way reads it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.connectors.connector import Failed, Wanted
from monitoring.connectors.prometheus_text.exposition import read_page
from monitoring.connectors.prometheus_text.known import Pages
from monitoring.connectors.prometheus_text.selecting import take

AT = datetime(2026, 3, 2, tzinfo=UTC)
KIND = "text/plain; version=0.0.4"
PAGE = '# TYPE up gauge\nup{a="x y",b="2"} 1\nup{a="z"} 2\nhits_total 7\nother 3 1700000000000\n# EOF\n'
WANTED = [
    Wanted(1, {"series": "up", "labels": {"b": "2"}}),
    Wanted(2, {"series": "up", "labels": {"a": "z"}, "take": "value"}),
    Wanted(3, {"series": "hits_total", "take": "rate"}),
]


def known(page=PAGE, kind=KIND, wanted=WANTED):
    pages = Pages()
    names = {one.selector["series"] for one in wanted}
    read = read_page(page.encode(), kind, max_series=100, names=names)
    pages.remember("a", page.encode(), kind, wanted, page=read, max_series=100)
    return pages


def again(pages, page, kind=KIND, wanted=WANTED, most=100):
    return pages.read("a", page.encode(), kind, wanted, at=AT, max_series=most)


def test_new_values_are_read_by_the_known_lines():
    found = again(known(), PAGE.replace(" 1\n", " 0.5\n").replace(" 7\n", " 9\n"))
    assert {pk: one.value for pk, (one,) in found.readings.items()} == {1: 0.5, 2: 2.0}
    assert ([one.series_id for one in found.counted], found.page.find("hits_total", {})[0].value) == ([3], 9.0)


@pytest.mark.parametrize(
    "page",
    [
        PAGE + "up 4\n",
        PAGE.replace('a="z"', 'a="q"'),
        PAGE.replace("gauge", "counter"),
        PAGE.replace("hits_total 7\n", ""),
        PAGE.replace(" 7\n", " 7_0\n"),
        PAGE.replace(" 7\n", " seven\n"),
        PAGE.replace(" 2\n", " 2 17\n"),
        PAGE.replace("1700000000000", "1\0"),
        PAGE.replace("1700000000000", "ü"),
        PAGE.replace("1700000000000", "1" * 5000),
        PAGE[:-9],
        "",
    ],
)
def test_whatever_else_differs_is_read_the_long_way(page):
    assert again(known(), page) is None


def test_what_is_asked_or_said_otherwise_is_read_the_long_way():
    pages = known()
    assert again(pages, PAGE, kind="text/html") is None
    assert again(pages, PAGE, most=4) is None
    assert again(pages, PAGE, wanted=WANTED[:2]) is None
    assert again(pages, PAGE, wanted=[Wanted(1, {"series": "up", "labels": {"a": "z"}}), *WANTED[1:]]) is None


@pytest.mark.parametrize("line", ['up 1 # {trace="x"} 1', "up 1 1700000000", "up\t1", "up 1 "])
def test_a_line_whose_value_does_not_stand_last_is_never_known(line):
    pages = known(f"{line}\n# EOF\n", "application/openmetrics-text", [Wanted(1, {"series": "up"})])
    assert not pages.known


def test_no_number_is_a_note_and_no_reading():
    found = again(known(), PAGE.replace("} 1\n", "} NaN\n"))
    assert (list(found.readings), found.note) == ([2], "Its value is not a number.")


def test_no_more_is_kept_than_may_be():
    pages = known()
    pages.most_bytes = len(PAGE) + 10
    pages.remember(
        "b", PAGE.encode(), KIND, WANTED[:2], page=read_page(PAGE.encode(), KIND, max_series=99), max_series=99
    )
    assert (list(pages.known), pages.bytes) == (["b"], len(PAGE))


TOKEN = st.text("01.eE+-NaIinf_x #\t", max_size=6)


@given(TOKEN, TOKEN, st.sampled_from(['up{a="z"} ', "up ", 'up{a="z",b="1"} ']))
def test_it_never_says_otherwise_than_the_long_way(first, second, series):
    wanted = [Wanted(1, {"series": "up", "labels": {}})]
    try:
        pages = known(f"{series}{first}\n", wanted=wanted)
    except Failed:
        return
    page = f"{series}{second}\n"
    if (found := again(pages, page, wanted=wanted)) is not None:
        read = read_page(page.encode(), KIND, max_series=100, names={"up"})
        reading = take(read, wanted[0].selector, {}, AT).reading
        assert found.readings == ({1: [reading]} if reading else {})
