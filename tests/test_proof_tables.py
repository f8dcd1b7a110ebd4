"""Tables in the docs, of protections and of faults: a row names the tests that prove it, or says why there is none."""

import re

import pytest

from mlops_portal.startup.embedded import ROOT

TABLES = {
    "docs/security/README.md": [f"S{n}" for n in range(1, 43)],
    "docs/operations/faults.md": [f"F{n}" for n in range(1, 36)],
}
ROWS = [(table, row) for table, rows in TABLES.items() for row in rows]
WITHOUT_TEST = ("does not apply", "not built yet", "cannot be switched off")


def proofs() -> dict[str, set[str]]:
    """Return by row the files of the tests that are marked as its proof."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        text = path.read_text()
        marked = re.findall(r'(?m)^@protects\(\s*"([SF]\d+)"', text)
        for rows in re.findall(r"(?m)^@pytest\.mark\.fault\(([^)]+)\)", text):
            marked += re.findall(r'"(F\d+)"', rows)
        for row in marked:
            found.setdefault(row, set()).add(str(path.relative_to(ROOT / "tests")))
    return found


def told(table: str) -> dict[str, str]:
    """Return by row what the docs say of it."""
    return dict(re.findall(r"(?m)^\| ([SF]\d+) \| (.+) \|$", (ROOT / table).read_text()))


@pytest.mark.parametrize("table", TABLES)
def test_the_table_has_every_row(table):
    assert sorted(told(table), key=TABLES[table].index) == TABLES[table]


def test_nothing_else_is_proved():
    assert proofs().keys() <= {row for _, row in ROWS} | {"S0"}  # S0 is that of the tests of proving itself


@pytest.mark.parametrize(("table", "row"), ROWS)
def test_a_row_names_the_tests_that_prove_it_or_says_why_there_is_none(table, row):
    text = told(table)[row]
    assert set(re.findall(r"`([\w/]+\.py)`", text)) == proofs().get(row, set())
    assert proofs().get(row) or any(words in text.lower() for words in WITHOUT_TEST)
