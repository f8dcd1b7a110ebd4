from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from incidents.actions import response
from incidents.actions.response import AlreadyDone, acknowledge, mitigate, resolve, write_note
from incidents.models import Entry, Incident
from mlops_portal.engine.versions import Stale
from systems.models import System
from tests.at_once import at_once
from tests.factories import IncidentFactory, PersonFactory
from tests.protections import protects


@pytest.fixture
def incident(system):
    return IncidentFactory(number=7, severity="sev2", systems=[system])


def _kinds(incident):
    return list(incident.timeline.values_list("kind", flat=True))


def test_each_step_stamps_who_and_when_and_writes_one_entry(incident, on_call, now):
    for step in (acknowledge, mitigate):
        step(incident=incident, by=on_call, at=now)
    done = resolve(incident=incident, by=on_call, at=now, text="Rolled back.")
    assert (done.state, done.resolved_by, done.resolved_at) == ("resolved", on_call, now)
    assert _kinds(incident) == ["acknowledged", "mitigated", "resolved"]


def test_a_resolved_incident_no_longer_makes_its_system_failing(incident, system, on_call, now):
    acknowledge(incident=incident, by=on_call, at=now)
    assert System.objects.get(pk=system.pk).status == "failing"
    resolve(incident=incident, by=on_call, at=now, text="Rolled back.")
    assert System.objects.get(pk=system.pk).status == "healthy"


def test_the_second_to_acknowledge_hears_who_was_first(incident, on_call, manager, now):
    acknowledge(incident=incident, by=on_call, at=now)
    with pytest.raises(AlreadyDone, match="acknowledged by on-call on"):
        acknowledge(incident=incident, by=manager, at=now)


def test_nobody_goes_back_to_an_earlier_step(incident, on_call, now):
    mitigate(incident=incident, by=on_call, at=now)
    with pytest.raises(AlreadyDone):
        acknowledge(incident=incident, by=on_call, at=now)


def test_who_resolves_at_once_is_on_it_as_well(incident, on_call, now):
    done = resolve(incident=incident, by=on_call, at=now, text="A false alarm.")
    assert (done.acknowledged_by, done.mitigated_by) == (on_call, None)


def test_a_step_on_what_was_seen_before_a_change_is_refused(incident, on_call, manager, now):
    acknowledge(incident=incident, by=on_call, at=now, seen=1)
    with pytest.raises(Stale):
        resolve(incident=incident, by=manager, at=now, text="Done.", seen=1)
    assert Incident.objects.get().state == "acknowledged"


def test_a_note_makes_nobody_elses_view_stale(incident, on_call, manager, now):
    write_note(incident=incident, text="Looking at the feed.", by=manager, at=now)
    assert acknowledge(incident=incident, by=on_call, at=now, seen=1).version == 2


def test_what_fails_in_the_middle_leaves_nothing_behind(incident, on_call, now, monkeypatch):
    def fail(**kwargs):
        raise RuntimeError("killed")

    monkeypatch.setattr(response, "report", fail)
    with pytest.raises(RuntimeError):
        acknowledge(incident=incident, by=on_call, at=now)
    assert (Incident.objects.get().state, _kinds(incident)) == ("open", [])


def test_a_timeline_row_is_never_deleted(incident, on_call, now):
    entry = write_note(incident=incident, text="was", by=on_call, at=now)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Entry.objects.filter(pk=entry.pk).delete()


@protects("S15", off={"incidents.actions.response.locked": lambda incident, seen: incident})
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seen", [None, 1])
def test_of_twenty_who_take_a_step_at_once_one_does(seen):
    incident = IncidentFactory()
    people = {person: Incident.objects.get() for person in PersonFactory.create_batch(20)}

    def tap(person):
        return acknowledge(incident=people[person], by=person, at=timezone.now(), seen=seen).acknowledged_by

    done, refused = at_once(tap, people, refusals=(AlreadyDone, Stale, IntegrityError))
    assert (len(done), len(refused)) == (1, 19)
    assert [Incident.objects.get(pk=incident.pk).acknowledged_by] == done
    assert Entry.objects.filter(kind="acknowledged").count() == 1


@protects("S37", off={"incidents.actions.response.append": lambda **entry: None})
@pytest.mark.parametrize("step", [acknowledge, mitigate, partial(resolve, text="Rolled back.")])
def test_each_step_is_one_row_of_the_timeline(incident, on_call, now, step):
    step(incident=incident, by=on_call, at=now)
    assert incident.timeline.filter(by=on_call).count() == 1
