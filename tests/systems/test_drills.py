from datetime import timedelta

import pytest

from mlops_portal.engine.models import Change
from systems.actions.drills import record_drill
from systems.actions.registry import recheck
from systems.actions.versions import AlreadyThere
from systems.feeds import drills_of
from systems.models import Outcome, Phase, System
from tests.factories import SystemFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def tried(system, manager, now):
    """Record that a situation was tried so many days ago in the system, which is in operations."""
    System.objects.filter(pk=system.pk).update(phase=Phase.OPERATIONS, tier=2)
    system.refresh_from_db()

    def act(situation="feed_unavailable", days=0, result="passed", **facts):
        at = now - timedelta(days=days)
        return record_drill(system=system, situation=situation, result=result, by=manager, at=at, **facts)

    return act


def _found(system, situation="feed_unavailable"):
    return Outcome.objects.get(system=system, check_key=f"drill_{situation}")


def test_a_drill_is_recorded_once_for_a_moment_with_a_trail(tried):
    drill = tried("load", rate=50.0)
    with pytest.raises(AlreadyThere):
        tried("load", rate=60.0)
    assert Change.objects.get(kind="drill").after["rate"] == drill.rate == 50.0


@pytest.mark.parametrize(("tier", "days"), [(1, 90), (2, 120), (3, 180), (4, 180)])
def test_the_tier_says_when_a_drill_lapses(system, tried, tier, days):
    drill = tried()
    drill.system.tier = tier
    assert drill.due_on == (drill.at + timedelta(days=days)).date()


def test_what_was_never_tried_fails(system, tried):
    recheck(system)
    assert _found(system).outcome == "fail"
    assert "Nobody has tried “The feed is unavailable” yet" in _found(system).why
    assert _found(system).url == "/systems/churn/drills/"


@pytest.mark.parametrize(
    ("days", "result", "outcome"), [(5, "passed", "pass"), (5, "failed", "fail"), (121, "passed", "fail")]
)
def test_a_drill_counts_while_it_is_fresh_and_held(system, tried, days, result, outcome):
    tried(days=days, result=result)
    assert _found(system).outcome == outcome


def test_the_newest_drill_counts(system, tried):
    tried(days=9)
    tried(days=2, result="failed")
    assert _found(system).outcome == "fail"
    tried(days=1)
    assert _found(system).outcome == "pass"


@pytest.mark.parametrize(("tier", "outcome"), [(1, "fail"), (2, "fail"), (3, "not_applicable"), (4, "not_applicable")])
def test_load_and_odd_input_are_asked_of_the_first_two_tiers(db, tier, outcome):
    system = SystemFactory(tier=tier, phase=Phase.OPERATIONS)
    recheck(system)
    assert {_found(system, one).outcome for one in ("load", "anomalous_input")} == {outcome}
    assert _found(system).outcome == "fail"


def test_what_was_tried_beyond_what_is_asked_is_shown(system, tried):
    tried("rollback", days=3)
    shown = {one.situation: one for one in drills_of(system)}
    assert list(shown) == ["feed_unavailable", "anomalous_input", "load", "rollback"]
    assert (shown["rollback"].is_required, shown["load"].is_required) == (False, True)
