import pytest

pytestmark = pytest.mark.django_db
OPEN_TO_ALL = ["tokens", "health", "account"]
ADMINISTRATORS = ["people", "add-person", "people/viewer", "teams", "add-team", "teams/administrators"]


def _labels(client, path="/settings/tokens/"):
    return [tab["label"] for tab in client.get(path).context["tabs"]]


@pytest.mark.parametrize("page", OPEN_TO_ALL)
def test_everybody_may_open(client, viewer, page):
    client.force_login(viewer)
    assert client.get(f"/settings/{page}/").status_code == 200


@pytest.mark.parametrize("page", [*ADMINISTRATORS, "people/viewer/deactivate"])
def test_only_administrators_may_open(client, viewer, manager, administrator, page):
    for person, status in ((viewer, 403), (manager, 403), (administrator, 200)):
        client.force_login(person)
        assert client.get(f"/settings/{page}/").status_code == status


def test_the_trail_is_for_administrators_and_managers(client, viewer, manager, administrator):
    for person, status in ((viewer, 403), (manager, 200), (administrator, 200)):
        client.force_login(person)
        assert client.get("/settings/audit/").status_code == status


def test_only_the_tabs_that_one_may_open_are_shown(client, viewer, manager, administrator):
    client.force_login(viewer)
    assert _labels(client) == ["Tokens", "Portal health", "My account"]
    client.force_login(manager)
    assert _labels(client) == ["Tokens", "Intervals", "Audit", "Portal health", "My account"]
    client.force_login(administrator)
    assert _labels(client) == ["Tokens", "People", "Teams", "Intervals", "Audit", "Portal health", "My account"]


def test_settings_lead_to_the_first_tab(client, viewer):
    client.force_login(viewer)
    assert client.get("/settings/").url == "/settings/tokens/"


def test_my_account_keeps_name_and_time_zone_and_nothing_else(client, viewer):
    client.force_login(viewer)
    client.post("/settings/account/", {"name": "Vera", "time_zone": "Europe/Berlin", "groups": ["administrator"]})
    viewer.refresh_from_db()
    assert (viewer.name, viewer.time_zone, viewer.groups) == ("Vera", "Europe/Berlin", ["viewer"])


def test_a_time_zone_that_is_none_is_refused(client, viewer):
    client.force_login(viewer)
    assert client.post("/settings/account/", {"name": "Vera", "time_zone": "Mars/Base"}).status_code == 422
