"""Incidents around the beginning of a change are named in its explanation: on the page, by the API, in words."""

from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps

from incidents.models import Incident
from monitoring.actions.explaining import explain_due
from monitoring.actions.judging import judge_due
from monitoring.actions.monitors import watch
from monitoring.models import Alert, Metric, Series
from monitoring.models.alert import ask_once
from systems.models import Dependency
from tests.callers import caller
from tests.factories import FeedFactory, IncidentFactory, SystemFactory
from tests.monitoring.points import write

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 2, tzinfo=UTC)
WOBBLE = (0.004, -0.003, 0.001, -0.004, 0.003, 0.0, -0.002, 0.002, -0.001)


def _day(number: float) -> datetime:
    return START + timedelta(days=number)


@pytest.fixture
def alert(system):
    """Accuracy that is bad from the fiftieth day on, judged on the sixtieth."""
    series = Metric.objects.create(system=system, key="accuracy", scale="rate", leading=True).series.create()
    watch(series, by=None, at=START)
    values = [(0.86 if n >= 50 else 0.91) + WOBBLE[n % len(WOBBLE)] for n in range(60)]
    write(series, values, to_at=_day(59), every=timedelta(days=1))
    Series.objects.update(unjudged_from=START)
    judge_due(at=_day(60))
    return Alert.objects.get()


@pytest.fixture
def other(team):
    return SystemFactory(name="Search ranking", team=team)


def _incident(system, began, *, resolved=None, **facts) -> Incident:
    by = facts.pop("by", None)
    ended = {"resolved_at": _day(resolved), "resolved_by": by} if resolved is not None else {}
    times = {"noticed_at": _day(began), "declared_at": _day(began)}
    return IncidentFactory(number=12, systems=[system], **times | ended | facts)


def _named() -> list[str]:
    assert explain_due(at=_day(60)) == 1
    return [one["words"] for one in Alert.objects.get().explanation["changes"]]


def test_an_incident_of_the_system_is_named_everywhere(client, viewer, alert, system):
    _incident(system, 49)
    assert _named() == ["incident 12 began on 20 April"]
    sentence = "Accuracy has fallen from 0.91 to 0.86 since 21 April; incident 12 began on 20 April."
    assert Alert.objects.get().whole_sentence == sentence
    client.force_login(viewer)
    page = client.get("/systems/churn/metrics/accuracy/").content.decode()
    assert '<a href="/incidents/12/">incident 12 began on 20 April</a>' in page
    (said,) = caller(viewer).get("alerts/").json()["results"]
    (change,) = said["explanation"]["changes"]
    assert (change["kind"], change["page"]) == ("incident", "http://testserver/incidents/12/")


def test_what_was_going_on_counts_and_what_was_over_or_came_later_does_not(alert, system, manager):
    _incident(system, 20)
    assert _named() == ["incident 12 was going on since 22 March"]
    for began, resolved in ((20, 40), (58, None)):
        Incident.objects.all().delete()
        Alert.objects.update(explained_until=None)
        _incident(system, began, resolved=resolved, by=manager)
        assert _named() == []


def test_when_the_impact_began_counts_more_than_when_somebody_said_so(alert, system):
    _incident(system, 59, impact_started_at=_day(50))
    assert _named() == ["incident 12 began on 21 April"]


def test_what_the_alert_itself_led_to_stands_behind_nothing(alert, system):
    _incident(system, 60, first_visible_at=alert.onset_at, by_alert=True, topic="data")
    assert _named() == []


@pytest.mark.parametrize(("topic", "count"), [("data", 1), ("quality", 0)])
def test_of_what_alerts_of_the_system_led_to_another_trouble_counts(alert, system, topic, count):
    _incident(system, 49, by_alert=True, topic=topic)
    assert _named() == ["incident 12 began on 20 April"][:count]


def test_an_incident_of_what_it_depends_on_is_named(alert, system, other):
    _incident(other, 50)
    assert _named() == []
    Dependency.objects.create(system=system, on_system=other)
    Alert.objects.update(explained_until=None)
    assert _named() == ["incident 12 of Search ranking began on 21 April"]


@pytest.mark.parametrize(("topic", "count"), [("data", 1), ("service", 0)])
def test_of_a_feed_what_others_suffer_in_their_data_is_named(alert, system, other, topic, count):
    feed = FeedFactory(name="Customer events")
    for one in (system, other):
        Dependency.objects.create(system=one, on_feed=feed)
    _incident(other, 50, topic=topic)
    named = ["incident 12 of Search ranking, which takes Customer events too, began on 21 April"]
    assert _named() == named[:count]


def test_a_restricted_system_is_not_told_of(alert, system, other):
    Dependency.objects.create(system=system, on_system=other)
    type(other).objects.filter(pk=other.pk).update(restricted=True)
    _incident(other, 50)
    assert _named() == []


def _answers(client, person, incident) -> list[str]:
    """Return what `person` is answered wherever the explanation stands."""
    client.force_login(person)
    pages = ["/systems/churn/metrics/accuracy/", "/systems/churn/", f"/incidents/{incident.number}/"]
    answers = [client.get(page) for page in pages] + [caller(person).get("alerts/")]
    answers.append(caller(person).get(f"alerts/{Alert.objects.get().pk}/"))
    assert {one.status_code for one in answers} == {200}
    return [one.content.decode() for one in answers]


def test_a_system_that_is_restricted_later_is_named_nowhere_any_more(client, viewer, alert, system, other):
    Dependency.objects.create(system=system, on_system=other)
    _incident(other, 50)
    _named()
    about = IncidentFactory(number=13, systems=[system])
    about.memberships.create(alert=alert, joined_at=_day(60))
    named = "incident 12 of Search ranking began"
    assert all(named in answer for answer in _answers(client, viewer, about))
    type(other).objects.filter(pk=other.pk).update(restricted=True)
    assert not [answer for answer in _answers(client, viewer, about) if "Search ranking" in answer]
    assert Alert.objects.get().whole_sentence == "Accuracy has fallen from 0.91 to 0.86 since 21 April."


def test_what_was_explained_before_names_are_kept_names_nobody_else(alert):
    own, others = "incident 12 began on 20 April", "incident 13 of Search ranking was going on since 2 April"
    page = {"at": "2026-04-20T00:00:00+00:00", "page": ""}
    changes = [page | {"kind": kind, "words": words} for kind, words in (("incident", own), ("incident", others))]
    changes.append(page | {"kind": "deployment", "words": "version 2 of Search ranking was deployed"})
    said = {"most": "", "beside": [own, others], "changes": changes}
    Alert.objects.update(explanation=said, explained_until=_day(60))
    import_module("monitoring.migrations.0009_names_in_explanations").leave_out(apps, None)
    alert = Alert.objects.get()
    assert alert.explanation == {"most": "", "beside": [own], "changes": [changes[0], changes[2]]}
    assert alert.explained_until is None


def test_it_is_asked_once_for_many_alerts_whom_not_to_name(alert, other, django_assert_num_queries):
    Alert.objects.update(explanation={"changes": [{"words": "of another", "names": other.pk}]})
    alerts = [Alert.objects.get() for _ in range(3)]
    with django_assert_num_queries(1):
        ask_once(alerts)
        assert [len(one.told["changes"]) for one in alerts] == [1, 1, 1]


def test_an_incident_of_both_is_named_once(alert, system, other):
    Dependency.objects.create(system=system, on_system=other)
    _incident(other, 50).systems.add(system)
    assert _named() == ["incident 12 began on 21 April"]
