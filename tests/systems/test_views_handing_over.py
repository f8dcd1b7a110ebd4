from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from systems.actions.hand_overs import plan_hand_over
from systems.models import Feed, HandOver, Holding, Person, Role, System
from tests.factories import FeedFactory, HoldingFactory, PersonFactory, SystemFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LEAVING = "/people/leaver/leaving/"


def test_who_holds_nothing_is_told_where_roles_come_from(client, viewer):
    client.force_login(viewer)
    assert "You hold no role" in client.get("/roles/").content.decode()


def test_one_button_confirms_all_that_is_shown(client, holder, now):
    HoldingFactory(person=holder, confirmed_at=now - 200 * DAY)
    client.force_login(holder)
    page = client.get("/roles/")
    shown = [f"{one.pk}-{one.version}" for one in page.context["own"]]
    assert page.context["overdue"] == 1
    assert client.post("/roles/", {"holding": shown}).url == "/"
    assert not Holding.objects.filter(confirmed_at__lt=now).exists()


def test_what_changed_meanwhile_is_said_and_waits(client, holder):
    client.force_login(holder)
    pk = Holding.objects.get().pk
    answer = client.post("/roles/", {"holding": [f"{pk}-9", "nonsense", "1-", "-1"]}, follow=True)
    assert "One role changed in the meantime" in answer.content.decode()


def test_roles_of_what_is_retired_are_not_asked_for(client, holder, now):
    System.objects.update(retired_at=now)
    client.force_login(holder)
    assert client.get("/roles/").context["own"] == []


@pytest.fixture
def leaver(system):
    leaver = PersonFactory(username="leaver")
    HoldingFactory(system=system, person=leaver, role=Role.MODEL_OWNER)
    HoldingFactory(system=SystemFactory(), person=leaver, role=Role.DATA_OWNER)
    return leaver


@pytest.fixture
def shown(client, manager, leaver):
    """The page as a manager opens it: the hidden versions that it posts."""
    client.force_login(manager)
    return _shown(client.get(LEAVING))


def _shown(page) -> dict:
    """Return the hidden versions that the page posts."""
    form = page.context["form"]
    return {seen.html_name: seen.value() for _, _, seen in [*form.rows(), *form.feed_rows()]}


def test_one_successor_for_all(client, shown, teammate):
    assert client.post(LEAVING, {"for_all": "teammate", "note": "Leaves.", **shown}).status_code == 302
    assert Holding.objects.current().filter(person=teammate, note="Leaves.").count() == 2


def test_another_successor_for_one_role(client, shown, teammate, viewer, system):
    one = Holding.objects.current().get(system=system)
    client.post(LEAVING, {"for_all": "teammate", f"holding_{one.pk}": "viewer", **shown})
    assert Holding.objects.current().get(system=system).person == viewer
    assert Holding.objects.current().filter(person=teammate).count() == 1


def test_a_role_without_a_successor_stays(client, shown, viewer, system, leaver):
    one = Holding.objects.current().get(system=system)
    page = client.post(LEAVING, {f"holding_{one.pk}": "viewer", **shown}, follow=True)
    assert "1 still ask for somebody" in page.content.decode()
    assert Holding.objects.current().filter(person=leaver).count() == 1


@pytest.mark.parametrize(
    ("typed", "field"),
    [({}, "for_all"), ({"for_all": "nobody-here"}, "for_all"), ({"for_all": "viewer", "note": "\u202e"}, "note")],
)
def test_what_cannot_be_is_said_at_its_field_and_kept(client, shown, viewer, leaver, typed, field):
    page = client.post(LEAVING, typed | shown)
    assert (page.status_code, list(page.context["form"].errors)) == (422, [field])
    assert all(str(text) in page.content.decode() for text in typed.values() if text.isascii())
    assert Holding.objects.current().filter(person=leaver).count() == 2


def test_who_may_not_sign_in_takes_nothing_over(client, shown, leaver):
    PersonFactory(username="gone", is_active=False)
    page = client.post(LEAVING, {"for_all": "gone", **shown})
    assert (page.status_code, len(page.context["form"].errors)) == (422, 2)
    assert Holding.objects.current().filter(person=leaver).count() == 2


