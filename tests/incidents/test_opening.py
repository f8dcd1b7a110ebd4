import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from incidents.actions.opening import Trouble, append, open_for_cause
from incidents.actions.responding import respond
from incidents.models import Entry, Incident
from systems.models import Notice, Role, System
from systems.states import state_of
from tests.factories import AnswerFactory, IncidentFactory, ReviewFactory, SystemFactory


def _open(system, severity="sev2"):
    trouble = Trouble(
        system=system,
        role=Role.MODEL_OWNER,
        title="Accuracy has fallen",
        text="From 0.91 to 0.86.",
        severity=severity,
    )
    return open_for_cause(trouble, at=timezone.now())


def test_an_open_incident_makes_its_system_failing(system):
    _open(system)
    assert System.objects.get(pk=system.pk).status == "failing"


def test_an_empty_role_falls_back_to_the_product_owner(system, holder):
    _open(system)
    assert [notice.person for notice in Notice.objects.filter(key__startswith="incident:")] == [holder]


def test_with_no_role_filled_the_team_is_told(system, teammate):
    _open(system)
    assert [notice.person for notice in Notice.objects.filter(key__startswith="incident:")] == [teammate]


def test_a_second_finding_about_the_same_cause_opens_nothing(system):
    first, _ = _open(system)
    second, is_new = _open(system)
    assert (second, is_new) == (first, False)


def test_another_error_of_the_database_is_not_taken_for_a_second_finding(system):
    with pytest.raises(IntegrityError, match="severity"), transaction.atomic():
        _open(system, severity=None)


@pytest.mark.fault("F28")
@pytest.mark.django_db(transaction=True)
def test_many_findings_at_once_open_one_incident():
    system = SystemFactory()
    start, opened = threading.Barrier(8), []

    def find():
        start.wait()
        opened.append(_open(system)[1])
        connection.close()

    threads = [threading.Thread(target=find) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(opened) == [False] * 7 + [True]
    assert Entry.objects.filter(kind=Entry.Kind.OPENED).count() == 1


def test_a_timeline_is_numbered_in_order(db, now):
    incident = IncidentFactory()
    assert [append(incident=incident, kind="note", text=text, at=now).n for text in "abc"] == [1, 2, 3]


def test_a_timeline_is_never_rewritten(db, now):
    entry = append(incident=IncidentFactory(), kind="note", text="was", at=now)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Entry.objects.filter(pk=entry.pk).update(text="is")


def test_who_and_when_stand_together(db, now):
    incident = IncidentFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        Incident.objects.filter(pk=incident.pk).update(resolved_at=now)


@pytest.mark.parametrize(("tier", "holds"), [(1, False), (4, True)])
def test_a_severe_incident_ends_the_approvals_of_its_topic(system, alert_of, now, tier, holds):
    System.objects.filter(pk=system.pk).update(tier=tier)
    ReviewFactory(answer=AnswerFactory(system=system, question_key="baseline"), at=now - timedelta(days=1))
    alert_of(system, severity="critical", at=now)
    respond(at=now)
    assert state_of(system, "baseline", at=now).holds is holds
