"""Feeds and dependencies in a system's file."""

import pytest
from django.core.exceptions import PermissionDenied

from mlops_portal.engine.plain_yaml import parse_yaml
from mlops_portal.engine.spec import Refused
from mlops_portal.spec import apply, export
from systems.actions.contracts import put_contract
from systems.actions.dependencies import set_dependencies
from systems.models import Contract, Feed, System
from tests.factories import FeedFactory, SystemFactory
from tests.systems.contracts import CONTRACT, PROPOSED

pytestmark = pytest.mark.django_db
EVENTS = {"name": "Events", "owner": "viewer", "arrival": "stream", "freshness_s": 900}


@pytest.fixture
def put(system, manager, viewer, now):
    """Apply a file with these sections to the system; return the steps that were done."""

    def act(by=manager, **sections):
        return apply({"version": 1} | sections, slug="churn", by=by, at=now, take_file=True).steps

    return act


def _refused(act) -> dict:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.errors


def test_a_feed_comes_with_its_contract_and_the_system_depends_on_it(put, system):
    contract = parse_yaml(CONTRACT.encode())
    put(feeds={"events": EVENTS | {"contract": contract}})
    feed = Feed.objects.get(dependencies__system=system)
    assert (feed.freshness_s, feed.contract_in_force().document) == (900, contract)
    assert export(system)["feeds"] == {"events": EVENTS | {"contract": contract}}


def test_the_evidence_of_freshness_comes_and_goes_with_the_file(put, system):
    evidence = {"system": "churn", "metric": "rows"}
    put(feeds={"events": EVENTS | {"evidence": evidence}})
    assert export(system)["feeds"]["events"]["evidence"] == evidence
    assert put(feeds=export(system)["feeds"]) == []
    put(feeds={"events": EVENTS | {"evidence": None}})
    assert "evidence" not in export(system)["feeds"]["events"]


def test_the_same_file_again_does_nothing(put):
    sections = {"feeds": {"events": EVENTS | {"contract": parse_yaml(CONTRACT.encode())}}, "dependencies": {}}
    put(**sections)
    assert put(**sections) == []


def test_a_proposal_whose_day_has_come_still_applies_as_it_stands_but_no_new_one(put, now):
    contract = parse_yaml(PROPOSED.encode())
    said = EVENTS | {"contract": contract, "contract_from": now.date().isoformat()}
    put(feeds={"events": said})
    Contract.objects.update(from_on="2026-01-01")
    assert put(feeds={"events": said | {"contract_from": "2026-01-01"}}) == []
    late = said | {"contract_from": "2026-01-02"}
    assert list(_refused(lambda: put(feeds={"events": late}))) == ["feeds.events.contract_from"]


def test_what_is_left_out_of_a_feed_is_left_as_it_stands(put, system, manager, now):
    feed = FeedFactory(slug="events", fallback="The last rows.")
    put_contract(feed=feed, text=CONTRACT, by=manager, at=now)
    assert len(put(feeds={"events": {}})) == 1
    feed.refresh_from_db()
    assert (feed.version, feed.fallback, feed.contracts.get().text) == (1, "The last rows.", CONTRACT)
    put(feeds={"events": {"fallback": "Nothing."}})
    assert Feed.objects.get().fallback == "Nothing."


def test_a_feed_that_is_left_out_stays_but_the_system_does_not_depend_on_it(put, system):
    put(feeds={"events": EVENTS})
    put(feeds={})
    assert Feed.objects.get().dependencies.count() == 0


def test_a_proposal_says_from_when(put):
    proposed = EVENTS | {"contract": parse_yaml(PROPOSED.encode())}
    assert list(_refused(lambda: put(feeds={"events": proposed}))) == ["feeds.events.contract_from"]
    put(feeds={"events": proposed | {"contract_from": "2100-02-01"}})
    assert Feed.objects.get().contracts.get().from_on.isoformat() == "2100-02-01"


def test_every_error_is_named_by_its_path(put):
    wrong = parse_yaml(CONTRACT.replace("DataContract", "Poem").encode())
    feeds = {"events": EVENTS | {"contract": wrong, "contract_from": "2026-02-31"}, "Not_Plain": EVENTS, "other": {}}
    assert list(_refused(lambda: put(feeds=feeds))) == [
        "feeds.events.contract_from",
        "feeds.events.contract.kind",
        "feeds.Not_Plain",
        *(f"feeds.other.{name}" for name in ("name", "owner", "arrival", "freshness_s")),
    ]


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"freshness_s": -1}, "feeds.events.freshness_s"),
        ({"name": "a\u202eb"}, "feeds.events.name"),
        ({"colour": "red"}, "feeds.events.colour"),
        ({"owner": "nobody"}, "feeds.events.owner"),
        ({"contract_from": "2026-02-01"}, "feeds.events.contract_from"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(put, wrong, path):
    assert list(_refused(lambda: put(feeds={"events": EVENTS | wrong}))) == [path]
    assert not Feed.objects.exists()


def test_who_may_not_edit_a_feed_may_name_it_but_not_change_it(put, data_scientist, system):
    FeedFactory(slug="events")
    put(by=data_scientist, feeds={"events": {}})
    with pytest.raises(PermissionDenied):
        put(by=data_scientist, feeds={"events": {"name": "Mine"}})
    assert system.dependencies.count() == 1


def test_other_systems_are_named_and_circles_refused(put, system):
    SystemFactory(slug="other")
    put(dependencies={"systems": ["other"]})
    assert export(system)["dependencies"] == {"systems": ["other"]}
    assert "in a circle" in _refused(lambda: put(dependencies={"systems": ["churn"]}))["dependencies.systems"][0]
    put(dependencies={"systems": []})
    assert not system.dependencies.exists()


def test_what_is_restricted_stays_out_of_the_file_and_as_it_was(put, system, manager, stranger, now):
    hidden = SystemFactory(slug="secret", restricted=True)
    set_dependencies(system=system, systems=[hidden], by=manager, at=now)
    assert "dependencies" not in export(system)
    assert _refused(lambda: put(dependencies={"systems": ["secret", "no"]}))["dependencies.systems"] == [
        "There is no system no.",
        "secret is restricted: name it on the page, a file has more readers.",
    ]
    put(dependencies={"systems": []})
    assert System.objects.get(dependents__system=system) == hidden
