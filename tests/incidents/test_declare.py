from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from incidents.actions.declaring import change_incident, declare
from incidents.models import Incident
from mlops_portal.engine.versions import Stale
from monitoring.models import Alert, Point
from systems.models import Notice, Role, System
from tests.callers import caller
from tests.factories import (
    HoldingFactory,
    IncidentFactory,
    MetricFactory,
    PersonFactory,
    SeriesFactory,
    SystemFactory,
)
from tests.monitoring.points import write

WRONG = {"title": "Scores are all the same", "severity": "sev2", "noticed_how": "user_report"}


@pytest.fixture
def operator(system):
    holding = HoldingFactory(system=system, role=Role.OPERATIONS_OWNER, person=PersonFactory(username="operator"))
    return holding.person


def test_who_runs_the_system_is_told_at_once(system, viewer, operator, now):
    declare(systems=[system], by=viewer, at=now, what="Since this morning.", **WRONG)
    notice = Notice.objects.get(person=operator)
    assert (notice.urgency, notice.subject, notice.text) == (
        "now",
        "Churn model: Scores are all the same",
        "Since this morning.",
    )


def test_the_timeline_begins_with_who_declared_it(system, viewer, operator, now):
    incident = declare(systems=[system], by=viewer, at=now, what="Since this morning.", **WRONG)
    assert list(incident.timeline.values_list("kind", "by__username", "text")) == [
        ("declared", "viewer", "Since this morning."),
        ("told", None, "operator."),
    ]


def test_who_runs_two_of_the_systems_is_told_once(system, viewer, operator, now):
    other = SystemFactory()
    HoldingFactory(system=other, role=Role.OPERATIONS_OWNER, person=operator)
    declare(systems=[system, other], by=viewer, at=now, **WRONG)
    assert Notice.objects.filter(person=operator).count() == 1


def test_a_declared_incident_makes_its_systems_failing(system, viewer, now):
    declare(systems=[system], by=viewer, at=now, **WRONG)
    assert System.objects.get(pk=system.pk).status == "failing"


def test_it_was_noticed_by_who_declares_it_and_now_unless_said(system, viewer, manager, now):
    earlier = now - timedelta(hours=3)
    plain = declare(systems=[system], by=viewer, at=now, **WRONG)
    said = declare(
        systems=[system], by=viewer, at=now, noticed_by=manager, noticed_at=earlier, **WRONG | {"title": "B"}
    )
    assert [(one.noticed_by, one.noticed_at) for one in (plain, said)] == [(viewer, now), (manager, earlier)]


@pytest.mark.parametrize(("cleared_days_ago", "is_taken"), [(None, True), (6, True), (8, False)])
def test_when_it_was_first_visible_comes_from_recent_alerts(system, viewer, alert_of, now, cleared_days_ago, is_taken):
    seen = now - timedelta(days=10)
    cleared_at = cleared_days_ago and now - timedelta(days=cleared_days_ago)
    alert_of(system, at=seen, first_visible_at=seen, cleared_at=cleared_at)
    incident = declare(systems=[system], by=viewer, at=now, **WRONG)
    assert incident.first_visible_at == (seen if is_taken else None)
    assert incident.timeline.filter(text__contains="accuracy has fallen").exists() == is_taken


def test_sent_twice_it_is_one_incident(system, viewer, now):
    first = declare(systems=[system], by=viewer, at=now, **WRONG)
    assert declare(systems=[system], by=viewer, at=now + timedelta(seconds=2), **WRONG) == first


def test_the_future_cannot_have_been_noticed(system, viewer, now):
    with pytest.raises(ValidationError):
        declare(systems=[system], by=viewer, at=now, noticed_at=now + timedelta(hours=1), **WRONG)


def test_severity_is_changed_with_a_reason_that_stays(system, manager, now):
    incident = IncidentFactory(severity="sev3", systems=[system])
    change_incident(incident=incident, severity="sev1", reason="All customers.", by=manager, at=now)
    assert incident.timeline.get().text == "Severity from SEV 3 to SEV 1.\nAll customers."
    assert System.objects.get(pk=system.pk).status == "failing"


def test_severity_is_not_changed_without_a_reason(manager, now):
    with pytest.raises(ValidationError):
        change_incident(incident=IncidentFactory(severity="sev3"), severity="sev1", by=manager, at=now)


