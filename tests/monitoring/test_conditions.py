from datetime import timedelta

import pytest
from django.db.models.functions import Now

from mlops_portal.engine.models import Duty
from monitoring.conditions import UNMONITORED, judge_portal, judge_unmonitored
from monitoring.tasks import BELIEVED_FOR, judge
from systems.models import System

pytestmark = pytest.mark.django_db


@pytest.fixture
def on_time():
    Duty.objects.update(finished_at=Now())


def _portal():
    return System.objects.with_status().get(slug="portal")


def test_the_portal_is_healthy_while_its_duties_are_done(on_time):
    judge()
    assert (_portal().status_now, _portal().status_sentence) == ("healthy", "Every duty is done on time.")


def test_the_portal_is_failing_when_a_duty_is_late(on_time):
    Duty.objects.filter(name="deliver").update(finished_at=Now() - timedelta(hours=1))
    judge()
    assert (_portal().status_now, _portal().status_sentence) == ("failing", "Late: deliver.")


def test_the_portal_is_unknown_when_nobody_judges_it_any_more(on_time, now):
    judge_portal(at=now - timedelta(hours=1), good_until=now - timedelta(hours=1) + BELIEVED_FOR)
    assert _portal().status_now == "unknown"


def test_a_system_without_a_quality_metric_is_not_monitored(system, now):
    assert judge_unmonitored(at=now) == 1
    assert System.objects.get(pk=system.pk).status_sentence == UNMONITORED


def test_what_was_said_once_is_not_written_again(system, now):
    judge_unmonitored(at=now)
    assert judge_unmonitored(at=now) == 0
