import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from monitoring.charts import Limit, LineChart, Mark, Span, draw
from monitoring.charts.line import Era

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def hours(*values):
    return [(MONDAY + timedelta(hours=hour), value) for hour, value in enumerate(values)]


def path(drawing, name):
    return re.search(rf'class="{name}" d="([^"]*)"', drawing.plot_svg)[1]


def test_the_line_runs_from_edge_to_edge_on_the_time_axis():
    drawn = path(draw(LineChart("", hours(0, 1, 0))), "chart-series")
    assert [spot.split()[0] for spot in drawn[1:].split("L")] == ["0.0", "500.0", "1000.0"]


@pytest.mark.parametrize("missing", [None, float("nan"), float("-inf")])
def test_a_missing_value_breaks_the_line(missing):
    assert path(draw(LineChart("", hours(1, 2, missing, 2, 1))), "chart-series").count("M") == 2


def test_a_pause_longer_than_the_rhythm_breaks_the_line():
    points = [*hours(1, 2), (MONDAY + timedelta(hours=9), 1.0), (MONDAY + timedelta(hours=10), 2.0)]
    assert path(draw(LineChart("", points, gap_s=7200)), "chart-series").count("M") == 2
    assert path(draw(LineChart("", points)), "chart-series").count("M") == 1


def test_baseline_limits_and_band_are_inside_the_picture():
    band = [(MONDAY, 3.0, 8.0), (MONDAY + timedelta(hours=1), 3.0, 8.0)]
    chart = LineChart("", hours(5, 6), band=band, baseline=9.0, limits=[Limit(2.0, "lower limit")])
    low, high = draw(chart).y_range
    assert low < 2 < 9 < high


def test_the_ribbon_of_versions_covers_no_limit():
    eras = [Era(MONDAY, MONDAY + timedelta(hours=2), "3.0")]
    drawing = draw(LineChart("", hours(5, 6, 5), limits=[Limit(2.0, "lower limit")], eras=eras))
    ribbon = float(re.search(r"M[\d.]+ ([\d.]+)", path(drawing, "chart-era chart-era-0"))[1])
    low, high = drawing.y_range
    assert 1000 * (high - 2.0) / (high - low) < ribbon


def test_points_outside_the_asked_range_are_left_out():
    chart = LineChart("", hours(1, 2, 900), from_at=MONDAY, to_at=MONDAY + timedelta(hours=1))
    assert draw(chart).y_range[1] < 3


def test_a_mark_outside_the_range_is_not_shown():
    late = Mark(MONDAY + timedelta(days=9), "incident", "Incident 41")
    assert list(draw(LineChart("", hours(1, 2), marks=[late])).marks) == []


def test_a_span_that_began_earlier_is_cut_at_the_edge():
    span = Span(MONDAY - timedelta(days=3), MONDAY + timedelta(hours=1), "Change")
    assert path(draw(LineChart("", hours(1, 2, 3), spans=[span])), "chart-span") == "M0.0 0H500.0V1000H0.0Z"


def test_no_axes_are_made_up_for_nothing():
    drawing = draw(LineChart("No data for 6 hours.", []))
    assert drawing.is_empty
    assert drawing.plot_svg == drawing.text_svg == ""


def test_an_asked_range_without_points_is_an_empty_frame():
    drawing = draw(LineChart("", [], from_at=MONDAY, to_at=MONDAY + timedelta(days=1)))
    assert drawing.is_empty
    assert "chart-series" not in drawing.plot_svg
    assert "12:00" in drawing.text_svg


def test_one_point_alone_is_drawn():
    assert "h.01" in path(draw(LineChart("", hours(5))), "chart-series")


def test_texts_are_escaped_and_both_pictures_are_well_formed():
    hostile = '<script>"&'
    mark = Mark(MONDAY, "incident", hostile)
    drawing = draw(LineChart(hostile, hours(1, 2), marks=[mark]))
    assert ElementTree.fromstring(drawing.plot_svg).get("aria-label") == hostile
    assert ElementTree.fromstring(drawing.text_svg).find(".//title").text == hostile