def test_who_saves_second_is_told_and_may_save_again(client, shown, viewer, leaver):
    Holding.objects.update(version=5)
    page = client.post(LEAVING, {"for_all": "viewer", **shown})
    assert (page.status_code, "was changed while you were choosing" in page.content.decode()) == (412, True)
    assert "Changed: Model owner of Churn model." in page.context["changed"]
    assert client.post(LEAVING, {"for_all": "viewer", **_shown(page)}).status_code == 302


def test_only_who_may_name_somebody_hands_over(client, leaver, viewer, administrator):
    for person in (viewer, administrator, leaver):
        client.force_login(person)
        assert client.get(LEAVING).status_code == 403


def test_many_roles_take_as_few_queries_as_few(client, manager, leaver):
    client.force_login(manager)

    def queries():
        with CaptureQueriesContext(connection) as asked:
            client.get(LEAVING)
        return len(asked)

    few = queries()
    HoldingFactory.create_batch(15, person=leaver)
    FeedFactory.create_batch(15, owner=leaver)
    assert queries() == few


def test_the_page_of_a_person_leads_to_handing_over(client, manager, leaver, now):
    Person.objects.filter(pk=manager.pk).update(groups=["administrator", "manager"])
    client.force_login(Person.objects.get(pk=manager.pk))
    assert LEAVING in client.get("/settings/people/leaver/").content.decode()


def test_feeds_go_on_with_the_roles(client, manager, leaver, teammate, viewer):
    one, other = FeedFactory(slug="events", owner=leaver), FeedFactory(slug="orders", owner=leaver)
    client.force_login(manager)
    page = client.get(LEAVING)
    assert [feed for feed, _, _ in page.context["form"].feed_rows()] == [one, other]
    client.post(LEAVING, {"for_all": "teammate", f"feed_{one.pk}": "viewer", **_shown(page)})
    assert dict(Feed.objects.values_list("slug", "owner__username")) == {"events": "viewer", "orders": "teammate"}
    assert not Holding.objects.current().of(leaver).exists()


def test_roles_and_feeds_go_on_together_or_not_at_all(client, manager, leaver, teammate):
    feed = FeedFactory(owner=leaver)
    PersonFactory(username="gone", is_active=False)
    client.force_login(manager)
    shown = _shown(client.get(LEAVING))
    page = client.post(LEAVING, {"for_all": "teammate", f"feed_{feed.pk}": "gone", **shown})
    assert (page.status_code, list(page.context["form"].errors)) == (422, [f"feed_{feed.pk}"])
    assert Feed.objects.get().owner == leaver
    assert Holding.objects.current().of(leaver).count() == 2


def test_a_feed_that_changed_meanwhile_is_said(client, manager, leaver, teammate):
    feed = FeedFactory(owner=leaver, name="Card payments")
    client.force_login(manager)
    shown = _shown(client.get(LEAVING))
    Feed.objects.update(version=4)
    page = client.post(LEAVING, {"for_all": "teammate", **shown})
    assert (page.status_code, page.context["changed"]) == (412, ["Changed: owner of Card payments."])
    assert Feed.objects.get(pk=feed.pk).owner == leaver


def test_what_is_planned_already_stands_unless_somebody_is_named_for_it(
    client, manager, leaver, system, teammate, viewer, now
):
    plan_hand_over(system=system, role=Role.MODEL_OWNER, person=viewer, from_at=now + 9 * DAY, by=manager, at=now)
    client.force_login(manager)
    page = client.get(LEAVING)
    assert "handed over to viewer on" in page.content.decode()
    client.post(LEAVING, {"for_all": "teammate", **_shown(page)})
    assert Holding.objects.current().get(system=system).person == leaver
    planned = Holding.objects.current().get(system=system)
    again = {f"holding_{planned.pk}": "teammate", **_shown(client.get(LEAVING))}
    client.post(LEAVING, again)
    assert (Holding.objects.current().get(system=system).person, HandOver.objects.exists()) == (teammate, False)


def test_ones_own_feeds_stand_on_the_page_of_ones_roles(client, holder):
    FeedFactory(name="Card payments", owner=holder)
    client.force_login(holder)
    assert "Card payments" in client.get("/roles/").content.decode()
