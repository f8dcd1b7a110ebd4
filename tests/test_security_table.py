"""The table of protections in the docs: a row is proved by tests that miss its protection, or it says why not."""

import re

import pytest

from mlops_portal.startup.embedded import ROOT

ROWS = [f"S{n}" for n in range(1, 43)]
TABLE = ROOT / "docs/security/README.md"
WITHOUT_TEST = ("does not apply", "not built yet", "cannot be switched off")


def proofs() -> dict[str, set[str]]:
    """Return by row the names of the tests that are marked as its proof."""
    found: dict[str, set[str]] = {}
    block = re.compile(r"((?:^@.*\n(?:^[ )\]}].*\n)*)+)^def (test_\w+)", re.MULTILINE)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for decorators, name in block.findall(path.read_text()):
            for row in re.findall(r'@protects\(\s*"(S\d+)"', decorators):
                found.setdefault(row, set()).add(f"{path.relative_to(ROOT / 'tests')}::{name}")
    return found


def told() -> dict[str, str]:
    """Return by row what the docs say of it."""
    return dict(re.findall(r"(?m)^\| (S\d+) \| (.+) \|$", TABLE.read_text()))


def test_the_table_has_every_row():
    assert sorted(told(), key=ROWS.index) == ROWS


@pytest.mark.parametrize("row", ROWS)
def test_a_row_names_a_test_that_misses_its_protection_or_says_why_there_is_none(row):
    named = set(re.findall(r"`([\w/]+\.py)`", told()[row]))
    proved = {proof.partition("::")[0] for proof in proofs().get(row, set())}
    assert named == proved
    assert proved or any(words in told()[row].lower() for words in WITHOUT_TEST)
