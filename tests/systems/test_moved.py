"""A system under the name that it had before."""

import pytest

from mlops_portal.engine.models import Change
from systems.actions.registry import SlugTaken, edit_system, register_system, retire_system
from systems.models import OldSlug, System
from tests.callers import caller
from tests.factories import SystemFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def renamed(system, manager, now):
    return edit_system(system=system, slug="leavers", by=manager, at=now)


@pytest.mark.parametrize("rest", ["", "edit/", "owners/model_owner/", "mlsystem.yaml", "?page=2"])
def test_pages_lead_on(client, manager, renamed, rest):
    client.force_login(manager)
    answer = client.get(f"/systems/churn/{rest}")
    assert (answer.status_code, answer["Location"]) == (302, f"/systems/leavers/{rest}")


def test_what_was_typed_on_an_old_page_is_sent_on(client, manager, renamed):
    client.force_login(manager)
    answer = client.post("/systems/churn/edit/", {"name": "Typed"})
    assert (answer.status_code, answer["Location"]) == (307, "/systems/leavers/edit/")


def test_the_api_says_what_it_is_called_now(viewer, renamed):
    answer = caller(viewer).get("systems/churn/checks/")
    assert (answer.status_code, answer["Location"]) == (308, "/api/v1/systems/leavers/checks/")
    assert answer.json()["detail"] == "churn is called leavers now."


def test_a_file_under_the_old_name_registers_nothing(manager, renamed):
    answer = caller(manager).put("systems/churn/spec/", {"version": 1})
    assert answer.status_code == 308


def test_a_restricted_system_leaks_nothing_by_its_old_name(client, stranger, renamed):
    System.objects.update(restricted=True)
    client.force_login(stranger)
    assert client.get("/systems/churn/").status_code == 404
    there, nowhere = (caller(stranger).get(f"systems/{slug}/").json() for slug in ("churn", "never"))
    assert there["detail"] == nowhere["detail"]


def test_who_is_not_signed_in_learns_nothing(client, renamed):
    assert "/accounts/login/" in client.get("/systems/churn/")["Location"]


def test_an_old_name_cannot_be_taken(client, renamed, manager, team, now):
    facts = {"slug": "churn", "name": "Other", "team": team}
    with pytest.raises(SlugTaken):
        register_system(by=manager, at=now, **facts)
    with pytest.raises(SlugTaken):
        edit_system(system=SystemFactory(), slug="churn", by=manager, at=now)
    assert caller(manager).post("systems/", facts | {"team": team.slug}).status_code == 409
    client.force_login(manager)
    page = client.post("/systems/new/", facts | {"team": team.pk, "tier": 3, "phase": "research"})
    assert "slug" in page.context["form"].errors
    assert System.objects.filter(slug="churn").count() == 0


def test_a_system_may_have_its_old_name_back(renamed, manager, now):
    edit_system(system=renamed, slug="churn", by=manager, at=now)
    assert list(OldSlug.objects.values_list("slug", flat=True)) == ["leavers"]


def test_the_history_goes_on_under_the_new_name(client, viewer, system, manager, now):
    edit_system(system=system, tier=1, by=manager, at=now)
    edit_system(system=system, slug="leavers", by=manager, at=now)
    rows = caller(viewer).get("systems/leavers/history/").json()["results"]
    assert [row["after"] for row in rows][:2] == [{"slug": "leavers"}, {"tier": 1}]


def test_rows_of_a_hidden_system_stay_hidden_under_its_old_name(administrator, system, manager, now):
    edit_system(system=system, tier=1, by=manager, at=now)
    edit_system(system=system, slug="leavers", restricted=True, by=manager, at=now)
    assert Change.objects.filter(system="churn").exists()
    assert caller(administrator).get("audit/?system=churn").json()["results"] == []


def test_renaming_by_page_and_by_api(client, manager, system):
    assert caller(manager).patch("systems/churn/", {"slug": "leavers"}).json()["slug"] == "leavers"
    client.force_login(manager)
    form = client.get("/systems/leavers/edit/").context["form"].initial
    facts = {name: form[name] for name in ("name", "purpose", "team", "tier", "tags", "links", "version")}
    assert client.post("/systems/leavers/edit/", facts | {"slug": "quitters"}).url == "/systems/quitters/"
    assert sorted(OldSlug.objects.values_list("slug", flat=True)) == ["churn", "leavers"]


def test_retiring_frees_no_name(system, manager, team, now):
    retire_system(system=system, by=manager, at=now)
    assert caller(manager).post("systems/", {"slug": "churn", "name": "New", "team": "growth"}).status_code == 409


def test_the_portal_keeps_its_name(manager, administrator):
    assert caller(manager).patch("systems/portal/", {"slug": "other"}).json()["errors"].keys() == {"slug"}
