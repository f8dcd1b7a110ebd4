from datetime import date, timedelta

import pytest

from mlops_portal.engine.models import Change
from mlops_portal.engine.spec import Refused
from mlops_portal.engine.versions import Stale
from systems import contracts
from systems.actions.contracts import NotProposed, confirm_contract, put_contract
from systems.actions.dependencies import set_dependencies
from systems.checking import run_checks
from systems.comparing import difference
from systems.feeds import dependents_of
from systems.models import Confirmation, Notice, Outcome, Review, System
from tests.factories import AnswerFactory, FeedFactory, HoldingFactory, ReviewFactory, SystemFactory
from tests.systems.contracts import CONTRACT, PROPOSED

pytestmark = pytest.mark.django_db
DAY = date(2100, 4, 1)


@pytest.fixture
def feed(system, manager, now):
    """A feed that the system depends on."""
    feed = FeedFactory(slug="events", name="Customer events")
    set_dependencies(system=system, feeds=[feed], by=manager, at=now)
    return feed


@pytest.fixture
def put(feed, manager, now):
    return lambda text=CONTRACT, at=now, **how: put_contract(feed=feed, text=text, by=manager, at=at, **how)


def _errors(text) -> dict:
    with pytest.raises(Refused) as refused:
        contracts.understood(text)
    return refused.value.errors


def test_versions_count_on_and_the_same_again_is_none(put, feed):
    assert (put().n, put().n, put(CONTRACT + "more: 1\n").n) == (1, 1, 2)
    assert [one.text for one in feed.contracts.all()] == [CONTRACT + "more: 1\n", CONTRACT]
    assert Change.objects.filter(kind="contract", object="events").count() == 2


def test_whoever_saw_another_version_changes_nothing(put):
    put(seen=0)
    with pytest.raises(Stale):
        put(PROPOSED, from_on=DAY, seen=0)


@pytest.mark.parametrize(
    ("statuses", "in_force"),
    [
        (["draft"], None),
        (["active"], 1),
        (["active", "draft"], 1),
        (["active", "deprecated"], 2),
        (["active", "retired"], None),
        (["active", "retired", "active"], 3),
    ],
)
def test_the_newest_that_is_neither_draft_nor_proposal_is_in_force(put, feed, statuses, in_force):
    for n, status in enumerate(statuses):
        put(CONTRACT.replace("status: active", f"status: {status}") + f"n: {n}\n")
    held = feed.contract_in_force()
    assert (held.n if held else None) == in_force


def test_all_that_is_wrong_is_said_at_once_by_path():
    text = CONTRACT.replace("v3.1.0", "v2.2.2").replace("status: active", "status: great").replace("kind: D", "sort: D")
    text = text.replace("      - name: amount", "      - title: amount").replace("value: 4, ", "")
    assert set(_errors(text)) == {"apiVersion", "status", "kind", "schema.0.properties.1.name", "slaProperties.0.value"}


@pytest.mark.parametrize(
    "wrong",
    ["required: soon", "logicalType: soup", "properties: [{}]", "quality: [1]", "unique: 1", "items: 3", "name: ''"],
)
def test_columns_are_looked_at_to_any_depth(wrong):
    inside = f"      - name: place\n        properties:\n          - name: street\n            {wrong}\n"
    paths = _errors(CONTRACT.replace("slaProperties:", f"{inside}slaProperties:").replace("\n    name: ''", ""))
    assert all(path.startswith(("schema.0.properties.2.properties.0", "body")) for path in paths)


@pytest.mark.parametrize("character", ["\\u202e", "\\x07", "\\x1b", "\\u2066"])
def test_characters_that_nobody_sees_are_refused_with_their_path(character):
    assert list(_errors(CONTRACT.replace("kept: as it came", f'kept: "a{character}b"'))) == ["somethingElse.kept"]


@pytest.mark.parametrize("text", ["a: &a [x]\nb: [*a, *a]", "[]", "- 1", "x", "a: 1\na: 2", "\0", "x" * 300_000])
def test_what_is_no_contract_says_so(text):
    assert list(_errors(text)) == ["body"]


def test_a_contract_is_read_as_tables_columns_and_promises():
    document = contracts.understood(CONTRACT)
    [table] = contracts.tables_of(document)
    assert [(c.name, c.kind, c.is_required) for c in table.columns] == [
        ("customer_id", "string", True),
        ("amount", "number", False),
    ]
    assert table.columns[1].rules == ["metric nullValues, mustBe 0"]
    assert contracts.promises_of(document) == [("latency", "4 h for events.amount")]
    assert contracts.members_of(document) == [("viewer", "owner")]


def test_columns_inside_columns_have_their_path_as_a_name():
    inner = [{"name": "street", "logicalType": "string"}]
    properties = [{"name": "home", "properties": inner}, {"name": "all", "items": {"properties": inner}}]
    [table] = contracts.tables_of({"schema": [{"name": "t", "properties": properties}]})
    assert [column.name for column in table.columns] == ["home", "home.street", "all", "all[].street"]


