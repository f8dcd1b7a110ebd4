import pytest

from mlops_portal.engine.plain_yaml import MAX_BYTES
from systems.actions.contracts import confirm_contract, put_contract
from systems.actions.dependencies import set_dependencies
from systems.models import Confirmation, Contract, Drill, Feed, System
from tests.factories import FeedFactory, SystemFactory
from tests.systems.contracts import CONTRACT, PROPOSED

pytestmark = pytest.mark.django_db
FEED, WRITE = "/feeds/events/", "/feeds/events/contract/"


@pytest.fixture
def feed(viewer):
    return FeedFactory(slug="events", name="Customer events", owner=viewer)


@pytest.fixture
def owner(client, viewer, feed):
    client.force_login(viewer)
    return client


@pytest.fixture
def editor(client, data_scientist, system, feed):
    client.force_login(data_scientist)
    return client


def _facts(person, **facts):
    said = {"name": "Events", "owner": person.pk, "arrival": "stream", "freshness_s": "15 minutes", "version": 0}
    return said | facts


def test_a_feed_is_added_and_a_system_depends_on_it(client, data_scientist, system):
    client.force_login(data_scientist)
    answer = client.post("/feeds/new/?system=churn", _facts(data_scientist, fallback="Nothing."), follow=True)
    feed = Feed.objects.get(slug="events", dependencies__system=system)
    assert feed.freshness_s == 900
    assert "never more than <strong>15 minutes</strong> old" in answer.content.decode()


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("name", ""),
        ("name", "x" * 121),
        ("name", "a\u202eb"),
        ("name", "a\x00b"),
        ("slug", "EVENTS"),
        ("slug", "new"),
        ("slug", "Not plain"),
        ("freshness_s", "-3 hours"),
        ("freshness_s", "0 s"),
        ("max_delay_s", "99999 days"),
        ("owner", "999999"),
        ("fallback", "x" * 2001),
    ],
)
def test_what_is_wrong_with_a_feed_is_said_beside_the_field_and_nothing_typed_is_lost(
    editor, data_scientist, field, wrong
):
    answer = editor.post("/feeds/new/", _facts(data_scientist, slug="other") | {field: wrong})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert answer.context["form"]["arrival"].value() == "stream"
    assert Feed.objects.count() == 1


def test_a_stale_edit_is_told_what_stands_and_loses_nothing(owner, viewer, feed):
    owner.post(f"{FEED}edit/", _facts(viewer, version=1, name="First"))
    late = owner.post(f"{FEED}edit/", _facts(viewer, version=1, name="Second"))
    assert (late.status_code, late.context["now"].name, late.context["form"]["name"].value()) == (
        412,
        "First",
        "Second",
    )
    assert [(one.by, one.after["name"]) for one in late.context["changes"]] == [("viewer", "First")]
    owner.post(f"{FEED}edit/", _facts(viewer, name="Second", version=late.context["form"]["version"].value()))
    assert Feed.objects.get().name == "Second"


def test_a_freshness_is_shown_as_it_was_written(owner, feed):
    assert 'value="26 hours"' in owner.get(f"{FEED}edit/").content.decode()


def test_the_list_takes_as_few_queries_for_many(owner, feed, system, manager, now, django_assert_num_queries):
    owner.get("/feeds/")  # what is kept for all pages is kept from now on
    with django_assert_num_queries(7):
        owner.get("/feeds/")
    feeds = FeedFactory.create_batch(9)
    set_dependencies(system=system, feeds=feeds, by=manager, at=now)
    with django_assert_num_queries(7):
        assert owner.get("/feeds/?q=feed").content.decode().count("<tr>") == 10


def test_a_restricted_system_is_neither_shown_nor_counted(owner, feed, system, manager, now):
    set_dependencies(system=system, feeds=[feed], by=manager, at=now)
    System.objects.update(restricted=True)
    assert "Churn model" not in owner.get(FEED).content.decode()
    assert owner.get("/feeds/").context["page"].object_list[0].dependent_count == 0


def test_what_was_changed_is_on_the_page_but_for_restricted_systems(owner, viewer, feed, system, manager, holder, now):
    owner.post(f"{FEED}edit/", _facts(viewer, version=1, name="Renamed"))
    System.objects.update(restricted=True)
    set_dependencies(system=system, feeds=[feed], by=manager, at=now)
    proposed = put_contract(feed=feed, text=PROPOSED, from_on=now.date(), by=viewer, at=now)
    confirm_contract(contract=proposed, system=system, by=holder, at=now)
    answer = owner.get(FEED)
    assert [change.verb for change in answer.context["changes"]] == ["wrote", "edited"]
    assert "Renamed" in answer.content.decode()


def test_a_contract_is_written_and_read(owner):
    assert "Nobody has written it yet" in owner.get(WRITE).content.decode()
    assert owner.post(WRITE, {"text": CONTRACT, "version": 0}).status_code == 302
    text = owner.get(WRITE).content.decode()
    assert "Version 1\n        is in force" in text
    assert "<code>customer_id</code>" in text
    assert "4 h for events.amount" in text
    assert owner.get("/feeds/events/contract.yaml").content.decode() == CONTRACT


