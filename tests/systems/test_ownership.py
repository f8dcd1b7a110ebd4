"""Who holds a role, handed over, confirmed: a dated chain."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mlops_portal.engine.models import Change
from mlops_portal.engine.versions import Stale
from systems.actions.holdings import confirm_roles, hand_over_all
from systems.actions.ownership import assign_role, confirm_role, vacate_role
from systems.actions.people import edit_person
from systems.actions.readiness import NotFromHere
from systems.actions.registry import retire_system
from systems.checking import run_checks
from systems.models import Dependency, Holding, Interval, Outcome, Person, Role, System
from systems.ownership import chain_of
from tests.factories import FeedFactory, HoldingFactory, PersonFactory, SystemFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def assign(system, manager, now):
    def act(person, role=Role.MODEL_OWNER, **terms):
        return assign_role(system=system, role=role, person=person, **{"by": manager, "at": now} | terms)

    return act


def test_handing_over_makes_a_chain_with_its_dates(assign, viewer, teammate, now):
    first = assign(viewer, at=now - 9 * DAY)
    second = assign(teammate, from_at=now - 2 * DAY, note="Agreed.")
    first.refresh_from_db()
    assert (first.to, first.replaced_by, second.from_at) == (now - 2 * DAY, second, now - 2 * DAY)
    assert (second.to, second.note, second.confirmed_at) == (None, "Agreed.", now)


def test_the_present_holder_stays_one_link_of_the_chain(assign, viewer, teammate, now):
    assign(viewer, at=now - DAY)
    changed = assign(viewer, deputy=teammate, until=now + 40 * DAY, note="For a while.")
    assert Holding.objects.count() == 1
    assert (changed.version, changed.deputy, changed.confirmed_at) == (2, teammate, now - DAY)
    assert Change.objects.get(verb="edited", kind="role").after["deputy"] == "teammate"


def test_saying_the_same_again_changes_nothing(assign, viewer, now):
    before = assign(viewer, until=now + DAY, from_at=now - DAY)
    assert assign(viewer, until=now + DAY, from_at=now - DAY).version == before.version
    assert Change.objects.filter(kind="role").count() == 1


@pytest.mark.parametrize(
    ("terms", "field", "said"),
    [
        ({"until": -1}, "until", "end before it begins"),
        ({"from_at": 1}, "from", "still to come"),
        ({"from_at": -6}, "from", "nobody can follow before that"),
        ({"note": "x" * 301}, "note", "At most 300"),
        ({"note": "Agreed\u202e"}, "note", "control character"),
        ({"note": "\x00"}, "note", "control character"),
    ],
)
def test_terms_that_cannot_be_are_refused_by_their_field(assign, holder, viewer, now, terms, field, said):
    Holding.objects.update(from_at=now - 5 * DAY)
    given = {name: now + value * DAY if isinstance(value, int) else value for name, value in terms.items()}
    with pytest.raises(ValidationError) as refused:
        assign(viewer, role=Role.PRODUCT_OWNER, **given)
    assert list(refused.value.message_dict) == [field]
    assert said in refused.value.message_dict[field][0]


@pytest.mark.parametrize("facts", [{"is_active": False}, {"service": True}, {"until": timezone.now() - DAY}])
def test_who_may_not_sign_in_holds_no_role_and_is_no_deputy(assign, viewer, facts):
    person = PersonFactory(**facts)
    for who, field in (({"person": person}, "person"), ({"person": viewer, "deputy": person}, "deputy")):
        with pytest.raises(ValidationError) as refused:
            assign(**who)
        assert list(refused.value.message_dict) == [field]


def test_a_deputy_is_somebody_else(assign, viewer):
    with pytest.raises(ValidationError, match="somebody else"):
        assign(viewer, deputy=viewer)


def test_a_role_that_was_emptied_meanwhile_is_not_handed_over(assign, system, viewer, teammate, manager, now):
    seen = assign(viewer).version
    vacate_role(system=system, role=Role.MODEL_OWNER, by=manager, at=now)
    with pytest.raises(Stale):
        assign(teammate, seen=seen)
    assert assign(teammate, seen=0).version == seen + 1


def test_nobody_is_named_for_what_is_retired(assign, system, viewer, manager, now):
    holding = assign(viewer)
    retire_system(system=system, by=manager, at=now)
    with pytest.raises(NotFromHere):
        assign(manager)
    with pytest.raises(NotFromHere):
        confirm_role(holding=holding, by=viewer, at=now)
    assert Holding.objects.current().get(system=system).person == viewer


@pytest.mark.django_db(transaction=True)
def test_of_two_who_hand_over_at_once_one_wins_and_the_other_is_told(system, manager):
    holding = HoldingFactory(system=system)
    people, start, told = [PersonFactory(), PersonFactory()], Barrier(2), []

    def hand_over(person):
        start.wait(timeout=20)
        try:
            at = timezone.now()
            assign_role(system=system, role=holding.role, person=person, by=manager, at=at, seen=holding.version)
        except Stale:
            told.append(person)
        finally:
            connection.close()

    threads = [Thread(target=hand_over, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winner = Holding.objects.current().get(system=system).person
    assert [winner, *told] in (people, people[::-1])


@pytest.mark.parametrize(("tier", "days"), [(1, 90), (2, 120), (3, 180), (4, 180)])
def test_a_confirmation_falls_due_by_tier(system, holder, tier, days):
    System.objects.update(tier=tier)
    holding = Holding.objects.with_confirm_by().get()
    assert holding.confirm_by == holding.confirmed_at + days * DAY


def test_days_that_were_changed_hold_at_once(holder):
    Interval.objects.filter(tier=3).update(every=30 * DAY)
    holding = Holding.objects.with_confirm_by().get()
    assert holding.confirm_by == holding.confirmed_at + 30 * DAY


def test_all_that_one_holds_is_confirmed_at_once(holder, manager, now):
    HoldingFactory(person=holder, confirmed_at=now - 200 * DAY)
    foreign = HoldingFactory(confirmed_at=now - 200 * DAY)
    confirmed, left = confirm_roles(seen={one.pk: 1 for one in Holding.objects.all()}, by=holder, at=now)
    assert ({one.person for one in confirmed}, len(confirmed), left) == ({holder}, 2, 1)
    assert Holding.objects.get(pk=foreign.pk).confirmed_at < now


def test_what_changed_meanwhile_is_left_out_of_the_bulk(holder, now):
    holding = Holding.objects.get()
    Holding.objects.update(version=7)
    assert confirm_roles(seen={holding.pk: 1}, by=holder, at=now) == ([], 1)


def test_bulk_judges_all_systems_together(holder, now):
    rows = HoldingFactory.create_batch(12, person=holder)

    def queries(some):
        with CaptureQueriesContext(connection) as asked:
            confirm_roles(seen={row.pk: 1 for row in some}, by=holder, at=now)
        return len(asked)

    run_checks(System.objects.all())
    few, many = queries(rows[:2]), queries(rows[2:])
    assert (many - few) / 8 < 10  # what is written for each; judging is the same for two and for ten


@pytest.fixture
def leaver(system, viewer):
    """Somebody who holds a role, and is the deputy of the viewer in another."""
    leaver = PersonFactory(username="leaver")
    HoldingFactory(system=system, person=leaver, role=Role.MODEL_OWNER)
    HoldingFactory(system=SystemFactory(), person=viewer, deputy=leaver)
    return leaver


def _all_to(successor, leaver, manager, now, **more):
    held = Holding.objects.current().of(leaver)
    facts = {"successors": {one.pk: successor for one in held}, "seen": {one.pk: one.version for one in held}}
    return hand_over_all(leaving=leaver, by=manager, at=now, **facts | more)


def test_everything_goes_on_to_a_successor(leaver, teammate, manager, now):
    assert _all_to(teammate, leaver, manager, now, note="Leaves.") == 2
    assert not Holding.objects.current().of(leaver).exists()
    assert Holding.objects.current().get(person=teammate).note == "Leaves."
    assert Holding.objects.current().filter(deputy=teammate).count() == 1


def test_a_deputy_who_takes_over_is_the_deputy_no_more(leaver, teammate, manager, now):
    Holding.objects.filter(person=leaver).update(deputy=teammate)
    _all_to(teammate, leaver, manager, now)
    assert Holding.objects.current().get(person=teammate).deputy is None


def test_all_is_handed_over_or_nothing(leaver, viewer, manager, now):
    with pytest.raises(ValidationError) as refused:
        _all_to(viewer, leaver, manager, now)  # the viewer would be the own deputy
    assert len(refused.value.message_dict) == 1
    assert Holding.objects.current().of(leaver).count() == 2


def test_what_was_changed_meanwhile_is_not_handed_over(leaver, teammate, manager, now):
    with pytest.raises(Stale):
        _all_to(teammate, leaver, manager, now, seen={})
    assert Holding.objects.current().of(leaver).count() == 2


def test_letting_somebody_out_opens_a_gap_from_that_moment_on(system, assign, viewer, manager):
    assign(viewer)
    before = timezone.now()
    edit_person(person=viewer, by=manager, is_active=False)
    found = Outcome.objects.get(system=system, check_key="role_filled_model_owner")
    assert (found.outcome, found.since >= before) == ("fail", True)


def test_a_feed_without_an_owner_who_is_here_is_a_gap_at_once(system, viewer, manager, now):
    System.objects.update(phase="operations")
    Dependency.objects.create(system=system, on_feed=FeedFactory(owner=viewer, name="Card payments"))

    def found():
        return Outcome.objects.get(system=system, check_key="feeds_described").why

    edit_person(person=viewer, by=manager, is_active=False)
    assert "an owner who may no longer sign in" in found()
    edit_person(person=viewer, by=manager, is_active=True)
    assert "an owner" not in found()
    Person.objects.filter(pk=viewer.pk).update(until=now - DAY)
    run_checks(System.objects.all(), keys=["feeds_described"])
    assert "an owner who left" in found()


def test_a_day_that_has_passed_is_no_day_to_leave_on(viewer, manager, now):
    with pytest.raises(ValidationError):
        edit_person(person=viewer, by=manager, until=now - DAY)
    assert Person.objects.get(pk=viewer.pk).until is None


def test_times_in_which_nobody_held_it_are_links_of_the_chain(assign, system, viewer, teammate, manager, now):
    system.registered_at = now - 30 * DAY
    assign(viewer, at=now - 20 * DAY)
    vacate_role(system=system, role=Role.MODEL_OWNER, by=manager, at=now - 10 * DAY)
    assign(teammate, at=now - 5 * DAY)
    chain = chain_of(system, Role.MODEL_OWNER, at=now)
    held = [(link.holding and link.holding.person, (now - link.from_at).days) for link in chain.links]
    assert held == [(teammate, 5), (None, 10), (viewer, 20), (None, 30)]
    assert chain.empty_since is None


def test_an_empty_role_says_since_when(assign, system, viewer, manager, now):
    system.registered_at = now - 30 * DAY
    assert chain_of(system, Role.DATA_OWNER, at=now).empty_since == now - 30 * DAY
    assign(viewer, at=now - 20 * DAY)
    vacate_role(system=system, role=Role.MODEL_OWNER, by=manager, at=now - 10 * DAY)
    assert chain_of(system, Role.MODEL_OWNER, at=now).empty_since == now - 10 * DAY