def test_the_difference_shows_what_changed_and_what_is_around_it():
    lines = difference(CONTRACT, PROPOSED)
    assert ("-", "status: active") in lines
    assert ("+", "status: proposed") in lines
    assert ("@", "") in lines
    assert (" ", "kind: DataContract") not in lines


def test_the_example_that_one_begins_with_is_a_contract():
    assert contracts.understood(contracts.example("events", 'A: "name"'))["name"] == 'A: "name"'


@pytest.mark.parametrize(
    ("roles", "told"), [(["data_owner", "model_owner"], "data_owner"), (["model_owner"], "model_owner")]
)
def test_who_answers_for_the_data_else_for_the_model_is_told_of_a_proposal(put, system, roles, told):
    people = {role: HoldingFactory(system=system, role=role).person for role in roles}
    put(PROPOSED, from_on=DAY)
    [notice] = Notice.objects.filter(key__startswith="contract:")
    assert notice.person == people[told]
    assert notice.subject == "Churn model: another contract of its feed Customer events is proposed"
    assert "from 1 April 2100 on" in notice.text


def test_a_proposal_without_a_day_is_refused(put):
    with pytest.raises(Refused):
        put(PROPOSED)


def test_a_proposal_for_a_day_that_is_past_is_refused_and_one_that_has_got_old_stays(put, now):
    with pytest.raises(Refused) as refused:
        put(PROPOSED, from_on=(now - timedelta(days=2)).date())
    assert list(refused.value.errors) == ["from"]
    first = put(PROPOSED, from_on=now.date())
    assert put(PROPOSED, from_on=now.date(), at=now + timedelta(days=9)) == first


def test_who_confirmed_is_kept_once_and_who_has_not_is_seen(put, feed, system, manager, holder, now):
    other = SystemFactory(slug="other")
    set_dependencies(system=other, feeds=[feed], by=manager, at=now)
    proposed = put(PROPOSED, from_on=DAY)
    for _ in range(2):
        confirm_contract(contract=proposed, system=system, by=holder, at=now)
    shown = [(one.system, bool(one.confirmation), one.may_confirm) for one in dependents_of(feed, proposed, holder)]
    assert shown == [(system, True, False), (other, False, False)]
    assert Confirmation.objects.count() == Change.objects.filter(verb="confirmed", kind="contract").count() == 1


def test_only_the_newest_proposal_is_confirmed_and_only_by_who_depends(put, system, manager, now):
    old, other = put(PROPOSED, from_on=DAY), SystemFactory()
    for contract, who in ((old, other), (put(CONTRACT), system), (old, system)):
        with pytest.raises(NotProposed):
            confirm_contract(contract=contract, system=who, by=manager, at=now)


def test_what_nobody_has_confirmed_is_a_gap_until_somebody_does(put, feed, system, manager, holder, now):
    System.objects.update(phase="operations")

    def said():
        return Outcome.objects.get(system=system, check_key="contracts_confirmed").outcome

    put()
    assert said() == "not_applicable"
    first = put(PROPOSED, from_on=DAY)
    assert said() == "fail"
    confirm_contract(contract=first, system=system, by=holder, at=now)
    assert said() == "pass"
    put(PROPOSED, from_on=DAY + timedelta(days=1))
    assert said() == "fail"
    put(PROPOSED.replace("status: proposed", "status: active"))
    assert said() == "not_applicable"


def test_who_confirmed_what_is_judged_in_as_few_queries_for_many(put, feed, manager, now, django_assert_num_queries):
    put(PROPOSED, from_on=DAY)
    systems = System.objects.all()
    for n in (1, 9):
        for one in SystemFactory.create_batch(n, phase="operations"):
            set_dependencies(system=one, feeds=[feed], by=manager, at=now)
        run_checks(systems, keys=["contracts_confirmed"])
        with django_assert_num_queries(5):
            run_checks(systems, keys=["contracts_confirmed"])


def test_a_restricted_system_is_not_among_those_who_are_asked(put, feed, viewer):
    System.objects.update(restricted=True)
    assert dependents_of(feed, put(PROPOSED, from_on=DAY), viewer) == []


def test_another_contract_in_force_ends_the_approval_of_what_rested_on_the_first(put, system, manager, now):
    put()
    answer = AnswerFactory(system=system, question_key="data_received", at=now)
    ReviewFactory(answer=answer, by=manager)
    put(PROPOSED, from_on=DAY, at=now + timedelta(hours=1))
    assert Review.objects.get().lapsed_at is None
    put(PROPOSED.replace("proposed", "active"), at=now + timedelta(hours=2))
    assert Review.objects.get().lapsed_because == "the feed Customer events follows another contract now, number 3."


def test_who_is_asked_and_who_confirmed_takes_as_few_queries_for_many(
    put, feed, holder, manager, now, django_assert_num_queries
):
    for system in SystemFactory.create_batch(8):
        set_dependencies(system=system, feeds=[feed], by=manager, at=now)
    proposed = put(PROPOSED, from_on=DAY)
    with django_assert_num_queries(5):
        assert len(dependents_of(feed, proposed, holder)) == 9
