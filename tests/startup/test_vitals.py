import pytest

from mlops_portal.engine.health import DutyState
from mlops_portal.startup.vitals import scheduler_ticks, web_answers, worker_works


def _duty(name, queue, age_s):
    return DutyState(name, queue, age_s, late=False, finished_at=None, error="", ahead_s=0.0)


def _duties(*, tick=1.0, deliver=1.0, check=1.0):
    return [_duty("tick", "scheduler", tick), _duty("deliver", "tell", deliver), _duty("check", "work", check)]


@pytest.mark.parametrize(("age_s", "ticks"), [(0.5, True), (10, True), (10.5, False), (None, False)])
def test_scheduler_stands_still_without_a_tick_for_ten_seconds(age_s, ticks):
    assert scheduler_ticks(_duties(tick=age_s)) == ticks


def test_worker_stands_still_when_no_duty_of_its_queues_is_done():
    assert not worker_works(_duties(deliver=46, check=None), {"tell", "work"})


def test_worker_that_does_one_of_its_duties_works():
    assert worker_works(_duties(deliver=400, check=44), {"tell", "work"})


def test_worker_is_not_blamed_for_a_scheduler_that_stands_still():
    assert worker_works(_duties(tick=60, deliver=60, check=60), {"tell", "work"})


def test_worker_whose_queue_has_no_duty_is_not_blamed():
    assert worker_works(_duties(), {"pull"})


def test_web_without_a_process_does_not_answer():
    assert not web_answers("127.0.0.1", 9)
