"""The table of who may what: what it says, and the page that is made of it."""

from io import StringIO

import pytest
from django.core.management import call_command

from mlops_portal.startup.embedded import ROOT
from systems.access import RULES, Rights
from tests.factories import SystemFactory

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


@pytest.mark.django_db
def test_rights_to_many_systems_are_asked_at_once(data_scientist, holder, system, django_assert_num_queries):
    other = SystemFactory()
    systems = [system, other]
    with django_assert_num_queries(2):  # whose team they are of, and who is product owner of the rest
        rights = Rights(data_scientist, systems)
        assert [rights.may(rule, one) for rule in ("system.edit", "plan.write") for one in systems] == [True, False] * 2
    with django_assert_num_queries(1):
        rights = Rights(holder, systems)
        assert [rights.may("answer.write", one) for one in systems] == [True, False]


@pytest.mark.django_db
def test_who_may_only_look_has_nothing_to_mend_there(viewer, manager, system):
    owner, metric = "/systems/churn/owners/data_owner/", "/systems/churn/#quality"
    assert [Rights(who, [system]).may_mend(owner, system) for who in (viewer, manager)] == [False, True]
    assert Rights(viewer, [system]).may_mend(metric, system)
    assert not Rights(manager, [system]).may_mend("/nowhere/", system)
