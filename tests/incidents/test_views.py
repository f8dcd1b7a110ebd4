from datetime import timedelta

import pytest
from django.urls import reverse

from incidents.actions.response import acknowledge, write_note
from incidents.models import Incident
from mlops_portal.engine import health
from systems.models import Group
from tests.factories import IncidentFactory, PersonFactory, SystemFactory


@pytest.fixture
def incident(system):
    return IncidentFactory(number=7, title="Accuracy has fallen", severity="sev2", systems=[system])


@pytest.fixture
def as_on_call(client, on_call):
    client.force_login(on_call)
    return client


def _act(client, step, **data):
    return client.post(f"/incidents/7/{step}/", data)


def _numbers(response):
    return [incident.number for incident in response.context["page"]]


def test_unresolved_incidents_come_first_and_the_most_severe_on_top(as_on_call, on_call, now):
    IncidentFactory(number=1, severity="sev3")
    IncidentFactory(number=2, severity="sev1")
    for number, when in ((3, now), (4, now.replace(year=2020))):
        IncidentFactory(number=number, resolved_at=when, resolved_by=on_call)
    assert _numbers(as_on_call.get("/incidents/")) == [2, 1, 3, 4]


def test_a_page_holds_fifty(as_on_call):
    IncidentFactory.create_batch(51)
    assert len(_numbers(as_on_call.get("/incidents/"))) == 50
    assert len(_numbers(as_on_call.get("/incidents/?page=2"))) == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=unresolved", [1, 2]),
        ("state=open", [1]),
        ("state=acknowledged", [2]),
        ("state=resolved", [3]),
        ("state=open&state=resolved", [1, 3]),
        ("state=", [1, 2, 3]),
        ("severity=sev1&severity=sev4", [1, 3]),
        ("system=churn", [2]),
        ("state=nonsense", []),
        ("system=nonsense", []),
    ],
)
def test_filters(as_on_call, on_call, system, now, query, found):
    IncidentFactory(number=1, severity="sev1")
    IncidentFactory(number=2, acknowledged_at=now, acknowledged_by=on_call, systems=[system])
    IncidentFactory(number=3, severity="sev4", resolved_at=now, resolved_by=on_call)
    assert _numbers(as_on_call.get(f"/incidents/?{query}")) == found


def test_a_timeline_is_whole_though_somewhere_a_system_is_hidden(as_on_call, incident, on_call, now):
    SystemFactory(slug="secret", restricted=True)
    write_note(incident=incident, text="The feed is late.", by=on_call, at=now)
    assert "The feed is late." in as_on_call.get(incident.get_absolute_url()).content.decode()


def test_a_restricted_systems_incident_does_not_exist_for_others(as_on_call):
    IncidentFactory(number=7, systems=[SystemFactory(slug="secret", restricted=True)])
    assert _numbers(as_on_call.get("/incidents/")) == []
    for path in ("/incidents/7/", "/incidents/7/timeline/"):
        assert as_on_call.get(path).status_code == 404
    assert _act(as_on_call, "acknowledge", version=1).status_code == 404


def test_of_several_systems_only_those_that_one_may_see_are_named(as_on_call, system):
    hidden = SystemFactory(slug="secret", name="Secret scheme", restricted=True)
    IncidentFactory(number=7, systems=[system, hidden])
    for path in ("/incidents/", "/incidents/7/"):
        page = as_on_call.get(path).content.decode()
        assert "Churn model" in page
        assert "Secret scheme" not in page


@pytest.mark.parametrize("path", ["/incidents/", "/incidents/?state=unresolved"])
def test_the_list_asks_as_much_for_many_rows_as_for_one(
    as_on_call, system, now, path, django_assert_num_queries, monkeypatch
):
    monkeypatch.setattr(health, "READ_EVERY_S", 3600)  # the banner's question is asked now and then
    IncidentFactory(systems=[system])
    as_on_call.get(path)
    with django_assert_num_queries(8):
        as_on_call.get(path)
    for _ in range(20):
        IncidentFactory(systems=[SystemFactory()], acknowledged_at=now, acknowledged_by=PersonFactory())
    with django_assert_num_queries(8):
        as_on_call.get(path)


def test_one_tap_acknowledges(as_on_call, on_call, incident):
    page = as_on_call.get("/incidents/7/").content.decode()
    assert 'action="/incidents/7/acknowledge/"' in page
    response = _act(as_on_call, "acknowledge", version=1)
    assert response.url == "/incidents/7/"
    assert Incident.objects.get().acknowledged_by == on_call


