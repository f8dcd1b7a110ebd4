import threading

import pytest
from django.db import connection

from incidents.actions.ticking import NoSuchStep, tick
from incidents.following import choose, follow, written_for
from incidents.models import Entry
from systems.actions.runbooks import write_runbook
from tests.factories import IncidentFactory, PersonFactory, SystemFactory

BODY = "Look first.\n\n- [ ] Compare with **yesterday**\n- [ ] Go back to the version before\n"


@pytest.fixture
def runbook(system, manager, now):
    return write_runbook(system=system, situation="model_errs", body=BODY, by=manager, at=now).runbook


@pytest.fixture
def incident(system, runbook):
    return IncidentFactory(number=7, topic="quality", systems=[system])


def _tick(incident, by, at, **changes):
    system = incident.systems.get()
    place = {"system": system, "situation": "model_errs", "version": 1, "step": 0} | changes
    return tick(incident=incident, by=by, at=at, **place)


def test_a_tick_is_an_entry_of_the_timeline(incident, on_call, now):
    entry = _tick(incident, on_call, now)
    assert (entry.kind, entry.by, entry.text) == ("step", on_call, "Compare with yesterday")
    assert entry.data == {"system": "churn", "situation": "model_errs", "version": 1, "step": 0, "done": True}


def test_a_ticked_step_says_who_and_when(incident, runbook, on_call, now):
    _tick(incident, on_call, now)
    first, second = follow(incident, runbook).steps
    assert (first.ticked.by, first.ticked.at, second.ticked) == (on_call, now, None)


def test_taking_a_tick_away_is_another_entry(incident, runbook, on_call, manager, now):
    _tick(incident, on_call, now)
    entry = _tick(incident, manager, now, done=False)
    assert entry.text == "Not done after all: Compare with yesterday"
    assert (follow(incident, runbook).ticked, incident.timeline.count()) == (0, 2)


def test_of_two_who_tick_the_first_is_written(incident, runbook, on_call, manager, now):
    assert _tick(incident, on_call, now)
    assert _tick(incident, manager, now) is None
    assert follow(incident, runbook).steps[0].ticked.by == on_call


def test_what_is_not_ticked_cannot_be_taken_away(incident, on_call, now):
    assert _tick(incident, on_call, now, done=False) is None


@pytest.mark.parametrize("place", [{"step": 2}, {"step": -1}, {"version": 2}, {"situation": "load"}])
def test_a_step_that_is_not_there_is_refused(incident, on_call, now, place):
    with pytest.raises(NoSuchStep):
        _tick(incident, on_call, now, **place)


def test_a_step_of_another_system_is_refused(incident, on_call, manager, now):
    other = SystemFactory()
    write_runbook(system=other, situation="model_errs", body=BODY, by=manager, at=now)
    with pytest.raises(NoSuchStep):
        _tick(incident, on_call, now, system=other)


@pytest.mark.django_db(transaction=True)
def test_ticked_by_many_at_once_it_is_one_entry(now):
    system, person = SystemFactory(), PersonFactory()
    write_runbook(system=system, situation="model_errs", body=BODY, by=person, at=now)
    incident = IncidentFactory(systems=[system])
    start = threading.Barrier(8)

    def press():
        start.wait(timeout=60)
        _tick(incident, person, now)
        connection.close()

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert Entry.objects.filter(kind="step").count() == 1


@pytest.mark.parametrize(
    ("topic", "situations", "chosen"),
    [
        ("quality", ["alert_reached", "model_errs", "load"], "model_errs"),
        ("service", ["alert_reached", "model_errs", "load"], "load"),
        ("data", ["feed_unavailable", "normal"], "feed_unavailable"),
        ("other", ["load", "alert_reached"], "alert_reached"),
        ("quality", ["normal", "alert_reached"], "alert_reached"),
        ("quality", [], None),
    ],
)
def test_the_text_that_fits_is_suggested(system, manager, now, topic, situations, chosen):
    for situation in situations:
        write_runbook(system=system, situation=situation, body=BODY, by=manager, at=now)
    runbook = choose(IncidentFactory(topic=topic), written_for([system]))
    assert getattr(runbook, "situation", None) == chosen


def test_a_text_that_was_begun_goes_on_when_a_newer_one_is_written(incident, runbook, system, on_call, manager, now):
    _tick(incident, on_call, now)
    write_runbook(system=system, situation="model_errs", body="- [ ] Other", by=manager, at=now)
    following = follow(incident, written_for([system])[0])
    assert (following.version.n, following.ticked, following.is_superseded) == (1, 1, True)


def test_a_step_inside_a_step_keeps_its_place(system, incident, manager, now):
    body = "- [ ] Outer\n  - [ ] Inner\n- plain\n- [ ] Last"
    written = write_runbook(system=system, situation="load", body=body, by=manager, at=now).runbook
    assert [step.words for step in follow(incident, written).steps] == ["Outer", "Inner", "Last"]


PLACE = {"system": "churn", "situation": "model_errs", "version": 1, "step": 0}


def test_the_page_ticks_and_comes_back_to_the_step(client, incident, on_call):
    client.force_login(on_call)
    answer = client.post("/incidents/7/tick/", PLACE | {"done": "on"})
    assert answer["Location"] == "/incidents/7/?runbook=churn:model_errs#step-0"
    page = client.get("/incidents/7/").content.decode()
    assert "1 of 2 steps done" in page
    assert "done by on-call" in page


def test_htmx_gets_the_parts_that_changed(client, incident, on_call):
    client.force_login(on_call)
    answer = client.post("/incidents/7/tick/", PLACE | {"done": "on"}, headers={"HX-Request": "true"})
    assert b'aria-checked="true"' in answer.content


def test_a_step_that_is_not_there_is_not_found(client, incident, on_call):
    client.force_login(on_call)
    assert client.post("/incidents/7/tick/", PLACE | {"step": 9, "done": "on"}).status_code == 404
    assert client.post("/incidents/7/tick/", PLACE | {"system": "other", "done": "on"}).status_code == 404


def test_who_may_only_read_sees_the_steps_and_no_boxes(client, incident, viewer):
    client.force_login(viewer)
    page = client.get("/incidents/7/").content.decode()
    assert "yesterday" in page
    assert 'role="checkbox"' not in page


def test_a_text_does_nothing_on_the_page(client, system, manager, on_call, now):
    body = "- [ ] <script>alert(1)</script> [x](javascript:alert(1))"
    write_runbook(system=system, situation="load", body=body, by=manager, at=now)
    IncidentFactory(number=7, topic="service", systems=[system])
    client.force_login(on_call)
    page = client.get("/incidents/7/").content.decode()
    assert "<script>alert" not in page
    assert 'href="javascript' not in page


def test_nothing_written_is_said_with_the_way_to_write_it(client, system, on_call):
    IncidentFactory(number=7, topic="service", systems=[system])
    client.force_login(on_call)
    page = client.get("/incidents/7/").content.decode()
    assert "No runbook of Churn model is written" in page
    assert 'href="/systems/churn/runbook/load/"' in page


def test_what_is_shown_is_asked_anew_when_a_text_is_written(client, incident, system, manager, on_call, now):
    client.force_login(on_call)
    tag = client.get("/incidents/7/timeline/")["ETag"]
    assert client.get("/incidents/7/timeline/", headers={"If-None-Match": tag}).status_code == 304
    write_runbook(system=system, situation="load", body=BODY, by=manager, at=now)
    assert client.get("/incidents/7/timeline/", headers={"If-None-Match": tag}).status_code == 200
