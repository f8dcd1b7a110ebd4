import threading
from datetime import timedelta

import pytest
from django.db import connection

from incidents.actions.responding import respond
from incidents.actions.response import acknowledge, resolve
from incidents.models import Entry, Incident, IncidentAlert
from monitoring.actions.judging import judge_due
from monitoring.actions.monitors import set_limit
from monitoring.actions.storing import store
from monitoring.connectors.connector import Reading
from systems.models import Notice, Role, System
from tests.factories import HoldingFactory, MetricFactory, PersonFactory, SeriesFactory, SystemFactory


def kinds(incident):
    return [str(kind) for kind in incident.timeline.values_list("kind", flat=True)]


def told(incident):
    return sorted(Notice.objects.filter(url=incident.get_absolute_url()).values_list("person__username", flat=True))


@pytest.fixture
def model_owner(system):
    return HoldingFactory(system=system, role=Role.MODEL_OWNER, person=PersonFactory(username="model-owner")).person


@pytest.fixture
def service_owner(system):
    return HoldingFactory(system=system, role=Role.SERVICE_OWNER, person=PersonFactory(username="service-owner")).person


def test_an_alert_gets_an_incident_with_its_cause_stamps_and_sentence(system, alert_of, now):
    seen = now - timedelta(hours=30)
    alert_of(system, first_visible_at=seen, sentence="Accuracy has fallen from 0.91 to 0.86.")
    assert respond(at=now) == 1
    incident = Incident.objects.get()
    assert (incident.cause, incident.title, incident.topic) == (
        "system:churn",
        "Accuracy has fallen from 0.91 to 0.86",
        "quality",
    )
    assert (incident.first_visible_at, incident.noticed_at, incident.declared_at) == (seen, now, now)
    assert (incident.noticed_how, list(incident.systems.all())) == ("monitor", [system])


@pytest.mark.parametrize(
    ("alert", "tiers"),
    [("critical", ["sev1", "sev2", "sev3", "sev3"]), ("warning", ["sev3", "sev3", "sev4", "sev4"])],
)
def test_severity_follows_from_the_alert_and_the_tier(alert_of, now, alert, tiers):
    for tier in (1, 2, 3, 4):
        alert_of(SystemFactory(tier=tier), severity=alert)
    respond(at=now)
    assert list(Incident.objects.order_by("number").values_list("severity", flat=True)) == tiers


def test_an_alert_gets_one_incident_however_often_it_is_seen(system, alert_of, now):
    alert_of(system)
    assert [respond(at=now), respond(at=now)] == [1, 0]


def test_a_second_alert_of_the_system_joins(system, alert_of, now):
    alert_of(system)
    respond(at=now)
    alert_of(system, metric="recall", sentence="Recall has fallen.")
    respond(at=now)
    incident = Incident.objects.get()
    assert kinds(incident) == ["opened", "told", "joined"]
    assert incident.memberships.count() == 2


def test_who_answers_for_the_metric_is_told_by_the_portal_at_once(system, alert_of, now, model_owner):
    alert_of(system)
    respond(at=now)
    assert told(Incident.objects.get()) == ["model-owner"]
    assert Notice.objects.get(person=model_owner).urgency == "now"


def test_a_joining_alert_tells_another_role(system, alert_of, now, model_owner, service_owner):
    alert_of(system)
    respond(at=now)
    alert_of(system, metric="latency", kind="service")
    respond(at=now)
    assert told(Incident.objects.get()) == ["model-owner", "service-owner"]


def test_who_was_told_is_not_told_again_of_what_joins(system, alert_of, now, model_owner):
    for metric in ("accuracy", "recall", "precision"):
        alert_of(system, metric=metric)
        respond(at=now)
    assert told(Incident.objects.get()) == ["model-owner"]
    assert kinds(Incident.objects.get()).count("told") == 1


def test_once_somebody_is_on_it_what_joins_pages_nobody(system, alert_of, now, model_owner, service_owner, on_call):
    alert_of(system)
    respond(at=now)
    acknowledge(incident=Incident.objects.get(), by=on_call, at=now)
    alert_of(system, metric="latency", kind="service")
    respond(at=now)
    assert told(Incident.objects.get()) == ["model-owner"]


