import pytest

from systems.models import System
from tests.callers import caller


def test_a_detail_says_its_version_as_etag(viewer, system):
    response = caller(viewer).get("systems/churn/")
    assert response["ETag"] == '"1"'
    assert response.json()["version"] == 1


def test_a_stale_write_changes_nothing_and_shows_the_object_as_it_stands(manager, system):
    client = caller(manager)
    assert client.patch("systems/churn/", {"name": "New"}, headers={"If-Match": '"1"'}).status_code == 200
    stale = client.patch("systems/churn/", {"name": "Other"}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    assert stale.json()["current"] == client.get("systems/churn/").json()
    assert System.objects.get(slug="churn").name == "New"


def test_who_does_not_say_a_version_does_not_care(manager, system):
    client = caller(manager)
    assert client.patch("systems/churn/", {"name": "New"}).json()["version"] == 2
    assert client.patch("systems/churn/", {"name": "Newer"}, headers={"If-Match": "*"}).json()["version"] == 3


@pytest.mark.parametrize("given", ["1", "W/", '"one"', '"1', '"99999999999999999999"'])
def test_a_version_that_is_none_is_400(manager, system, given):
    response = caller(manager).patch("systems/churn/", {"name": "New"}, headers={"If-Match": given})
    assert response.status_code == 400
