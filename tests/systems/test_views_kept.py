import pytest

from mlops_portal.engine.models import Change
from systems.actions.views import MOST
from systems.models import SavedView

pytestmark = pytest.mark.django_db
KEEP, LIST = "/views/keep/", "/systems/"


@pytest.fixture
def reader(client, viewer):
    client.force_login(viewer)
    return client


def _keep(client, name="Mine", query="tier=1&sort=name"):
    return client.post(KEEP, {"name": name, "query": query}, follow=True)


def test_a_view_is_kept_under_its_name_and_stands_above_the_list(reader):
    text = _keep(reader).content.decode()
    assert 'href="/systems/?tier=1&amp;sort=name" aria-current="true">Mine<' in text


def test_the_page_offers_what_is_asked_without_the_number_of_the_page(reader, system):
    assert 'name="query" value="q=churn"' in reader.get(f"{LIST}?q=churn&page=1").content.decode()
    assert 'name="query"' not in reader.get(LIST).content.decode()


def test_a_view_of_the_same_name_takes_the_place_of_the_other(reader, viewer):
    _keep(reader)
    _keep(reader, "mine", "phase=research")
    assert list(viewer.saved_views.values_list("name", "query")) == [("mine", "phase=research")]
    assert Change.objects.filter(kind="view", by=viewer.username).count() == 2


@pytest.mark.parametrize("query", ["tier=9", "nonsense=1", "format=csv&x=1", "x" * 1001, ""])
def test_what_the_list_does_not_understand_is_not_kept(reader, query):
    assert "is not kept" in _keep(reader, query=query).content.decode()
    assert not SavedView.objects.exists()


@pytest.mark.parametrize("name", ["", "x" * 61, "a\u202eb"])
def test_a_name_that_cannot_be_read_is_not_kept(reader, name):
    assert "is not kept" in _keep(reader, name=name).content.decode()
    assert not SavedView.objects.exists()


def test_somebody_keeps_a_bounded_number(reader, viewer):
    SavedView.objects.bulk_create(SavedView(person=viewer, name=f"v{n}", query="tier=1") for n in range(MOST))
    assert "Forget one first" in _keep(reader).content.decode()


def test_only_the_own_views_are_seen_and_forgotten(reader, viewer, manager):
    other = SavedView.objects.create(person=manager, name="Theirs", query="tier=1")
    own = SavedView.objects.create(person=viewer, name="Own", query="tier=2")
    assert "Theirs" not in reader.get(LIST).content.decode()
    assert reader.post(f"/views/{other.pk}/forget/").status_code == 404
    assert reader.post(f"/views/{own.pk}/forget/").status_code == 302
    assert list(SavedView.objects.all()) == [other]
