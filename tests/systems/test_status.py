from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from systems.actions.status import report_condition
from systems.models import StatusSpan, System


def _report(system, now, who="monitoring", level="healthy", sentence="All is well.", good_until=None):
    report_condition(system=system, who=who, level=level, sentence=sentence, good_until=good_until, at=now)


def _status(system):
    return System.objects.with_status().get(pk=system.pk).status_now


def test_the_worst_condition_is_the_status(system, now):
    _report(system, now, who="monitoring", level="healthy")
    _report(system, now, who="incidents", level="failing", sentence="Incident 1 is open.")
    assert _status(system) == "failing"
    assert System.objects.get(pk=system.pk).status_sentence == "Incident 1 is open."


@pytest.mark.parametrize(
    ("one", "other", "folded"),
    [
        ("failing", "degraded", "failing"),
        ("degraded", "unknown", "degraded"),
        ("unknown", "unmonitored", "unknown"),
        ("unmonitored", "healthy", "unmonitored"),
    ],
)
def test_which_level_prevails(system, now, one, other, folded):
    _report(system, now, who="monitoring", level=other)
    _report(system, now, who="incidents", level=one)
    assert _status(system) == folded


def test_green_fades_to_unknown_by_itself(system, now):
    _report(system, now - timedelta(minutes=1), good_until=now - timedelta(seconds=1))
    assert System.objects.get(pk=system.pk).status == "healthy"
    assert _status(system) == "unknown"


def test_since_is_kept_while_the_word_stays(system, now):
    _report(system, now, level="degraded", sentence="A little.")
    _report(system, now + timedelta(hours=1), level="degraded", sentence="A little more.")
    stored = System.objects.get(pk=system.pk)
    assert (stored.status_since, stored.status_sentence) == (now, "A little more.")


def test_the_first_judgement_says_since_when(system, now):
    long_ago = now - timedelta(days=90)
    _report(system, long_ago, level="unmonitored")
    assert System.objects.get(pk=system.pk).status_since == long_ago


def test_spans_follow_one_another_without_a_gap(system, now):
    later = now + timedelta(hours=1)
    _report(system, now, level="healthy")
    _report(system, later, level="failing")
    spans = list(StatusSpan.objects.filter(system=system).values_list("status", "from_at", "to_at"))
    assert spans == [("failing", later, None), ("healthy", now, later)]


def test_two_open_spans_are_refused(system, now):
    _report(system, now)
    with pytest.raises(IntegrityError), transaction.atomic():
        StatusSpan.objects.create(system=system, status="failing", sentence="", from_at=now)


def test_time_in_which_nobody_looked_stands_in_the_history_as_unknown(system, now):
    faded, back = now + timedelta(minutes=5), now + timedelta(hours=1)
    _report(system, now, good_until=faded)
    _report(system, back, good_until=back + timedelta(minutes=5))
    spans = list(StatusSpan.objects.filter(system=system).values_list("status", "from_at", "to_at"))
    assert spans == [("healthy", back, None), ("unknown", faded, back), ("healthy", now, faded)]


def test_an_open_incident_outlasts_a_judgement_that_faded(system, now):
    _report(system, now - timedelta(hours=1), who="monitoring", good_until=now - timedelta(minutes=1))
    _report(system, now, who="incidents", level="failing", sentence="Incident 1 is open.")
    assert _status(system) == "failing"


def test_no_open_incident_does_not_hide_that_nobody_looked(system, now):
    _report(system, now - timedelta(hours=1), who="monitoring", good_until=now - timedelta(minutes=1))
    _report(system, now, who="incidents", level="healthy")
    assert _status(system) == "unknown"


def test_what_stays_unknown_is_unknown_since_it_faded(system, now):
    faded = now - timedelta(minutes=1)
    _report(system, now - timedelta(hours=1), who="monitoring", good_until=faded)
    _report(system, now, who="incidents", level="healthy")
    assert System.objects.with_status().get(pk=system.pk).status_now_since == faded


def test_a_report_that_waited_for_another_does_not_turn_time_back(system, now):
    _report(system, now, level="healthy")
    _report(system, now - timedelta(seconds=1), who="incidents", level="failing")
    assert list(StatusSpan.objects.filter(system=system, to_at=None).values_list("status", "from_at")) == [
        ("failing", now)
    ]
