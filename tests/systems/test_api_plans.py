import pytest

from systems.models import Money, PhasePlan, System
from tests.callers import caller

pytestmark = pytest.mark.django_db
PHASE = "systems/churn/phases/engineering/"
BODY = {"planned_from": "2026-03-01", "planned_to": "2026-05-31", "exit": "It serves."}
BODY |= {"budget": {"amount": "1200.50", "currency": "EUR"}}
SPENT = {"phase": "engineering", "kind": "spent", "on": "2026-03-05", "amount": "12.5", "currency": "EUR", "note": "x"}


@pytest.fixture
def asking(data_scientist, system):
    return caller(data_scientist)


def test_a_phase_that_nobody_planned_lacks_everything(asking):
    stands = asking.get(PHASE)
    assert (stands.json()["version"], stands.json()["budget"], stands["ETag"]) == (0, None, '"0"')
    assert stands.json()["lacks"] == ["dates", "a budget", "an exit criterion"]


def test_a_plan_is_put_and_the_same_again_is_no_change(asking):
    put = asking.put(PHASE, BODY)
    assert put.json() | BODY == put.json()
    assert asking.put(PHASE, BODY).json() == put.json()
    assert put.json()["planned"] == BODY["budget"]


def test_whoever_saw_another_plan_is_shown_the_one_that_stands(asking):
    asking.put(PHASE, BODY)
    late = asking.put(PHASE, BODY | {"exit": "x"}, HTTP_IF_MATCH='"0"')
    assert (late.status_code, late.json()["current"]["exit"]) == (412, "It serves.")


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"planned_to": "2026-02-01"}, "planned_to"),
        ({"planned_to": "soon"}, "planned_to"),
        ({"planned_to": 20260201}, "planned_to"),
        ({"budget": {"amount": "-1", "currency": "EUR"}}, "budget.amount"),
        ({"budget": {"amount": 12.5, "currency": "EUR"}}, "budget.amount"),
        ({"budget": {"amount": "NaN", "currency": "EUR"}}, "budget.amount"),
        ({"budget": {"amount": "1", "currency": "euro"}}, "budget.currency"),
        ({"budget": {"amount": "1"}}, "budget.currency"),
        ({"exit": "a\u202eb"}, "exit"),
        ({"cost": 5}, "cost"),
        ({"spent": None}, "spent"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(asking, change, path):
    answer = asking.put(PHASE, BODY | change)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [path])
    assert not PhasePlan.objects.exists()


def test_an_amount_is_recorded_and_found_again(asking):
    made = asking.post("systems/churn/money/", SPENT)
    assert (made.status_code, made["Location"], made.json()["amount"]) == (201, made.json()["url"], "12.50")
    assert asking.get("systems/churn/money/").json()["results"] == [asking.get(made.json()["url"]).json()]
    assert asking.get(PHASE).json()["spent"] == {"amount": "12.50", "currency": "EUR"}
    assert asking.delete(made.json()["url"]).status_code == 204
    assert not Money.objects.exists()


def test_a_second_currency_is_refused(asking):
    asking.put(PHASE, BODY)
    answer = asking.post("systems/churn/money/", SPENT | {"currency": "USD"})
    assert answer.json()["errors"] == {"currency": ["The money of engineering is in EUR: a phase has one currency."]}


def test_a_system_says_how_much_of_it_is_scoped(asking):
    assert asking.get("systems/churn/").json()["scoped"] == "nothing"
    asking.put("systems/churn/phases/research/", BODY)
    assert asking.get("systems/churn/").json()["scoped"] == "only_research"
    assert asking.get("systems/").json()["results"][-1]["scoped"] == "only_research"


def test_only_the_three_phases_are_planned(asking):
    assert asking.get("systems/churn/phases/retired/").status_code == 404


def test_what_hangs_on_another_system_is_not_there(asking, manager):
    made = asking.post("systems/churn/money/", SPENT).json()
    assert caller(manager).get(made["url"].replace("churn", "portal")).status_code == 404


def test_decisions_to_move_are_listed_and_a_late_one_is_told(manager, system):
    asking = caller(manager)
    late = asking.post("systems/churn/phase/", {"to": "engineering"}, HTTP_IF_MATCH='"7"')
    assert (late.status_code, late.json()["current"]["slug"]) == (412, "churn")
    asking.post("systems/churn/phase/", {"to": "engineering", "note": "Agreed."}, HTTP_IF_MATCH='"1"')
    moves = asking.get("systems/churn/phase/").json()["results"]
    assert [(move["to"], move["note"], move["by"]) for move in moves] == [("engineering", "Agreed.", "manager")]
    assert System.objects.get(slug="churn").phase == "engineering"
