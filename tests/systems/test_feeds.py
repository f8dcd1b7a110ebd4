from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from mlops_portal.engine.models import Change
from mlops_portal.engine.versions import Stale
from systems.actions.contracts import put_contract
from systems.actions.dependencies import set_dependencies
from systems.actions.feeds import add_feed, edit_feed
from systems.actions.people import deactivate_person
from systems.actions.registry import recheck
from systems.models import Feed, Outcome, Phase, System
from systems.spans import seconds_of, spelled
from tests.factories import FeedFactory, SystemFactory
from tests.systems.contracts import CONTRACT

pytestmark = pytest.mark.django_db


@pytest.fixture
def feed(viewer):
    return FeedFactory(slug="events", name="Customer events", owner=viewer)


@pytest.fixture
def found(system, manager, now):
    """Return what the check says of the system, which runs and depends on `feeds`."""

    def look(*feeds):
        System.objects.filter(pk=system.pk).update(phase=Phase.OPERATIONS)
        set_dependencies(system=system, feeds=feeds, by=manager, at=now)
        recheck(system)
        outcome = Outcome.objects.get(system=system, check_key="feeds_described")
        return outcome.outcome, outcome.why

    return look


def test_a_feed_is_added_and_edited_with_a_trail(manager, viewer, now):
    facts = {"name": "Events", "owner": viewer, "arrival": "stream", "freshness_s": 900, "fallback": ""}
    feed = add_feed(slug="events", by=manager, at=now, **facts)
    assert edit_feed(feed=feed, by=manager, at=now, seen=1, freshness_s=600).version == 2
    assert edit_feed(feed=feed, by=manager, at=now, seen=2, freshness_s=600).version == 2
    trail = Change.objects.filter(kind="feed", object="events").values_list("verb", "after")
    assert [verb for verb, _ in trail] == ["edited", "added"]
    assert trail[0][1] == {"freshness_s": 600}


def test_whoever_saw_another_version_changes_nothing(feed, manager, now):
    edit_feed(feed=feed, by=manager, at=now, seen=1, name="Other")
    with pytest.raises(Stale):
        edit_feed(feed=feed, by=manager, at=now, seen=1, name="Mine")


@pytest.mark.parametrize(
    "facts", [{"slug": "EVENTS"}, {"slug": "b", "freshness_s": 0}, {"slug": "c", "max_delay_s": 0}]
)
def test_the_database_refuses_what_no_door_lets_through(feed, facts):
    with pytest.raises(IntegrityError), transaction.atomic():
        FeedFactory(**facts)


@pytest.mark.parametrize(
    ("text", "seconds"), [("15 minutes", 900), ("26h", 93_600), ("1 Day", 86_400), ("90 s", 90), (" 2 min ", 120)]
)
def test_stretches_of_time_are_read_as_people_write_them(text, seconds):
    assert seconds_of(text) == seconds_of(spelled(seconds)) == seconds


@pytest.mark.parametrize("text", ["-5 minutes", "5", "soon", "5 parsecs", "", "1.5 hours", "9" * 12 + " s"])
def test_what_is_no_stretch_of_time_is_refused(text):
    with pytest.raises(ValueError):
        seconds_of(text)


def test_a_system_that_names_no_feed_fails(found):
    assert found() == ("fail", "Nobody has named the feed that its data comes from.")


def test_a_feed_without_a_contract_in_force_fails(found, feed, manager, now):
    put_contract(feed=feed, text=CONTRACT.replace("active", "draft"), by=manager, at=now)
    assert found(feed) == ("fail", "The feed Customer events has no contract in force.")


def test_a_feed_that_lacks_nothing_passes_until_its_contract_is_retired(found, feed, manager, now):
    put_contract(feed=feed, text=CONTRACT, by=manager, at=now)
    assert found(feed)[0] == "pass"
    put_contract(feed=feed, text=CONTRACT.replace("active", "retired"), by=manager, at=now + timedelta(days=1))
    assert Outcome.objects.get(check_key="feeds_described").outcome == "fail"


def test_all_that_a_feed_lacks_is_said_and_how_many_more_lack_something(found, feed, viewer, manager):
    Feed.objects.update(fallback="")
    deactivate_person(person=viewer, by=None)
    assert found(feed, FeedFactory(owner=manager))[1] == (
        "The feed Customer events has no contract in force and does not say what is done when it is unavailable and "
        "has an owner who may no longer sign in. 1 more of its feeds lack something."
    )


def test_research_is_not_asked(system):
    recheck(system)
    assert Outcome.objects.get(system=system, check_key="feeds_described").outcome == "not_applicable"


def test_many_systems_take_as_few_queries_as_one(feed, manager, now, django_assert_max_num_queries):
    for system in SystemFactory.create_batch(12, phase=Phase.OPERATIONS):
        set_dependencies(system=system, feeds=[feed], by=manager, at=now)
    with django_assert_max_num_queries(24):
        put_contract(feed=feed, text=CONTRACT, by=manager, at=now)
    assert Outcome.objects.filter(check_key="feeds_described", outcome="pass").count() == 12