def test_every_error_of_a_contract_is_said_with_its_path_and_the_text_stays(owner):
    wrong = CONTRACT.replace("kind: DataContract", "kind: Poem").replace("required: true", "required: often")
    answer = owner.post(WRITE, {"text": wrong, "version": 0})
    said = answer.context["form"].errors["text"]
    assert (answer.status_code, [one.partition(":")[0] for one in said]) == (
        422,
        ["kind", "schema.0.properties.0.required"],
    )
    assert answer.context["form"]["text"].value() == wrong


@pytest.mark.parametrize("text", ["", "a\x00b", "a: &a [1]\nb: *a", "x" * (MAX_BYTES + 1)])
def test_what_is_no_contract_is_refused_beside_the_field(owner, text):
    answer = owner.post(WRITE, {"text": text, "version": 0})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["text"])


def test_a_stale_contract_saves_nothing_and_keeps_the_text(owner):
    owner.post(WRITE, {"text": CONTRACT, "version": 0})
    late = owner.post(WRITE, {"text": CONTRACT + "b: 1\n", "version": 0})
    assert (late.status_code, late.context["form"]["text"].value()) == (412, CONTRACT + "b: 1\n")
    assert ("+", "id: customer-events") in late.context["since"]
    assert Contract.objects.count() == 1


def test_what_a_version_changed_is_shown(owner):
    for version, text in enumerate((CONTRACT, CONTRACT.replace("value: 4", "value: 8"))):
        owner.post(WRITE, {"text": text, "version": version})
    assert ("+", "  - {property: latency, value: 8, unit: h, element: events.amount}") in owner.get(WRITE).context[
        "change"
    ]
    assert owner.get(f"{WRITE}?version=1").context["change"] == []


def test_a_proposal_says_from_when_and_is_confirmed_on_the_page_of_the_feed(owner, feed, system, manager, holder, now):
    set_dependencies(system=system, feeds=[feed], by=manager, at=now)
    refused = owner.post(WRITE, {"text": PROPOSED, "version": 0})
    assert list(refused.context["form"].errors) == ["from_on"]
    owner.post(WRITE, {"text": PROPOSED, "version": 0, "from_on": "2100-04-01"})
    assert "not confirmed yet" in owner.get(FEED).content.decode()
    owner.force_login(holder)
    assert owner.post("/systems/churn/feeds/events/confirm/", {"n": 1}).status_code == 302
    assert Confirmation.objects.get().by == holder
    assert "holder confirmed it" in owner.get(FEED).content.decode()


def test_a_confirmation_of_what_is_not_proposed_says_so(owner, feed, system, manager, now):
    put_contract(feed=feed, text=CONTRACT, by=manager, at=now)
    owner.force_login(manager)
    for n in ("1", "7", "x", ""):
        answer = owner.post("/systems/churn/feeds/events/confirm/", {"n": n}, follow=True)
        assert len(answer.context["messages"]) == 1
    assert not Confirmation.objects.exists()


def test_feeds_and_systems_are_named_and_taken_away(editor, feed, system):
    page, other = "/systems/churn/dependencies/", SystemFactory(slug="other", name="Other model")
    editor.post(page, {"what": "feed", "feed-feed": feed.pk, "feed-version": 1})
    editor.post(page, {"what": "system", "system-system": "OTHER", "system-version": 2})
    assert "Churn model" in editor.get("/systems/other/dependencies/").content.decode()
    editor.post(page, {"what": "remove", "feed": "events"})
    assert [one.on_system for one in system.dependencies.all()] == [other]
    editor.post(page, {"what": "remove", "system": "other"})
    assert not system.dependencies.exists()


def test_a_circle_is_said_beside_the_field(editor, system, manager, now):
    other = SystemFactory(slug="other", name="Other model")
    set_dependencies(system=other, systems=[system], by=manager, at=now)
    answer = editor.post(
        "/systems/churn/dependencies/", {"what": "system", "system-system": "other", "system-version": 1}
    )
    assert "Churn model → Other model → Churn model" in answer.context["system_form"].errors["system"][0]


def test_stale_dependencies_change_nothing_and_keep_the_choice(editor, feed, system, manager, now):
    set_dependencies(system=system, systems=[SystemFactory()], by=manager, at=now)
    answer = editor.post("/systems/churn/dependencies/", {"what": "feed", "feed-feed": feed.pk, "feed-version": 1})
    assert (answer.status_code, answer.context["feed_form"]["feed"].value()) == (412, str(feed.pk))
    assert not feed.dependencies.exists()


@pytest.mark.parametrize("slug", ["", "nothing", "secret", "churn"])
def test_what_cannot_be_depended_on_is_said(editor, slug):
    SystemFactory(slug="secret", restricted=True)
    answer = editor.post("/systems/churn/dependencies/", {"what": "system", "system-system": slug, "system-version": 1})
    assert (answer.status_code, list(answer.context["system_form"].errors)) == (422, ["system"])


def test_a_drill_is_recorded_and_shown_on_the_page_of_the_system(editor, system):
    facts = {"situation": "load", "at": "2026-01-05T10:00", "result": "passed"}
    wrong = editor.post("/systems/churn/drills/", facts)
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (422, ["rate"])
    assert editor.post("/systems/churn/drills/", facts | {"rate": "50"}).status_code == 302
    assert Drill.objects.get().rate == 50
    assert list(editor.post("/systems/churn/drills/", facts | {"rate": "50"}).context["form"].errors) == ["at"]
    assert "Load is high" in editor.get("/systems/churn/drills/").content.decode()
