import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from systems.actions.ownership import assign_role
from systems.actions.people import deactivate_person
from systems.actions.registry import judged_once
from systems.actions.verdict import fold_verdicts
from systems.checking import CHECKS, run_checks
from systems.models import Notice, Outcome, Role, System
from systems.tasks import check
from tests.factories import PersonFactory, SystemFactory


@pytest.fixture
def judged(system):
    run_checks(System.objects.filter(pk=system.pk))
    return system


def _outcome(system, key="role_filled_model_owner"):
    return Outcome.objects.with_result().get(system=system, check_key=key)


def _due(system):
    System.objects.filter(pk=system.pk).update(checks_due_at=Now() - timedelta(hours=1))


def test_every_check_finds_something_for_every_system(judged):
    assert set(judged.outcomes.values_list("check_key", flat=True)) == set(CHECKS)


def test_an_empty_role_fails_with_a_sentence_and_a_way_to_mend_it(judged):
    found = _outcome(judged)
    assert (found.outcome, found.why) == ("fail", "Nobody is named as model owner.")
    assert found.url == "/systems/churn/owners/model_owner/"


def test_the_outcome_after_the_action_is_right_at_once(judged, manager, viewer, now):
    assign_role(system=judged, role=Role.MODEL_OWNER, person=viewer, by=manager, at=now)
    assert _outcome(judged).outcome == "pass"


def test_what_is_judged_once_is_judged_at_the_end_of_the_outermost(judged, manager, viewer, now):
    with judged_once():
        with judged_once():
            assign_role(system=judged, role=Role.MODEL_OWNER, person=viewer, by=manager, at=now)
        assert _outcome(judged).outcome == "fail"
    assert _outcome(judged).outcome == "pass"


def test_a_holder_who_may_no_longer_sign_in_fails(system, manager, now):
    gone = PersonFactory()
    assign_role(system=system, role=Role.MODEL_OWNER, person=gone, by=manager, at=now)
    deactivate_person(person=gone, by=manager)
    assert "may no longer sign in" in _outcome(system).why


def test_nothing_is_written_when_nothing_changed(judged):
    before = _outcome(judged).since
    assert run_checks(System.objects.filter(pk=judged.pk)) == 0
    assert _outcome(judged).since == before


def test_a_check_that_turns_to_fail_tells_the_holder_of_its_role_once(judged, holder):
    System.objects.filter(pk=judged.pk).update(purpose="")
    for _ in range(2):
        run_checks(System.objects.filter(pk=judged.pk), keys=["purpose_written"])
    [notice] = Notice.objects.filter(key__contains="purpose_written")
    assert (notice.person, notice.subject) == (holder, "Churn model: Nobody has written what this system is for.")


def test_what_failed_from_the_first_look_is_no_news(judged):
    assert judged.outcomes.failing().exists()
    assert not Notice.objects.exists()


def test_the_duty_judges_what_is_due_and_then_rests(system):
    _due(system)
    assert check() >= 1
    assert System.objects.get(pk=system.pk).checks_due_at > timezone.now()
    assert check() == 0


def test_outcomes_of_a_system_that_was_not_judged_in_time_are_unknown(judged):
    _due(judged)
    assert _outcome(judged).result_now == "unknown"


def test_the_number_of_queries_does_not_grow_with_the_systems(team, holder):
    def queries_for(count):
        SystemFactory.create_batch(count, team=team)
        with CaptureQueriesContext(connection) as queries:
            run_checks(System.objects.all())
        return len(queries)

    few, many = queries_for(3), queries_for(40)
    assert many <= few


def test_a_round_that_failed_is_made_good_in_a_minute(system, now, monkeypatch):
    def fail(systems):
        raise RuntimeError

    monkeypatch.setattr("systems.tasks.run_checks", fail)
    System.objects.update(checks_due_at=now - timedelta(hours=1))
    with pytest.raises(RuntimeError):
        check()
    assert System.objects.get(pk=system.pk).checks_due_at <= timezone.now() + timedelta(minutes=1)


@pytest.mark.django_db(transaction=True)
def test_a_system_that_somebody_is_changing_is_not_waited_for():
    changed, other = SystemFactory(), SystemFactory()
    System.objects.update(checks_due_at=Now() - timedelta(hours=1))
    is_locked, may_end = threading.Event(), threading.Event()

    def change():
        with transaction.atomic():
            list(System.objects.filter(pk=changed.pk).select_for_update(no_key=True))
            is_locked.set()
            may_end.wait(20)
        connection.close()

    changing = threading.Thread(target=change)
    changing.start()
    is_locked.wait(20)
    folded = fold_verdicts([changed.pk, other.pk], timezone.now(), skip_locked=True)
    may_end.set()
    changing.join()
    assert folded == [other.pk]
