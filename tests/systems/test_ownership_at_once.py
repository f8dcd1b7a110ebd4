"""A role is handed on by one of those who hand it on at once (S15)."""

import pytest
from django.utils import timezone

from mlops_portal.engine.versions import Stale
from systems.actions.ownership import assign_role
from systems.models import Holding
from tests.at_once import at_once
from tests.callers import caller
from tests.factories import HoldingFactory, PersonFactory
from tests.protections import protects


@protects("S15", off={"systems.actions.ownership.present": lambda chain, system, role, seen: chain[0]})
@pytest.mark.django_db(transaction=True)
def test_of_twenty_who_hand_a_role_on_at_once_one_does():
    held, now = HoldingFactory(), timezone.now()

    def hand_on(person):
        return assign_role(system=held.system, role=held.role, person=person, by=None, at=now, seen=held.version)

    done, refused = at_once(hand_on, PersonFactory.create_batch(20), refusals=(Stale,))
    assert (len(done), len(refused)) == (1, 19)
    assert Holding.objects.current().get().person == done[0].person


@protects("S15", off={"systems.actions.ownership.present": lambda chain, system, role, seen: chain[0]})
def test_handing_on_what_somebody_else_has_handed_on_is_412(manager, holder, viewer, teammate):
    address, seen = "systems/churn/owners/product_owner/", {"HTTP_IF_MATCH": '"1"'}
    assert caller(manager).put(address, {"person": "viewer"}, **seen).status_code == 200
    assert caller(manager).put(address, {"person": "teammate"}, **seen).status_code == 412
    assert Holding.objects.current().get(system__slug="churn").person == viewer
