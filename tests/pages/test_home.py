from datetime import timedelta

import pytest
from django.utils import timezone

from systems.actions.hand_overs import ask_deputies
from systems.actions.registry import recheck
from systems.models import Holding, Notice
from tests.factories import HoldingFactory, IncidentFactory, SystemFactory, TeamFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def home(client, system):
    """Open home as somebody."""

    def open_as(person):
        client.force_login(person)
        return client.get("/")

    return open_as


def _urls(answer):
    return [need.url for need in answer.context["needs"]]


def _notice(person, **more):
    facts = {"key": f"test:{person.username}", "subject": "Look here", "text": "Look here", "url": "/somewhere/"}
    return Notice.objects.create(person=person, **facts | more)


def test_who_has_nothing_to_do_is_told_so(home, viewer):
    assert "Enjoy the quiet" in home(viewer).content.decode()


def test_who_holds_the_role_is_asked_for_what_is_missing(home, holder, system):
    for role in ("service_owner", "data_owner", "operations_owner"):
        HoldingFactory(system=system, role=role)
    recheck(system)
    assert "/systems/churn/phases/research/" in _urls(home(holder))


def test_who_may_not_mend_it_is_led_to_where_it_is_said(home, holder, system):
    for role in ("service_owner", "data_owner", "operations_owner"):
        HoldingFactory(system=system, role=role)
    recheck(system)
    [need] = _needs(home(holder), "Look at it")
    assert (need.url, need.sentence) == ("/systems/churn/#ownership", "Nobody is named as model owner.")


def test_many_gaps_of_a_system_are_one_thing_to_do(home, holder, system):
    recheck(system)
    assert "/reports/gaps/?system=churn" in _urls(home(holder))


def test_who_holds_nothing_is_asked_for_nothing(home, data_scientist, system):
    recheck(system)
    assert _urls(home(data_scientist)) == []


def test_the_holder_sees_the_incidents_of_the_system_alone(home, holder, system):
    IncidentFactory(number=1, systems=[system])
    IncidentFactory(number=2, systems=[SystemFactory()])
    assert [url for url in _urls(home(holder)) if "incidents" in url] == ["/incidents/1/"]


def test_on_call_sees_every_open_incident(home, on_call, system, manager):
    IncidentFactory(number=1, systems=[system])
    IncidentFactory(number=2, resolved_at=timezone.now(), resolved_by=manager)
    assert _urls(home(on_call)) == ["/incidents/1/"]


def test_on_call_is_not_shown_incidents_of_restricted_systems(home, on_call):
    IncidentFactory(systems=[SystemFactory(restricted=True)])
    assert _urls(home(on_call)) == []


def test_an_unread_notice_needs_its_reader(home, viewer):
    _notice(viewer)
    assert _urls(home(viewer)) == ["/somewhere/"]


def test_a_notice_to_the_team_needs_each_member(home, teammate, team):
    Notice.objects.create(key="t", team=team, subject="For all", text="For all", url="/for-all/")
    assert _urls(home(teammate)) == ["/for-all/"]


def test_a_notice_of_what_stands_there_already_joins_it(home, on_call, system):
    IncidentFactory(number=1, systems=[system])
    notice = _notice(on_call, url="/incidents/1/")
    [need] = home(on_call).context["needs"]
    assert need.notices == [notice.pk]


def test_a_notice_of_a_system_that_one_may_not_see_any_more_is_kept_back(home, viewer):
    _notice(viewer, system=SystemFactory(restricted=True))
    answer = home(viewer)
    assert (_urls(answer), answer.context["unread_count"]) == ([], 0)


def test_a_notice_is_read_once_and_gone(home, client, viewer):
    notice = _notice(viewer)
    client.force_login(viewer)
    client.post("/notices/read/", {"notice": [notice.pk]})
    assert _urls(home(viewer)) == []


def test_nobody_reads_the_notices_of_others(client, viewer, stranger):
    notice = _notice(viewer)
    client.force_login(stranger)
    client.post("/notices/read/", {"notice": [notice.pk, "x", "9" * 40]})
    assert Notice.objects.get(pk=notice.pk).read_at is None