def test_unless_it_is_worse(system, alert_of, now, model_owner, service_owner, on_call):
    alert_of(system)
    respond(at=now)
    acknowledge(incident=Incident.objects.get(), by=on_call, at=now)
    alert_of(system, metric="latency", kind="service", severity="critical")
    respond(at=now)
    incident = Incident.objects.get()
    assert (incident.severity, told(incident)) == ("sev3", ["model-owner", "service-owner"])
    assert kinds(incident)[-3:] == ["joined", "changed", "told"]


def test_a_worse_alert_makes_the_system_failing(alert_of, now):
    system = SystemFactory(tier=2)
    alert_of(system)
    respond(at=now)
    alert_of(system, metric="recall", severity="critical")
    respond(at=now)
    assert System.objects.get(pk=system.pk).status == "failing"


def test_a_milder_alert_leaves_the_severity(system, alert_of, now):
    alert_of(system, severity="critical")
    respond(at=now)
    alert_of(system, metric="recall")
    respond(at=now)
    assert Incident.objects.get().severity == "sev3"


@pytest.mark.parametrize(("hours", "incidents"), [(1, 0), (-1, 1), (0, 1)])
def test_a_snoozed_monitor_is_left_alone_until_its_time(system, alert_of, now, hours, incidents):
    monitor = alert_of(system).monitor
    monitor.snoozed_until = now + timedelta(hours=hours)
    monitor.save()
    respond(at=now)
    assert Incident.objects.count() == incidents


def test_a_cleared_alert_leaves_one_line_and_the_incident_open(system, alert_of, now):
    alert = alert_of(system, at=now)
    respond(at=now)
    alert.cleared_at = now
    alert.save()
    assert [respond(at=now), respond(at=now)] == [1, 0]
    incident = Incident.objects.get()
    assert (kinds(incident), incident.state) == (["opened", "told", "recovered"], "open")


def test_an_alert_that_outlives_its_incident_stays_in_it(system, alert_of, now, on_call):
    alert_of(system)
    respond(at=now)
    resolve(incident=Incident.objects.get(), by=on_call, at=now, text="Rolled back.")
    assert (respond(at=now), Incident.objects.count()) == (0, 1)
    assert Entry.objects.get(kind="resolved").data == {"alerts_open": 1}


def test_a_new_alert_after_the_end_opens_a_new_incident(system, alert_of, now, on_call):
    alert_of(system)
    respond(at=now)
    resolve(incident=Incident.objects.get(), by=on_call, at=now, text="Rolled back.")
    alert_of(system, metric="recall")
    respond(at=now)
    assert [incident.state for incident in Incident.objects.order_by("number")] == ["resolved", "open"]


def test_of_the_past_nobody_is_told(system, alert_of, now, model_owner):
    then = now - timedelta(days=90)
    alert_of(system, at=then)
    respond(at=then, quietly=True)
    incident = Incident.objects.get()
    assert (told(incident), incident.noticed_at, {entry.at for entry in incident.timeline.all()}) == ([], then, {then})


def test_the_timeline_says_once_that_nobody_could_be_told(system, alert_of, now):
    for metric in ("accuracy", "recall"):
        alert_of(system, metric=metric)
        respond(at=now)
    assert kinds(Incident.objects.get()) == ["opened", "told", "joined"]


def test_a_bad_value_reaches_a_named_person(system, model_owner, now):
    series = SeriesFactory(metric=MetricFactory(system=system, key="accuracy", scale="rate"))
    set_limit(series, below=0.88, severity="critical", by=None, at=now)
    store({series.pk: [Reading(now - timedelta(hours=1), 0.84)]}, at=now)
    judge_due(at=now)
    respond(at=now)
    incident = Incident.objects.get()
    assert (told(incident), incident.severity, incident.topic) == (["model-owner"], "sev3", "quality")
    assert "0.84" in incident.title


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_open_one_incident(alert_of, now):
    system = SystemFactory()
    for n in range(10):
        alert_of(system, metric=f"metric-{n}")
    start, errors = threading.Barrier(50), []

    def answer():
        try:
            start.wait(timeout=60)
            respond(at=now)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=answer) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert errors == []
    assert Incident.objects.count() == 1
    assert Entry.objects.filter(kind="opened").count() == 1
    assert Entry.objects.filter(kind="joined").count() == 9
    assert IncidentAlert.objects.count() == 10
