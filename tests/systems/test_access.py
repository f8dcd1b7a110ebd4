"""The table of who may what: what it says, and the page that is made of it."""

from io import StringIO

import pytest
from django.core.management import call_command

from mlops_portal.startup.embedded import ROOT
from systems.access import RULES

PAGE = ROOT / "docs/security/who-may-what.md"


def test_the_page_says_what_the_table_says():
    out = StringIO()
    call_command("rules", stdout=out)
    assert PAGE.read_text() == out.getvalue(), f"make it anew: manage.py rules > {PAGE.relative_to(ROOT)}"


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("read", "Everybody who is signed in."),
        ("system.register", "Data scientists and managers."),
        ("system.edit", "Data scientists of its team, administrators of its team, and managers."),
    ],
)
def test_a_rule_says_who_may(rule, sentence):
    assert RULES[rule].sentence == sentence
