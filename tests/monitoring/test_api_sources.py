import pytest

from monitoring.models import Pull, Source
from tests.callers import caller
from tests.factories import SourceFactory, SystemFactory
from tests.monitoring.conftest import ADDRESS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pages")]


@pytest.fixture
def body(system):
    return {"system": "churn", "kind": "pages", "name": "Pages", "settings": {"url": ADDRESS}}


@pytest.fixture
def source(system):
    return SourceFactory(system=system, kind="pages", name="Pages")


def test_the_kinds_say_what_they_take(viewer):
    said = caller(viewer).get("source-kinds/").json()["results"]
    assert next(one for one in said if one["kind"] == "pages")["settings"]["required"] == ["url"]


def test_a_source_is_connected_and_says_where_it_is(data_scientist, body):
    answer = caller(data_scientist).post("sources/", body | {"credentials": {"bearer": "secret-word"}})
    said = answer.json()
    assert (answer.status_code, said["has_credentials"], said["enabled"]) == (201, True, True)
    assert answer["Location"] == said["url"]
    assert "secret-word" not in answer.content.decode()


def test_a_name_that_is_taken_is_answered_with_who_has_it(data_scientist, body, source):
    answer = caller(data_scientist).post("sources/", body)
    assert answer.status_code == 409
    assert answer.json()["url"].endswith(f"/sources/{source.pk}/")


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"settings": {"url": "ftp://x.example"}}, "settings.url"),
        ({"kind": "nothing"}, "kind"),
        ({"interval_s": 1}, "interval_s"),
        ({"credentials": {"username": "x"}}, "credentials.username"),
        ({"system": "nowhere"}, "system"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(data_scientist, body, wrong, path):
    answer = caller(data_scientist).post("sources/", body | wrong)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [path])


def test_a_test_says_what_is_there_and_keeps_nothing(data_scientist, body):
    said = caller(data_scientist).post("sources/test/", body).json()
    assert (said["outcome"], [one["suggested"]["key"] for one in said["found"]]) == ("ok", ["accuracy", "latency"])
    assert not Source.objects.exists()


def test_a_test_that_brings_nothing_is_no_error_of_the_caller(data_scientist, body):
    answer = caller(data_scientist).post("sources/test/", body | {"settings": {"url": ADDRESS + "/down"}})
    assert (answer.status_code, answer.json()["outcome"]) == (200, "timeout")


def test_a_stale_edit_is_answered_with_what_stands(data_scientist, source):
    client = caller(data_scientist)
    assert client.patch(f"sources/{source.pk}/", {"interval_s": 300}, headers={"If-Match": '"1"'}).status_code == 200
    stale = client.patch(f"sources/{source.pk}/", {"interval_s": 600}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["current"]["interval_s"]) == (412, 300)


def test_credentials_do_not_follow_to_another_place(data_scientist, source):
    Source.objects.update(secret="sealed")
    client, elsewhere = caller(data_scientist), {"settings": {"url": "https://other.example/"}}
    assert "credentials" in client.patch(f"sources/{source.pk}/", elsewhere).json()["errors"]
    assert client.patch(f"sources/{source.pk}/", elsewhere | {"credentials": None}).json()["has_credentials"] is False


def test_a_pull_is_asked_for_and_can_be_followed(data_scientist, source):
    client = caller(data_scientist)
    asked = client.post(f"sources/{source.pk}/pull/")
    assert (asked.status_code, asked.json()["outcome"]) == (202, None)
    assert client.get(asked.json()["url"]).json()["why"] == "now"
    assert len(client.get(f"sources/{source.pk}/pulls/").json()["results"]) == 1


def test_a_paused_source_is_not_pulled(data_scientist, source):
    Source.objects.update(enabled=False)
    assert caller(data_scientist).post(f"sources/{source.pk}/pull/").status_code == 409
    assert not Pull.objects.exists()


def test_removing_answers_with_nothing(data_scientist, source):
    assert caller(data_scientist).delete(f"sources/{source.pk}/").status_code == 204
    assert not Source.objects.exists()


def test_the_list_is_filtered_and_refuses_what_it_does_not_know(viewer, source):
    SourceFactory(system=SystemFactory(slug="other"), enabled=False)
    client = caller(viewer)
    assert [one["name"] for one in client.get("sources/?system=churn").json()["results"]] == ["Pages"]
    assert len(client.get("sources/?enabled=false").json()["results"]) == 1
    assert client.get("sources/?colour=red").status_code == 400


def test_a_hidden_system_keeps_its_sources_to_itself(stranger, body, source):
    source.system.restricted = True
    source.system.save()
    client = caller(stranger)
    paths = [f"sources/{source.pk}/{rest}" for rest in ("", "pulls/")]
    assert [client.get(path).status_code for path in paths] == [404, 404]
    assert client.get("sources/").json()["results"] == []
    assert client.post("sources/", body).json()["errors"] == {"system": ["There is no churn."]}


def test_who_may_not_edit_may_not_test_either(viewer, body):
    assert caller(viewer).post("sources/test/", body).status_code == 403
