"""When most of what the portal asks stops answering at once, that is one thing to tell, not a thousand (F32)."""

from datetime import timedelta

import pytest

from incidents.actions.responding import respond, waiting
from incidents.models import Entry, Incident
from monitoring.actions.seeing import look
from monitoring.conditions import judge_portal
from monitoring.models import Alert, Blindness, Monitor, Source
from systems.models import Condition, Level
from tests.factories import SeriesFactory, SourceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def sources(system, now):
    """Eight sources at eight hosts, heard a minute ago."""
    made = [
        SourceFactory(system=system, name=str(n), settings={"url": f"http://host-{n}.example/metrics"})
        for n in range(8)
    ]
    Source.objects.update(last_success_at=now - timedelta(minutes=1))
    return made


def fail(sources, now, *, ago=timedelta(seconds=30), held_back=timedelta(minutes=1)):
    rows = Source.objects.filter(pk__in=[source.pk for source in sources])
    rows.update(failing_since=now - ago, failures=1, back_off_until=now + held_back)


def hear(sources, now):
    rows = Source.objects.filter(pk__in=[source.pk for source in sources])
    rows.update(failing_since=None, failures=0, back_off_until=None, last_success_at=now)


@pytest.mark.fault("F32")
def test_more_than_half_at_once_is_a_blindness(sources, now):
    fail(sources[:5], now)
    blindness = look(at=now)
    assert (blindness.failing, blindness.asked, blindness.hosts) == (5, 8, 5)
    assert blindness.from_at == now - timedelta(seconds=30)
    assert blindness.sentence.startswith("The portal cannot see: 5 of the 8 sources")


def test_half_is_none(sources, now):
    fail(sources[:4], now)
    assert look(at=now) is None


def test_what_failed_for_long_or_was_not_asked_says_nothing_about_now(sources, now):
    fail(sources[:4], now, ago=timedelta(days=3))
    fail(sources[4:6], now)
    assert look(at=now) is None  # two of four that were asked lately
    Source.objects.filter(pk__in=[one.pk for one in sources[6:]]).update(last_success_at=now - timedelta(hours=2))
    fail(sources[3:6], now)
    assert look(at=now) is None  # three of three: too few to say so


def test_few_sources_speak_for_themselves(sources, now):
    Source.objects.filter(pk__in=[one.pk for one in sources[4:]]).delete()
    fail(sources[:4], now)
    assert look(at=now) is None


def test_one_host_that_is_away_is_no_blindness(sources, now):
    Source.objects.update(settings={"url": "http://host.example/metrics"})
    fail(sources, now)
    assert look(at=now) is None


def test_paused_sources_are_not_counted(sources, now):
    fail(sources[:5], now)
    Source.objects.filter(pk__in=[one.pk for one in sources[:5]]).update(enabled=False)
    assert look(at=now) is None


def test_it_lasts_until_fewer_than_a_quarter_fail(sources, now):
    fail(sources[:6], now)
    look(at=now)
    later = now + timedelta(minutes=3)
    hear(sources[2:], later)
    assert look(at=later) is not None  # two of eight: not fewer than a quarter
    hear(sources[1:2], later)
    assert look(at=later) is None
    assert Blindness.objects.get().over_at == later


def test_there_is_never_more_than_one(sources, now):
    fail(sources, now)
    first = look(at=now)
    assert look(at=now + timedelta(seconds=5)) == first
    assert Blindness.objects.count() == 1


@pytest.mark.fault("F11")
def test_when_it_is_over_the_rest_is_asked_within_one_interval(sources, now):
    fail(sources, now, held_back=timedelta(minutes=50))
    look(at=now)
    hear(sources[1:], now)
    look(at=now)
    rest = Source.objects.get(pk=sources[0].pk)
    assert rest.back_off_until == now
    assert now < rest.next_due_at <= now + timedelta(seconds=rest.interval_s)


def test_while_it_lasts_nothing_is_held_back_for_long_and_not_all_come_at_once(sources, now):
    fail(sources, now, held_back=timedelta(minutes=50))
    look(at=now)
    look(at=now + timedelta(seconds=5))
    until = set(Source.objects.values_list("back_off_until", flat=True))
    assert len(until) > 1
    assert max(until) < now + timedelta(minutes=4)


def silent(sources, now):
    """A silence of each source, found just now."""
    for source in sources:
        monitor = Monitor.objects.create(series=SeriesFactory(source=source), kind=Monitor.Kind.SILENCE)
        Alert.objects.create(monitor=monitor, opened_at=now, severity="warning", sentence="Nothing comes.")


@pytest.mark.fault("F32")
def test_it_is_one_incident_of_the_portal_and_none_of_each_source(sources, now):
    fail(sources, now)
    silent(sources, now)
    look(at=now)
    respond(at=now)
    incident = Incident.objects.get()
    assert (incident.cause, list(incident.systems.values_list("slug", flat=True))) == ("system:portal", ["portal"])
    assert incident.timeline.get(kind=Entry.Kind.OPENED).text.startswith("The portal cannot see: 8 of the 8")
    respond(at=now + timedelta(seconds=5))
    assert incident.timeline.filter(kind__in=[Entry.Kind.OPENED, Entry.Kind.JOINED]).count() == 1


def test_what_is_still_silent_after_it_gets_its_own(sources, now):
    fail(sources, now)
    silent(sources[:1], now)
    look(at=now)
    hear(sources[1:], now)
    look(at=now)
    assert [waiting(now + timedelta(minutes=minutes)).count() for minutes in (5, 11)] == [0, 1]


def test_a_silence_of_a_source_that_answers_is_told_all_the_same(sources, now):
    fail(sources[:6], now)
    silent(sources[7:], now)
    look(at=now)
    assert waiting(now).count() == 1


def test_that_it_is_over_stands_on_the_timeline_once(sources, now):
    fail(sources, now)
    look(at=now)
    respond(at=now)
    hear(sources, now)
    look(at=now)
    respond(at=now)
    respond(at=now)
    incident = Incident.objects.get()
    assert incident.timeline.filter(kind=Entry.Kind.RECOVERED).count() == 1
    assert incident.resolved_at is None


def test_it_joins_an_open_incident_of_the_portal(sources, now):
    fail(sources, now)
    look(at=now)
    respond(at=now)
    Blindness.objects.update(over_at=now)
    respond(at=now)
    look(at=now + timedelta(seconds=1))
    respond(at=now + timedelta(seconds=1))
    assert Incident.objects.get().timeline.filter(kind=Entry.Kind.JOINED).count() == 1


def test_the_portals_own_state_says_so(sources, now):
    fail(sources, now)
    look(at=now)
    judge_portal(at=now, good_until=now)
    said = Condition.objects.get(system__slug="portal", who="monitoring")
    assert (said.level, "The portal cannot see" in said.sentence) == (Level.FAILING, True)
