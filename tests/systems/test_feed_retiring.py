import pytest

from mlops_portal.engine.models import Change
from mlops_portal.engine.spec import Refused
from mlops_portal.spec import apply, export
from systems.actions.contracts import put_contract
from systems.actions.dependencies import set_dependencies
from systems.actions.feeds import FeedRetired, StillNeeded, edit_feed, retire_feed
from systems.actions.registry import recheck
from systems.models import Feed, Notice, Outcome, Role, System
from tests.callers import caller
from tests.factories import FeedFactory, HoldingFactory, SystemFactory
from tests.systems.contracts import CONTRACT

pytestmark = pytest.mark.django_db
FEED = "/api/v1/feeds/events/"


@pytest.fixture
def feed(viewer, system, manager, now):
    feed = FeedFactory(slug="events", name="Customer events", owner=viewer)
    set_dependencies(system=system, feeds=[feed], by=manager, at=now)
    return feed


@pytest.fixture
def retired(feed, manager, now):
    return retire_feed(feed=feed, accept=["churn"], by=manager, at=now)


def test_a_feed_that_is_needed_is_retired_only_by_naming_who_does_without(feed, system, manager, now):
    Feed.objects.update(name="Events {y}")
    HoldingFactory(system=system, role=Role.DATA_OWNER, person=manager)
    with pytest.raises(StillNeeded, match="Churn model"):
        retire_feed(feed=feed, by=manager, at=now)
    assert retire_feed(feed=feed, accept=["churn"], by=manager, at=now).retired_at == now
    assert Change.objects.filter(kind="feed", object="events", verb="retired").count() == 1
    assert Notice.objects.filter(person=manager, subject__contains="is retired").count() == 1


def test_a_system_that_one_may_not_see_is_no_name_but_in_the_way(feed, viewer, now):
    System.objects.update(restricted=True)
    with pytest.raises(StillNeeded, match="by a system that you may not see"):
        retire_feed(feed=feed, by=viewer, at=now)


def test_what_is_retired_keeps_its_name_its_history_and_whom_it_served(retired, system):
    assert Feed.objects.get(slug="events").dependencies.get().system == system
    with pytest.raises(Exception, match="feed_slug_once"):
        FeedFactory(slug="Events")


def test_nothing_of_a_retired_feed_changes_and_nothing_new_depends_on_it(retired, manager, now):
    with pytest.raises(FeedRetired):
        edit_feed(feed=retired, by=manager, at=now, name="Other")
    with pytest.raises(FeedRetired):
        put_contract(feed=retired, text=CONTRACT, by=manager, at=now)
    with pytest.raises(FeedRetired):
        set_dependencies(system=SystemFactory(), feeds=[retired], by=manager, at=now)


def test_whoever_depends_on_it_has_a_gap(client, viewer, retired, system):
    System.objects.update(phase="operations")
    recheck(system)
    client.force_login(viewer)
    assert "It was retired" in client.get(system.get_absolute_url()).content.decode()
    outcome = Outcome.objects.get(system=system, check_key="feeds_described")
    assert (outcome.outcome, "was retired on" in outcome.why) == ("fail", True)


def test_lists_hide_it_until_it_is_asked_for(client, viewer, retired):
    FeedFactory(slug="other")
    client.force_login(viewer)
    asked = caller(viewer)
    for question, there in (("", ["other"]), ("?retired=shown", ["events", "other"]), ("?retired=only", ["events"])):
        assert [one.slug for one in client.get(f"/feeds/{question}").context["page"]] == there
        assert [one["slug"] for one in asked.get(f"/api/v1/feeds/{question}").json()["results"]] == there
    assert asked.get("/api/v1/feeds/?retired=maybe").status_code == 400


def test_the_page_names_the_systems_and_retires_what_it_named(client, viewer, feed, manager, now):
    client.force_login(viewer)
    page = client.get("/feeds/events/retire/")
    assert 'name="accept" value="churn"' in page.content.decode()
    other = SystemFactory(slug="other", name="Other model")
    set_dependencies(system=other, feeds=[feed], by=manager, at=now)
    late = client.post("/feeds/events/retire/", {"accept": ["churn"]})
    assert (late.status_code, "Still needed" in late.content.decode()) == (409, True)
    done = client.post("/feeds/events/retire/", {"accept": ["churn", "other"]}, follow=True)
    assert "It was retired" in done.content.decode()
    assert client.get("/feeds/events/edit/").status_code == 404
    assert client.get("/feeds/events/contract/").status_code == 200


def test_the_api_retires_what_nobody_needs(viewer, feed):
    asked = caller(viewer)
    refused = asked.delete(FEED)
    assert (refused.status_code, "Churn model" in refused.json()["detail"]) == (409, True)
    assert asked.delete(f"{FEED}?accept=churn", headers={"If-Match": '"7"'}).status_code == 412
    assert asked.delete(f"{FEED}?accept=churn").json()["retired_at"]
    body = {"name": "Again", "owner": "viewer", "arrival": "stream", "freshness_s": 60}
    assert asked.put(FEED, body).status_code == 409
    assert asked.put(f"{FEED}contract/", CONTRACT, content_type="application/yaml").status_code == 409


def test_the_file_of_who_depends_on_it_still_applies_but_no_other_names_it(retired, system, manager, now):
    document = export(system)
    assert apply(document, slug="churn", by=manager, at=now).steps == []
    other = {"version": 1, "feeds": {"events": {}}}
    with pytest.raises(Refused) as refused:
        apply(other, slug=SystemFactory(slug="other").slug, by=manager, at=now)
    assert "was retired on" in refused.value.errors["feeds.events"][0]
