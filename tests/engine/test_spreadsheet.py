"""What a spreadsheet would run is text, what is a number stays one (S25)."""

import csv
import io
from types import SimpleNamespace

import pytest

from mlops_portal.engine.spreadsheet import csv_answer
from tests.protections import protects

RUNS = ["=1+1", "+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\x00=1", "＝1＋1", "＠x"]


def cells(*row) -> list[str]:
    text = csv_answer("x.csv", ["a"], [row], by=SimpleNamespace(pk=1)).content.decode()
    return list(csv.reader(io.StringIO(text, newline="")))[1]


@protects("S25", off={"mlops_portal.engine.spreadsheet._harmless": lambda cell: cell})
@pytest.mark.parametrize("text", RUNS)
def test_a_text_that_would_run_is_quoted(text):
    assert cells(text) == [f"'{text}"]


def test_numbers_and_other_texts_stay_as_they_are():
    assert cells(-2.5, +3, 0, None, "a=b", "", "1-2", " =") == ["-2.5", "3", "0", "", "a=b", "", "1-2", " ="]
