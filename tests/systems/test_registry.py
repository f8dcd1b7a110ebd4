import pytest
from django.db import IntegrityError

from mlops_portal.engine.models import Change
from mlops_portal.engine.versions import Stale
from systems.actions.ownership import assign_role, confirm_role
from systems.actions.registry import edit_system, register_system, retire_system
from systems.models import Holding, Role, System
from tests.factories import HoldingFactory, SystemFactory


def _register(team, by, now, **facts):
    return register_system(by=by, at=now, **{"slug": "fraud", "name": "Fraud", "team": team, **facts})


def test_registering_is_in_the_audit_trail(team, data_scientist, now):
    _register(team, data_scientist, now)
    row = Change.objects.get(system="fraud")
    assert (row.by, row.verb, row.after["team"]) == ("data-scientist", "registered", "growth")


def test_a_registered_system_is_judged_at_once(team, data_scientist, now):
    assert _register(team, data_scientist, now).outcomes.failing().exists()


def test_a_slug_in_other_letters_is_the_same_slug(system, team):
    with pytest.raises(IntegrityError):
        SystemFactory(slug="CHURN", team=team)


def test_an_edit_counts_the_version_and_keeps_what_differs(system, data_scientist, now):
    edited = edit_system(system=system, by=data_scientist, at=now, seen=1, tier=1)
    assert edited.version == 2
    row = Change.objects.get(system="churn", verb="edited")
    assert (row.before, row.after) == ({"tier": 3}, {"tier": 1})


def test_an_edit_of_what_somebody_else_changed_is_refused(system, data_scientist, now):
    edit_system(system=system, by=data_scientist, at=now, seen=1, tier=1)
    with pytest.raises(Stale) as caught:
        edit_system(system=system, by=data_scientist, at=now, seen=1, tier=2)
    assert caught.value.now.tier == 1


def test_an_edit_that_changes_nothing_writes_nothing(system, data_scientist, now):
    edit_system(system=system, by=data_scientist, at=now, tier=system.tier)
    assert System.objects.get(pk=system.pk).version == 1
    assert not Change.objects.filter(system="churn").exists()


def test_retiring_keeps_the_row(system, data_scientist, now):
    retire_system(system=system, by=data_scientist, at=now)
    assert System.objects.get(slug="churn").retired_at == now
    assert not System.objects.in_use().filter(slug="churn").exists()


def test_a_new_holder_ends_the_holding_of_the_one_before(system, holder, viewer, manager, now):
    assign_role(system=system, role=Role.PRODUCT_OWNER, person=viewer, by=manager, at=now)
    held = Holding.objects.filter(system=system).order_by("from_at").values_list("person__username", "to")
    assert [(name, to is None) for name, to in held] == [("holder", False), ("viewer", True)]


def test_two_present_holders_of_one_role_are_refused(system, holder):
    with pytest.raises(IntegrityError):
        HoldingFactory(system=system, role=Role.PRODUCT_OWNER)


def test_confirming_moves_the_date(system, holder, now):
    [holding] = holder.holdings.all()
    assert confirm_role(holding=holding, by=holder, at=now).confirmed_at == now


@pytest.mark.parametrize(
    ("kind", "sees"),
    [("viewer", False), ("stranger", False), ("teammate", True), ("holder", True), ("manager", True)],
)
def test_who_sees_a_restricted_system(system, kind, sees, request):
    System.objects.filter(pk=system.pk).update(restricted=True)
    person = request.getfixturevalue(kind)
    assert System.objects.visible_to(person).filter(slug="churn").exists() is sees