def test_whoever_comes_second_reads_who_was_first_and_keeps_what_was_typed(as_on_call, incident, manager, now):
    acknowledge(incident=incident, by=manager, at=now)
    response = _act(as_on_call, "resolve", version=1, text="Rolled <back>.")
    page = response.content.decode()
    assert response.status_code == 409
    assert "was acknowledged by manager" in page
    assert "Rolled &lt;back&gt;." in page
    assert 'name="version" value="2"' in page
    assert Incident.objects.get().state == "acknowledged"


def test_a_double_tap_is_told_that_it_is_done(as_on_call, incident):
    _act(as_on_call, "acknowledge", version=1)
    assert "was acknowledged by on-call" in _act(as_on_call, "acknowledge", version=2).content.decode()


def test_resolving_needs_a_sentence(as_on_call, incident):
    response = _act(as_on_call, "resolve", version=1, text="  ")
    assert response.status_code == 422
    assert "Write a sentence first" in response.content.decode()
    assert Incident.objects.get().state == "open"


def test_the_whole_way_leaves_a_timeline(as_on_call, incident):
    _act(as_on_call, "acknowledge", version=1)
    _act(as_on_call, "write", version=2, text="The feed is late.")
    _act(as_on_call, "mitigate", version=2, text="")
    _act(as_on_call, "resolve", version=3, text="Replayed the feed.")
    told = [(entry.kind, entry.text) for entry in incident.timeline.all()]
    assert told == [
        ("acknowledged", ""),
        ("note", "The feed is late."),
        ("mitigated", ""),
        ("resolved", "Replayed the feed."),
    ]


@pytest.mark.parametrize("step", ["acknowledge", "mitigate", "resolve", "write"])
def test_who_may_not_act_sees_it_but_changes_nothing(client, viewer, incident, step):
    client.force_login(viewer)
    page = client.get("/incidents/7/").content.decode()
    assert "Who may act on it: On-call engineers" in page
    assert "<textarea" not in page
    assert _act(client, step, version=1, text="x").status_code == 403
    assert not incident.timeline.exists()


def test_who_holds_a_role_of_the_system_may_act(client, holder, incident):
    client.force_login(holder)
    assert _act(client, "acknowledge", version=1).status_code == 302


@pytest.mark.parametrize("step", ["acknowledge", "mitigate", "resolve", "write"])
def test_nothing_happens_by_reading(as_on_call, incident, step):
    assert as_on_call.get(f"/incidents/7/{step}/").status_code == 405


def test_the_page_includes_the_very_fragment_that_is_asked_for(as_on_call, incident, on_call, now):
    write_note(incident=incident, text="Looked at the <feed>.", by=on_call, at=now)
    page = as_on_call.get("/incidents/7/").content.decode()
    fragment = as_on_call.get("/incidents/7/timeline/").content.decode()
    assert fragment.partition("</section>")[0] in page
    assert "Looked at the &lt;feed&gt;." in fragment


def _tag(client):
    return client.get("/incidents/7/timeline/").headers["ETag"]


def test_while_nothing_changes_the_answer_is_304(as_on_call, incident):
    tag = _tag(as_on_call)
    response = as_on_call.get("/incidents/7/timeline/", headers={"If-None-Match": tag})
    assert (response.status_code, response.content) == (304, b"")
    assert f'"If-None-Match": "\\{tag[:-1]}\\""' in as_on_call.get("/incidents/7/").content.decode()


def test_asking_after_the_session_has_ended_brings_no_sign_in_page(client, incident):
    assert client.get("/incidents/7/timeline/", headers={"HX-Request": "true"}).status_code == 401
    assert client.get("/incidents/7/timeline/").status_code == 302


def test_what_others_do_changes_the_tag(as_on_call, incident, manager, now):
    tags = [_tag(as_on_call)]
    write_note(incident=incident, text="Looking.", by=manager, at=now)
    tags.append(_tag(as_on_call))
    acknowledge(incident=incident, by=manager, at=now)
    tags.append(_tag(as_on_call))
    assert len(set(tags)) == 3


def test_two_people_never_share_a_tag(client, on_call, incident):
    tags = []
    for person in (on_call, PersonFactory(groups=[Group.VIEWER])):
        client.force_login(person)
        tags.append(_tag(client))
    assert tags[0] != tags[1]


@pytest.mark.parametrize(
    ("visible_before", "said"),
    [
        (timedelta(hours=2), "It was visible in our data for 2\xa0hours before that."),
        (timedelta(0), "It was noticed as soon as it was visible in our data."),
        (-timedelta(hours=1), "It was noticed before it was visible in our data."),
    ],
)
def test_the_noticing_delay_is_said_in_words(now, visible_before, said):
    assert Incident(noticed_at=now, first_visible_at=now - visible_before).noticing_sentence == said


def test_an_empty_portal_says_what_belongs_here(as_on_call):
    assert "No incident yet" in as_on_call.get(reverse("incidents:list")).content.decode()
