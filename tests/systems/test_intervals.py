from datetime import timedelta

import pytest

from mlops_portal.engine.models import Change
from systems.actions.readiness import answer_question
from systems.models import Interval
from systems.models.interval import seed_intervals
from systems.models.runbook import review_after

pytestmark = pytest.mark.django_db
PAGE = "/settings/intervals/"
DAYS = {"tier_1": 30, "tier_2": 120, "tier_3": 60, "tier_4": 180}


def test_the_same_days_hold_for_runbooks_and_answers(client, manager, system, now):
    client.force_login(manager)
    client.post(PAGE, DAYS | {"version": 4})
    assert review_after(system) == timedelta(days=60)
    said = {"text": "By hand.", "confidence": "partial", "by": manager, "at": now}
    assert answer_question(system=system, key="load", **said).expires_at == now + timedelta(days=60)


def test_what_is_set_is_on_the_trail_and_survives_a_release(client, manager):
    client.force_login(manager)
    client.post(PAGE, DAYS | {"version": 4})
    seed_intervals()
    assert Interval.objects.get(tier=1).every.days == 30
    assert [row.object for row in Change.objects.filter(kind="interval")] == ["tier 3", "tier 1"]


@pytest.mark.parametrize("days", ["6", "731", "soon", ""])
def test_days_that_cannot_be_are_said_at_their_field(client, manager, days):
    client.force_login(manager)
    page = client.post(PAGE, DAYS | {"version": 4, "tier_2": days})
    assert (page.status_code, list(page.context["form"].errors)) == (422, ["tier_2"])


def test_who_saves_second_is_told_what_stands_and_may_save_again(client, manager):
    client.force_login(manager)
    client.post(PAGE, DAYS | {"version": 4})
    page = client.post(PAGE, DAYS | {"tier_1": 45, "version": 4})
    assert (page.status_code, "tier 1: 30 days" in page.content.decode()) == (412, True)
    client.post(PAGE, DAYS | {"tier_1": 45, "version": page.context["form"]["version"].value()})
    assert Interval.objects.get(tier=1).every.days == 45
