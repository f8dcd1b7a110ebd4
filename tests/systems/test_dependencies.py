import pytest
from django.db import IntegrityError, transaction

from mlops_portal.engine.models import Change
from mlops_portal.engine.versions import Stale
from systems.actions.dependencies import Circular, set_dependencies
from systems.feeds import dependencies_of
from systems.models import Dependency, System
from tests.factories import FeedFactory, SystemFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def depend(manager, now):
    return lambda system, *systems, by=manager, **how: set_dependencies(
        system=system, systems=systems, by=by, at=now, **how
    )


@pytest.fixture
def chain(depend):
    """Three systems, each of which needs the next."""
    systems = [SystemFactory(name=name) for name in ("A", "B", "C")]
    depend(systems[0], systems[1])
    depend(systems[1], systems[2])
    return systems


def test_what_is_set_takes_the_place_of_what_was(system, depend):
    first, second = SystemFactory(), SystemFactory()
    depend(system, first)
    depend(system, second)
    assert [one.on_system for one in system.dependencies.all()] == [second]


def test_what_is_not_named_is_left_alone(system, depend, manager, now):
    set_dependencies(system=system, feeds=[FeedFactory()], by=manager, at=now)
    depend(system, SystemFactory())
    assert system.dependencies.count() == 2


def test_the_same_again_changes_nothing_and_leaves_no_trail(system, depend):
    other = SystemFactory()
    assert depend(system, other).version == depend(system, other).version == 2
    assert Change.objects.filter(kind="dependencies").count() == 1


def test_a_circle_is_refused_by_its_name(chain, depend):
    with pytest.raises(Circular, match=r"in a circle: C → A → B → C\."):
        depend(chain[2], chain[0])
    assert not chain[2].dependencies.exists()


def test_a_system_that_needs_itself_is_a_circle(system, depend):
    with pytest.raises(Circular):
        depend(system, system)


def test_a_circle_over_what_one_may_not_see_does_not_name_it(chain, depend, stranger):
    System.objects.filter(pk=chain[1].pk).update(restricted=True)
    with pytest.raises(Circular, match=r"C → A → a system that you may not see → C\."):
        depend(chain[2], chain[0], by=stranger)


def test_two_ways_to_the_same_system_are_no_circle(chain, depend):
    depend(chain[0], chain[1], chain[2])
    assert chain[0].dependencies.count() == 2


def test_what_one_may_not_see_stays(system, depend, data_scientist):
    hidden, other = SystemFactory(restricted=True), SystemFactory()
    depend(system, hidden)
    depend(system, other, by=data_scientist)
    assert {one.on_system for one in system.dependencies.all()} == {hidden, other}


def test_a_restricted_system_leaks_on_neither_side_nor_in_the_trail(system, depend, viewer):
    hidden = SystemFactory(slug="secret", name="Secret", restricted=True)
    depend(system, hidden)
    depend(hidden, SystemFactory())
    seen = dependencies_of(system, viewer)
    assert (seen["systems"], seen["dependents"]) == ([], [])
    assert Change.objects.get(kind="dependencies", system=system.slug).after == {"systems": ["a restricted system"]}


def test_whoever_saw_another_version_changes_nothing(system, depend):
    depend(system, SystemFactory())
    with pytest.raises(Stale):
        depend(system, seen=1)


@pytest.mark.parametrize("on", [{}, {"on_system": True, "on_feed": True}, {"on_itself": True}])
def test_the_database_refuses_what_the_action_would(system, on):
    rows = {"on_system": SystemFactory() if "on_system" in on else None}
    rows |= {"on_feed": FeedFactory() if "on_feed" in on else None}
    rows |= {"on_system": system} if "on_itself" in on else {}
    with pytest.raises(IntegrityError), transaction.atomic():
        Dependency.objects.create(system=system, **rows)
