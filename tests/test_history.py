"""What stands in the history of a system, through whichever door it came; the API is walked in tests/doors/."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mlops_portal.engine import health
from mlops_portal.engine.audit import record
from mlops_portal.engine.models import Change
from mlops_portal.spec import apply
from tests.callers import caller
from tests.factories import SystemFactory

pytestmark = pytest.mark.django_db
PAGE, API = "/systems/churn/history/", "systems/churn/history/"
FILE = {
    "version": 1,
    "system": {"slug": "churn", "name": "Churn", "team": "growth", "tier": 1},
    "owners": {"model_owner": {"person": "viewer"}},
    "runbook": {"load": "- [ ] Add a server."},
    "retraining": {"policy": "On the last year.", "who": "The model owner", "every_days": 90},
    "dependencies": {"systems": ["prices"]},
    "metrics": [{"key": "recall", "kind": "quality", "direction": "higher"}],
}


@pytest.fixture
def page(client, manager, system):
    client.force_login(manager)
    return lambda query="": client.get(f"{PAGE}{query}")


def _of(answer) -> list[str]:
    return [row.object for row in answer.context["changes"]]


def test_each_section_of_a_file_leaves_its_row_with_the_file_as_its_door(system, manager, viewer):
    SystemFactory(slug="prices")
    apply(FILE, slug="churn", by=manager, at=timezone.now(), take_file=True)
    rows = Change.objects.filter(system="churn", by="manager")
    assert {row.kind for row in rows} >= {"system", "role", "runbook", "retraining", "dependencies", "metric"}
    assert {row.door for row in rows} == {"file"}


PLAN = {"what": "plan", "plan-planned_from": "2026-01-01", "plan-planned_to": "2026-02-01", "plan-version": 0}
FORMS = {
    "edit/": ("system", {"name": "Other", "slug": "churn", "team": "{team}", "tier": 1, "purpose": "", "version": 1}),
    "drills/": ("drill", {"situation": "load", "result": "passed", "rate": "5", "at": "2026-01-05T10:00"}),
    "phases/research/": ("phase", PLAN),
}


@pytest.mark.parametrize("where", FORMS)
def test_each_form_leaves_its_row_with_the_page_as_its_door(page, client, system, where):
    kind, fields = FORMS[where]
    told = {name: str(value).format(team=system.team_id) for name, value in fields.items()}
    answer = client.post(f"/systems/churn/{where}", told)
    assert answer.status_code == 302, answer.content.decode()
    row = Change.objects.filter(system="churn", kind=kind).latest("pk")
    assert (row.by, row.door) == ("manager", "page")


def test_before_and_after_are_said_in_words(page, system, manager):
    kept = {"at": "2026-03-01T09:30:00+00:00", "planned_to": "2026-04-01", "budget": {"amount": "5"}, "holds": True}
    record(by=manager, verb="planned", kind="phase", object="research", system=system, before=kept, after={"at": None})
    text = page().content.decode()
    for words in ("2026-03-01 09:30 UTC", "2026-04-01", "amount: 5", "yes", "planned to", "nothing"):
        assert words in text
    assert "{" not in text.partition("<ol")[2].partition("</ol>")[0]


@pytest.mark.parametrize("query", ["kind=role", "by=viewer", "door=command", "q=wanted", "q=TOLD", "verb=assigned"])
def test_one_asks_for_kind_person_door_and_text(page, system, viewer, query):
    record(by=viewer, verb="assigned", kind="role", object="wanted", system=system, after={"note": "as told"})
    Change.objects.bulk_create([Change(door="api", system="churn", kind="drill", object="other", verb="tried")])
    assert _of(page(f"?{query}")) == ["wanted"]


def test_one_asks_for_days(page, system):
    now = timezone.now()
    for days in (10, 5, 0):
        facts = {"door": "api", "system": "churn", "kind": "drill", "object": str(days), "verb": "tried"}
        Change.objects.create(at=now - timedelta(days=days), **facts)
    day = (now - timedelta(days=5)).date().isoformat()
    assert _of(page(f"?since={day}")) == ["0", "5"]
    assert _of(page(f"?until={day}")) == ["5", "10"]
    assert _of(page(f"?since={day}&until={day}")) == ["5"]


def test_what_is_not_understood_shows_nothing_and_says_so(page, system):
    record(by=None, verb="tried", kind="drill", object="x", system=system)
    answer = page("?since=yesterday&door=window")
    assert _of(answer) == []
    assert "was not understood" in answer.content.decode()


def test_a_page_of_history_stays_where_it_is(page, system):
    for number in range(60):
        record(by=None, verb="tried", kind="drill", object=str(number), system=system)
    more = page().context["more"]
    record(by=None, verb="tried", kind="drill", object="meanwhile", system=system)
    assert _of(page(f"?before={more}")) == [str(number) for number in range(9, -1, -1)]


def test_programs_ask_the_same(system, viewer):
    record(by=viewer, verb="assigned", kind="role", object="wanted", system=system)
    record(by=None, verb="tried", kind="drill", object="other", system=system)
    asking = caller(viewer)
    assert [row["object"] for row in asking.get(f"{API}?kind=role&by=viewer").json()["results"]] == ["wanted"]
    assert asking.get(f"{API}?since=yesterday").status_code == 400


def test_the_history_of_a_hidden_system_is_hidden(client, viewer):
    SystemFactory(slug="secret", restricted=True)
    client.force_login(viewer)
    assert client.get("/systems/secret/history/").status_code == 404


def test_the_number_of_queries_does_not_depend_on_the_number_of_changes(page, system):
    def asked() -> int:
        health._read = None  # each process looks at the duties every few seconds: here, each time
        with CaptureQueriesContext(connection) as queries:
            page()
        return len(queries)

    record(by=None, verb="tried", kind="drill", object="x", system=system)
    few = asked()
    for number in range(30):
        record(by=None, verb="tried", kind="drill", object=str(number), system=system)
    assert asked() == few
