import pytest

from systems.models import Team

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_administrator(client, administrator):
    client.force_login(administrator)
    return client


def test_a_team_is_added_with_a_short_name_made_of_its_name(as_administrator):
    response = as_administrator.post("/settings/add-team/", {"name": "Fraud & Risk"})
    assert response.url == "/settings/teams/fraud-risk/"
    assert Team.objects.get(slug="fraud-risk").name == "Fraud & Risk"


@pytest.mark.parametrize("wrong", [{"name": "Growth"}, {"name": "!"}, {"name": ""}, {"name": "x", "slug": "A B"}])
def test_what_is_wrong_adds_none(as_administrator, team, wrong):
    before = Team.objects.count()
    assert as_administrator.post("/settings/add-team/", wrong).status_code == 422
    assert Team.objects.count() == before


def test_members_come_and_go(as_administrator, team, viewer):
    as_administrator.post("/settings/teams/growth/", {"person": viewer.pk})
    assert list(team.members.all()) == [viewer]
    as_administrator.post("/settings/teams/growth/members/viewer/leave/")
    assert not team.members.exists()


def test_who_is_in_the_administrators_team_follows_from_the_group(as_administrator, viewer):
    team = Team.objects.get(slug="administrators")
    assert as_administrator.post("/settings/teams/administrators/", {"person": viewer.pk}).status_code == 403
    assert viewer not in team.members.all()


def test_the_list_counts_people_and_systems(as_administrator, team, system, teammate, data_scientist):
    listed = as_administrator.get("/settings/teams/").context["teams"]
    assert [(one.people_count, one.system_count) for one in listed if one == team] == [(2, 1)]
