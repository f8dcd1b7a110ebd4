import pytest

from mlops_portal.engine.audit import record
from tests.factories import SystemFactory

pytestmark = pytest.mark.django_db
PAGE = "/settings/audit/"


@pytest.fixture
def as_administrator(client, administrator):
    client.force_login(administrator)
    return client


def _objects(response):
    return [row.object for row in response.context["rows"] if row.kind != "session"]


def test_the_newest_stands_first(as_administrator):
    for name in "abc":
        record(by=None, verb="added", kind="team", object=name)
    assert _objects(as_administrator.get(PAGE)) == ["c", "b", "a"]


@pytest.mark.parametrize("query", ["system=churn", "by=viewer", "kind=role"])
def test_filters(as_administrator, viewer, query):
    record(by=viewer, verb="assigned", kind="role", object="wanted", system="churn")
    record(by=None, verb="added", kind="team", object="other")
    assert _objects(as_administrator.get(f"{PAGE}?{query}")) == ["wanted"]


def test_a_page_stays_where_it_is_while_rows_are_added(as_administrator):
    for number in range(60):
        record(by=None, verb="added", kind="team", object=str(number))
    more = as_administrator.get(f"{PAGE}?kind=team").context["more"]
    record(by=None, verb="added", kind="team", object="meanwhile")
    older = as_administrator.get(f"{PAGE}?kind=team&before={more}")
    assert _objects(older) == [str(number) for number in range(9, -1, -1)]
    assert older.context["more"] is None


def test_what_cannot_be_read_as_a_number_is_the_first_page(as_administrator):
    record(by=None, verb="added", kind="team", object="a")
    for before in ("x", "-1", "9" * 30):
        assert _objects(as_administrator.get(f"{PAGE}?before={before}")) == ["a"]


def test_what_changed_is_shown_and_is_no_markup(as_administrator):
    record(by=None, verb="edited", kind="team", object="a", before={"name": "Old"}, after={"name": "<b>New"})
    page = as_administrator.get(PAGE).content.decode()
    assert "<del>Old</del> &lt;b&gt;New" in page


def test_a_restricted_systems_rows_are_for_whom_may_see_it(client, as_administrator, manager):
    SystemFactory(slug="secret", restricted=True)
    record(by=None, verb="edited", kind="system", object="secret", system="secret")
    assert _objects(as_administrator.get(PAGE)) == []
    client.force_login(manager)
    assert _objects(client.get(PAGE)) == ["secret"]
