"""A role that is handed over on a day to come: planned, taken back, done on the day."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from mlops_portal.engine.duties import do
from mlops_portal.engine.models import Change
from mlops_portal.engine.versions import Stale
from systems.actions.hand_overs import ask_deputies, do_what_is_due, plan_hand_over, take_back
from systems.actions.ownership import assign_role, vacate_role
from systems.actions.people import edit_person
from systems.actions.readiness import NotFromHere
from systems.actions.registry import retire_system
from systems.models import HandOver, Holding, Notice, Person, Role
from systems.notices import people_by_role, people_to_tell
from tests.at_once import at_once
from tests.factories import HoldingFactory, PersonFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
ROLE = Role.PRODUCT_OWNER


@pytest.fixture
def plan(system, holder, manager, now):
    """Plan something else than that in ten days somebody takes over from the holder."""

    def act(person, days=10, **terms):
        facts = {"system": system, "role": ROLE, "person": person, "from_at": now + days * DAY, "by": manager}
        return plan_hand_over(**facts | {"at": now} | terms)

    return act


def _now_held():
    return Holding.objects.current().get(role=ROLE)


def _verbs():
    return list(Change.objects.filter(kind="role").order_by("pk").values_list("verb", flat=True))


def test_the_holder_stays_until_the_day(plan, holder, teammate, now):
    plan(teammate)
    assert do_what_is_due(at=now + 9 * DAY) == 0
    assert (_now_held().person, HandOver.objects.get().person) == (holder, teammate)


def test_on_the_day_it_takes_force_once_however_late(plan, holder, teammate, viewer, now):
    planned = plan(teammate, deputy=viewer, until=now + 90 * DAY, note="As agreed.")
    assert (do_what_is_due(at=now + 13 * DAY), do_what_is_due(at=now + 13 * DAY)) == (1, 0)
    held, before = _now_held(), Holding.objects.get(person=holder)
    assert (held.person, held.deputy, held.until, held.note) == (teammate, viewer, planned.until, "As agreed.")
    assert (held.from_at, before.to, before.replaced_by) == (planned.from_at, planned.from_at, held)
    assert (_verbs(), HandOver.objects.exists()) == (["planned_to_hand_over", "handed_over"], False)


def test_the_duty_does_it(plan, teammate, now):
    plan(teammate)
    HandOver.objects.update(from_at=timezone.now())
    assert do("hand_over") == 1
    assert _now_held().person == teammate


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_hand_over_once(plan, teammate, now):
    plan(teammate)
    done, refused = at_once(lambda _: do_what_is_due(at=now + 11 * DAY), range(6), refusals=())
    assert (sum(done), refused, _now_held().person) == (1, [], teammate)


def test_a_holder_who_is_let_out_meanwhile_is_followed_all_the_same(plan, holder, teammate, manager, now):
    plan(teammate)
    edit_person(person=holder, by=manager, is_active=False)
    assert do_what_is_due(at=now + 10 * DAY) == 1
    assert _now_held().person == teammate


def test_a_role_that_was_changed_by_hand_meanwhile_keeps_that(plan, system, teammate, viewer, manager, now):
    plan(teammate)
    assign_role(system=system, role=ROLE, person=viewer, by=manager, at=now + DAY)
    assert do_what_is_due(at=now + 10 * DAY) == 0
    assert (_now_held().person, _verbs()) == (
        viewer,
        ["planned_to_hand_over", "called_off_handing_over", "handed_over"],
    )


def test_emptying_a_role_calls_off_what_was_planned(plan, system, teammate, manager, now):
    plan(teammate)
    vacate_role(system=system, role=ROLE, by=manager, at=now, note="The work is done.")
    assert (Holding.objects.current().exists(), HandOver.objects.exists()) == (False, False)
    assert Change.objects.get(verb="vacated").after == {"note": "The work is done."}


def test_new_terms_of_the_holder_leave_the_plan_alone(plan, system, holder, teammate, viewer, manager, now):
    plan(teammate)
    assign_role(system=system, role=ROLE, person=holder, deputy=viewer, by=manager, at=now)
    assert HandOver.objects.get().person == teammate


def test_a_successor_who_is_out_by_then_takes_nothing_over_and_people_are_told(plan, holder, teammate, manager, now):
    plan(teammate)
    Person.objects.filter(pk=teammate.pk).update(is_active=False)
    assert (do_what_is_due(at=now + 10 * DAY), do_what_is_due(at=now + 10 * DAY)) == (0, 0)
    assert (_now_held().person, HandOver.objects.exists()) == (holder, False)
    assert Change.objects.get(verb="did_not_hand_over").after == {
        "because": "teammate may no longer sign in: name somebody else."
    }
    told = Notice.objects.filter(subject__contains="did not take over").values_list("person__username", flat=True)
    assert set(told) == {"holder", "manager"}


def test_a_deputy_who_is_out_by_then_is_left_away(plan, teammate, viewer, now):
    plan(teammate, deputy=viewer)
    Person.objects.filter(pk=viewer.pk).update(is_active=False)
    assert do_what_is_due(at=now + 10 * DAY) == 1
    assert (_now_held().person, _now_held().deputy) == (teammate, None)


def test_nothing_takes_force_in_what_is_retired(plan, system, holder, teammate, manager, now):
    plan(teammate)
    retire_system(system=system, by=manager, at=now)
    assert (do_what_is_due(at=now + 10 * DAY), _now_held().person) == (0, holder)
    with pytest.raises(NotFromHere):
        plan(teammate)


def test_a_first_holder_is_planned_too(system, manager, teammate, now):
    facts = {"system": system, "role": ROLE, "by": manager, "at": now}
    first = plan_hand_over(person=teammate, from_at=now + DAY, seen=0, **facts)
    with pytest.raises(Stale):
        assign_role(person=teammate, seen=0, **facts)
    assert do_what_is_due(at=now + DAY) == 1
    assert _now_held().version > first.version


def test_it_can_be_taken_back_once(plan, system, holder, teammate, manager, now):
    plan(teammate)
    seen = _now_held().version
    take_back(system=system, role=ROLE, by=manager, at=now, seen=seen)
    with pytest.raises(Stale):
        take_back(system=system, role=ROLE, by=manager, at=now)
    assert (HandOver.objects.exists(), _verbs(), _now_held().version) == (
        False,
        ["planned_to_hand_over", "called_off_handing_over"],
        seen + 1,
    )


def test_another_plan_takes_the_place_of_the_first(plan, teammate, viewer, now):
    plan(teammate)
    plan(viewer, days=20)
    assert plan(viewer, days=20).version == HandOver.objects.get().version
    assert (HandOver.objects.get().person, _verbs()) == (viewer, ["planned_to_hand_over"] * 2)
    assert do_what_is_due(at=now + 11 * DAY) == 0


def test_who_planned_without_having_seen_another_plan_is_told(plan, teammate, viewer):
    seen = _now_held().version
    plan(teammate, seen=seen)
    with pytest.raises(Stale):
        plan(viewer, seen=seen)


@pytest.mark.parametrize(
    ("terms", "field", "said"),
    [
        ({"person": "holder"}, "person", "holds it already"),
        ({"person": "gone"}, "person", "may no longer sign in"),
        ({"person": "leaver"}, "person", "leaves on"),
        ({"deputy": "gone"}, "deputy", "may no longer sign in"),
        ({"deputy": "teammate"}, "deputy", "somebody else"),
        ({"days": 900}, "from", "two years"),
        ({"until": 3}, "until", "end before it begins"),
        ({"note": "Agreed\u202e"}, "note", "control character"),
    ],
)
def test_what_cannot_be_planned_is_refused_by_its_field(plan, teammate, now, terms, field, said):
    PersonFactory(username="gone", is_active=False)
    PersonFactory(username="leaver", until=now + 5 * DAY)
    for name in {"person", "deputy"} & set(terms):
        terms = terms | {name: Person.objects.get(username=terms[name])}
    if "until" in terms:
        terms = terms | {"until": now + terms["until"] * DAY}
    with pytest.raises(ValidationError) as refused:
        plan(**{"person": teammate} | terms)
    assert list(refused.value.message_dict) == [field]
    assert (said in refused.value.message_dict[field][0], HandOver.objects.exists()) == (True, False)


def test_whoever_takes_over_is_told_twice_when_planned_and_when_it_is_so(plan, teammate, now):
    plan(teammate)
    do_what_is_due(at=now + 10 * DAY)
    subjects = list(Notice.objects.filter(person=teammate).order_by("pk").values_list("subject", flat=True))
    assert ["you take over as product owner" in subjects[0], "you are the product owner" in subjects[1]] == [True] * 2


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"person": {"is_active": False}}, "may no longer sign in"),
        ({"person": {"until": -1}}, "was the product owner until"),
        ({"holding": {"until": -1}}, "was the product owner until"),
        ({"holding": {"confirmed_at": -181}}, "was to confirm being the product owner"),
    ],
)
def test_the_deputy_is_asked_once_when_the_holder_is_not_there(holder, deputy, now, facts, said):
    def at(row):
        return {name: now + value * DAY if name != "is_active" else value for name, value in row.items()}

    Holding.objects.update(from_at=now - 300 * DAY)
    assert ask_deputies(at=now) == 0
    Person.objects.filter(pk=holder.pk).update(**at(facts.get("person", {})))
    Holding.objects.update(**at(facts.get("holding", {})))
    assert (ask_deputies(at=now), ask_deputies(at=now)) == (1, 0)
    assert said in Notice.objects.get(person=deputy).text


def test_a_deputy_who_is_out_is_not_asked(holder, deputy, now):
    Holding.objects.update(confirmed_at=now - 200 * DAY)
    Person.objects.filter(pk=deputy.pk).update(is_active=False)
    assert ask_deputies(at=now) == 0


def test_what_was_for_a_holder_beyond_the_known_end_reaches_the_deputy(system, holder, deputy, now):
    Holding.objects.update(from_at=now - 9 * DAY, until=now - DAY)
    assert people_to_tell([system], ROLE)[system.pk] == [deputy]


def test_who_is_told_is_the_same_of_what_was_read_already(system, holder, teammate, now):
    roles = ["product_owner", "model_owner", "data_owner"]

    def both():
        held = list(system.holdings.current().select_related("person", "deputy"))
        asked = {role: people_to_tell([system], role)[system.pk] for role in roles}
        return people_by_role(system, held, roles), asked

    HoldingFactory(system=system, role="model_owner", person=teammate)
    read, asked = both()
    assert read == asked == {"product_owner": [holder], "model_owner": [teammate], "data_owner": [holder]}
    Holding.objects.filter(person=holder).update(from_at=now - 9 * DAY, until=now - DAY)
    read, asked = both()
    assert read == asked
    assert teammate in read["data_owner"]


def test_many_wait_for_the_next_round(holder, deputy, now):
    HoldingFactory.create_batch(3, person=holder, deputy=deputy, confirmed_at=now - 200 * DAY)
    assert (ask_deputies(at=now, most=2), ask_deputies(at=now, most=2)) == (2, 1)
