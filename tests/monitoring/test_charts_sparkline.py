import re

import pytest

from monitoring.charts import sparkline


def line(svg):
    return re.search(r'sparkline-line" d="([^"]*)"', svg)[1]


def test_the_line_rises_with_the_values():
    assert line(sparkline([1, 2], "rising")) == "M3.0 21.0L97.0 3.0"


@pytest.mark.parametrize("missing", [None, float("nan"), float("inf")])
def test_a_missing_value_breaks_the_line(missing):
    assert line(sparkline([1, 2, missing, 2, 1], "")).count("M") == 2


def test_a_value_alone_between_gaps_is_a_dot():
    assert "h.01" in line(sparkline([None, 1, None], ""))


def test_equal_values_lie_in_the_middle():
    assert line(sparkline([5, 5], "")) == "M3.0 12.0L97.0 12.0"


@pytest.mark.parametrize("values", [[], [None, None], [float("nan")]])
def test_nothing_to_draw_is_said_in_words(values):
    assert sparkline(values, "x") == '<span class="sparkline-empty">no data</span>'


def test_the_label_is_escaped():
    assert 'aria-label="&lt;b&gt; &quot;x&quot;"' in sparkline([1], '<b> "x"')
