import pytest

from mlops_portal.engine.models import Change
from systems.models import Phase, System, Team
from tests.factories import SystemFactory, TeamFactory

pytestmark = pytest.mark.django_db
NEW, EDIT, RETIRE = "/systems/new/", "/systems/churn/edit/", "/systems/churn/retire/"


@pytest.fixture
def facts(team):
    """What a data scientist of the team types into the form."""
    return {"name": "Fraud score", "purpose": "Stops bad orders.", "team": team.pk, "tier": 2, "phase": "engineering"}


@pytest.fixture
def typed(system):
    """What the form of the system holds as it stands."""
    return {"name": system.name, "purpose": system.purpose, "team": system.team_id, "tier": 3, "version": 1}


def test_registering_puts_it_into_the_registry(client, data_scientist, facts):
    client.force_login(data_scientist)
    assert client.post(NEW, facts).url == "/systems/fraud-score/"
    system = System.objects.get(slug="fraud-score")
    assert (system.tier, system.phase) == (2, Phase.ENGINEERING)
    assert Change.objects.get(system="fraud-score").by == "data-scientist"


def test_a_short_name_that_is_taken_is_refused_beside_the_field(client, data_scientist, facts, system):
    client.force_login(data_scientist)
    answer = client.post(NEW, facts | {"slug": "churn"})
    assert answer.status_code == 422
    assert "The short name churn is taken" in answer.context["form"].errors["slug"][0]


@pytest.mark.parametrize("slug", ["new", "Churn", "a_b", "-a", "a--b", "ä"])
def test_a_short_name_that_is_no_address_is_refused(client, data_scientist, facts, slug):
    client.force_login(data_scientist)
    assert "slug" in client.post(NEW, facts | {"slug": slug}).context["form"].errors


def test_one_registers_for_own_teams_only(client, data_scientist, facts):
    client.force_login(data_scientist)
    other = TeamFactory()
    assert "team" in client.post(NEW, facts | {"team": other.pk}).context["form"].errors


def test_a_manager_registers_for_every_team(client, manager, facts):
    client.force_login(manager)
    assert client.post(NEW, facts).status_code == 302


def test_who_is_in_no_team_is_told_what_to_do(client, stranger):
    client.force_login(stranger)
    assert "You are in no team yet" in client.get(NEW).content.decode()


def test_a_viewer_does_not_register(client, viewer, facts):
    client.force_login(viewer)
    assert client.post(NEW, facts).status_code == 403
    assert not System.objects.filter(slug="fraud-score").exists()


def test_what_was_typed_wrongly_is_not_lost(client, data_scientist, facts):
    client.force_login(data_scientist)
    assert "Stops bad orders." in client.post(NEW, facts | {"name": ""}).content.decode()


def test_editing_saves_tags_and_links(client, data_scientist, typed, system):
    client.force_login(data_scientist)
    client.post(EDIT, typed | {"tags": "a, b,, a", "links": "Our code https://git.example/churn"})
    system.refresh_from_db()
    assert (system.tags, system.links) == (["a", "b"], {"Our code": "https://git.example/churn"})


def test_a_link_is_a_web_address(client, data_scientist, typed):
    client.force_login(data_scientist)
    assert "links" in client.post(EDIT, typed | {"links": "Evil javascript:alert(1)"}).context["form"].errors


def test_a_stranger_does_not_edit(client, stranger, typed, system):
    client.force_login(stranger)
    assert client.post(EDIT, typed | {"name": "Mine"}).status_code == 403


def test_a_restricted_system_is_not_there_to_edit(client, stranger):
    SystemFactory(slug="secret", restricted=True)
    client.force_login(stranger)
    assert client.get("/systems/secret/edit/").status_code == 404


@pytest.fixture
def stale(client, manager, data_scientist, typed, system):
    """The answer to a save by the data scientist after a manager saved."""
    client.force_login(manager)
    client.post(EDIT, typed | {"purpose": "Says who may leave soon."})
    client.force_login(data_scientist)
    return client.post(EDIT, typed | {"purpose": "Mine is better than that."})


def test_a_stale_save_changes_nothing(stale, system):
    system.refresh_from_db()
    assert (stale.status_code, system.purpose) == (412, "Says who may leave soon.")


def test_a_stale_save_says_who_changed_what(stale):
    text = stale.content.decode()
    assert "<strong>manager</strong> edited the system" in text
    assert "<ins>Says who may leave soon.</ins>" in text


def test_a_stale_save_keeps_what_was_typed_and_can_be_repeated(stale, client, typed, system):
    form = stale.context["form"]
    assert form["purpose"].value() == "Mine is better than that."
    client.post(EDIT, typed | {"purpose": form["purpose"].value(), "version": form["version"].value()})
    system.refresh_from_db()
    assert system.purpose == "Mine is better than that."


def test_a_team_that_the_system_is_in_can_stay(client, administrator, system, typed):
    system.team.members.add(administrator)
    client.force_login(administrator)
    assert client.post(EDIT, typed | {"tier": 1}).status_code == 302


def test_retiring_asks_first(client, data_scientist, system):
    client.force_login(data_scientist)
    assert "can bring it back." in client.get(RETIRE).content.decode()
    system.refresh_from_db()
    assert system.retired_at is None


def test_retiring_takes_it_out_of_use(client, data_scientist, system):
    client.force_login(data_scientist)
    client.post(RETIRE)
    assert not System.objects.in_use().filter(slug="churn").exists()


def test_a_retired_system_is_not_edited(client, data_scientist, typed):
    client.force_login(data_scientist)
    client.post(RETIRE)
    assert client.post(EDIT, typed).status_code == 404


def test_the_portal_itself_is_not_retired(client, manager):
    client.force_login(manager)
    assert client.post("/systems/portal/retire/").status_code == 404
    assert System.objects.in_use().filter(slug="portal").exists()


def test_the_only_own_team_is_suggested(client, data_scientist):
    client.force_login(data_scientist)
    assert client.get(NEW).context["form"]["team"].value() == Team.objects.get(slug="growth").pk