def test_nothing_changed_is_nothing_written(manager, now):
    incident = change_incident(incident=IncidentFactory(severity="sev3"), severity="sev3", by=manager, at=now)
    assert (incident.timeline.count(), incident.version) == (0, 1)


def test_a_change_over_a_newer_version_is_refused(manager, now):
    incident = IncidentFactory(version=2)
    with pytest.raises(Stale):
        change_incident(incident=incident, title="Other", by=manager, at=now, seen=1)


def test_the_page_chooses_the_system_that_it_was_asked_from(client, viewer, system):
    client.force_login(viewer)
    assert b'value="churn" selected' in client.get("/incidents/declare/?system=churn").content


def test_the_page_declares_and_leads_to_the_incident(client, viewer, system):
    client.force_login(viewer)
    answer = client.post("/incidents/declare/", {"system": "churn", **WRONG})
    assert answer["Location"] == Incident.objects.get().get_absolute_url()


def test_times_are_read_in_the_time_zone_of_who_types(client, viewer, system):
    viewer.time_zone = "America/New_York"
    viewer.save()
    client.force_login(viewer)
    client.post("/incidents/declare/", {"system": "churn", "impact_started_at": "2026-01-10T08:00", **WRONG})
    assert Incident.objects.get().impact_started_at.isoformat() == "2026-01-10T13:00:00+00:00"


def test_a_time_to_come_is_refused_beside_its_field(client, viewer, system):
    client.force_login(viewer)
    answer = client.post("/incidents/declare/", {"system": "churn", "noticed_at": "2999-01-10T08:00", **WRONG})
    assert (answer.status_code, answer.context["form"].errors["noticed_at"]) == (422, ["This has not come yet."])


def test_what_one_may_not_see_cannot_be_chosen(client, stranger, system):
    System.objects.update(restricted=True)
    client.force_login(stranger)
    assert client.post("/incidents/declare/", {"system": "churn", **WRONG}).status_code == 422
    assert caller(stranger).post("/api/v1/incidents/", {"systems": ["churn"], **WRONG}).status_code == 400
    assert not Incident.objects.exists()


def test_a_program_declares(viewer, system):
    answer = caller(viewer).post("/api/v1/incidents/", {"systems": ["churn"], **WRONG})
    assert (answer.status_code, answer.json()["state"], answer.json()["systems"]) == (201, "open", ["churn"])
    assert answer["Location"].endswith(f"/incidents/{answer.json()['number']}/")


def test_a_program_changes_the_severity_with_a_reason(manager, system):
    IncidentFactory(number=7, severity="sev3")
    api = caller(manager)
    assert api.patch("/api/v1/incidents/7/", {"severity": "sev2"}).status_code == 400
    assert api.patch("/api/v1/incidents/7/", {"severity": "sev2", "reason": "Worse."}).json()["severity"] == "sev2"


def test_the_page_changes_the_severity_with_a_reason(client, manager):
    IncidentFactory(number=7, severity="sev3", title="Slow")
    client.force_login(manager)
    typed = {"title": "Slow", "severity": "sev2", "version": 1}
    assert client.post("/incidents/7/change/", typed).status_code == 422
    assert client.post("/incidents/7/change/", typed | {"reason": "Worse."}).status_code == 302
    assert client.post("/incidents/7/change/", typed | {"title": "Later"}).status_code == 409


def test_what_no_monitor_has_told_yet_is_found_in_the_stored_values(system, viewer, now):
    series = SeriesFactory(metric=MetricFactory(system=system, key="accuracy", scale="rate"))
    values = [0.91 + 0.003 * (n % 3 - 1) - (0.05 if n >= 50 else 0) for n in range(55)]
    write(series, values, to_at=now, every=timedelta(days=1))
    began = now - timedelta(days=4)
    Point.objects.filter(at=began).update(first_seen_at=began)
    incident = declare(title="Wrong", systems=[system], severity="sev3", noticed_how="user_report", by=viewer, at=now)
    assert (incident.first_visible_at, incident.topic) == (began, "quality")
    (note,) = incident.timeline.filter(kind="note")
    assert note.text.startswith("When it was first visible was found in the stored values of")
    assert "Accuracy has fallen from 0.91 to 0.86" in note.text
    assert not Alert.objects.exists()