def test_who_holds_the_role_is_asked_for_the_answers(home, holder):
    assert "/systems/churn/readiness/" in _urls(home(holder))


def test_who_holds_nothing_sees_what_is_not_all_right(home, viewer):
    SystemFactory(slug="bad", status="failing")
    answer = home(viewer)
    assert [one.slug for one in answer.context["worst"]] == ["bad"]
    assert "?status=failing" in answer.content.decode()


def test_own_systems_are_those_held_and_those_of_the_team(home, holder, teammate, system):
    SystemFactory()
    assert [one.slug for one in home(holder).context["own"]] == ["churn"]
    assert [one.slug for one in home(teammate).context["own"]] == ["churn"]


def test_an_empty_portal_teaches_what_belongs_here(client, manager):
    client.force_login(manager)
    text = client.get("/").content.decode()
    assert "Nothing is registered yet" in text
    assert "/api/v1/systems/" in text


def test_what_happened_to_the_portal_itself_stands_on_the_first_page_too(client, manager):
    _notice(manager)
    client.force_login(manager)
    text = client.get("/").content.decode()
    assert "Nothing is registered yet" in text
    assert 'href="/somewhere/"' in text


def test_what_one_may_not_see_is_not_betrayed_by_the_first_page(client, viewer):
    SystemFactory(restricted=True)
    client.force_login(viewer)
    assert "Nothing is registered yet" in client.get("/").content.decode()


def test_administrators_are_told_how_to_add_people(client, administrator, data_scientist):
    client.force_login(administrator)
    assert "manage.py person NAME" in client.get("/").content.decode()
    client.force_login(data_scientist)
    assert "manage.py person NAME" not in client.get("/").content.decode()


def test_the_example_names_the_own_team(client, data_scientist):
    data_scientist.teams.set([TeamFactory(slug="search")])
    client.force_login(data_scientist)
    assert '"team": "search"' in client.get("/").content.decode()


def _needs(answer, label):
    return [need for need in answer.context["needs"] if label in need.label]


def test_one_role_is_confirmed_at_home(home, client, holder, system, now):
    Holding.objects.update(confirmed_at=now - timedelta(days=175))
    [need] = _needs(home(holder), "Still mine")
    assert client.post(need.url, need.posted).url == "/"
    assert _needs(home(holder), "Still mine") == []


def test_several_roles_are_confirmed_on_one_page(home, holder, now):
    HoldingFactory(person=holder)
    Holding.objects.update(confirmed_at=now - timedelta(days=175))
    assert [need.url for need in _needs(home(holder), "Confirm 2 roles")] == ["/roles/"]


def test_what_was_confirmed_lately_is_not_asked(home, holder, now):
    assert _needs(home(holder), "mine") == []


def test_who_may_name_somebody_is_told_of_empty_roles_and_for_how_long(home, manager, viewer, system, now):
    recheck(system, at=now - timedelta(days=12))
    [need] = [need for need in home(manager).context["needs"] if "nobody who answers" in need.sentence]
    assert need.sentence == "5 roles of one system have nobody who answers; the longest for 12 days."
    assert _urls(home(viewer)) == []


def test_the_deputy_of_whoever_is_out_is_asked(client, system, holder, deputy):
    client.force_login(deputy)
    page = f"/systems/{system.slug}/owners/product_owner/"
    assert page not in client.get("/").content.decode()
    type(holder).objects.filter(pk=holder.pk).update(is_active=False)
    asked = client.get("/").content.decode()
    assert ("As the deputy you answer as the product owner" in asked, page in asked) == (True, True)


def test_the_deputy_of_whoever_has_not_confirmed_is_asked(client, system, holder, deputy, now):
    Holding.objects.update(confirmed_at=now - timedelta(days=200))
    client.force_login(deputy)
    assert "holder was to confirm being the product owner by" in client.get("/").content.decode()


def test_a_notice_to_the_deputy_joins_what_is_asked(client, system, holder, deputy, now):
    Holding.objects.update(confirmed_at=now - timedelta(days=200))
    ask_deputies(at=now)
    client.force_login(deputy)
    asked = [need for need in client.get("/").context["needs"] if "As the deputy" in need.sentence]
    assert (len(asked), len(asked[0].notices)) == (1, 1)
