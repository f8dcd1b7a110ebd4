import pytest

from systems.actions.plans import set_plan
from systems.models import Money, PhasePlan
from tests.systems.planning import plan, spend

pytestmark = pytest.mark.django_db
PAGE = "/systems/churn/phases/research/"
PLAN = {"what": "plan", "plan-version": 0, "plan-planned_from": "2026-01-01", "plan-planned_to": "2026-03-31"}
PLAN |= {"plan-budget": "45000", "plan-currency": "eur", "plan-exit": "A month of shadow traffic."}
MONEY = {"what": "money", "money-kind": "spent", "money-on": "2026-02-01", "money-amount": "60300.50"}
MONEY |= {"money-currency": "EUR", "money-note": "Two people"}


@pytest.fixture
def writer(client, data_scientist, system):
    client.force_login(data_scientist)
    return client


def test_a_phase_is_planned_and_its_money_recorded(writer):
    assert writer.post(PAGE, PLAN).url == PAGE
    assert writer.post(PAGE, MONEY).url == PAGE
    text = writer.get(PAGE).content.decode().replace("\N{NO-BREAK SPACE}", " ")
    assert "EUR 60,300.50 of EUR 45,000 spent." in text
    assert "34% over budget" in text
    assert 'class="bar-beyond"' in text


def test_what_does_not_fit_stands_beside_its_field_and_nothing_typed_is_lost(writer):
    answer = writer.post(PAGE, PLAN | {"plan-planned_to": "2025-01-01"})
    assert (answer.status_code, answer.context["plan_form"].errors) == (
        422,
        {"planned_to": ["It ends before it begins."]},
    )
    assert answer.context["plan_form"]["exit"].value() == "A month of shadow traffic."


@pytest.mark.parametrize("amount", ["", "a lot", "NaN", "1e400", "-3"])
def test_an_amount_that_is_none_is_refused(writer, amount):
    answer = writer.post(PAGE, MONEY | {"money-amount": amount})
    assert (answer.status_code, list(answer.context["money_form"].errors)) == (422, ["amount"])
    assert not Money.objects.exists()


def test_a_stale_page_saves_nothing_and_keeps_the_text(writer, system, manager, now):
    plan(system, "research", manager, now)
    late = writer.post(PAGE, PLAN)
    assert (late.status_code, late.context["plan_form"]["budget"].value()) == (412, "45000")
    writer.post(PAGE, PLAN | {"plan-version": late.context["plan_form"]["version"].value()})
    assert PhasePlan.objects.get().budget == 45000


def test_a_wrong_amount_is_taken_out(writer, system, manager, now):
    entry = spend(system, "research", 5, manager, now)
    assert writer.post(f"{PAGE}money/{entry.pk}/remove/").url == PAGE
    assert not Money.objects.exists()


def test_what_was_told_and_is_not_asked_again_stays(writer, system, manager, now):
    set_plan(system=system, phase="research", by=manager, at=now, actual_from=None, exit="x")
    fields = writer.get(PAGE).context["plan_form"].fields
    assert "actual_from" in fields
    assert "actual_to" not in fields


def test_who_may_not_plan_reads_and_is_told_who_may(client, viewer, system):
    client.force_login(viewer)
    assert "Who may plan and record money here" in client.get(PAGE).content.decode()
    assert client.post(PAGE, PLAN).status_code == 403


def test_there_is_no_fourth_phase(writer):
    assert writer.get("/systems/churn/phases/retired/").status_code == 404


def test_page_and_list_say_that_only_research_is_scoped(writer, system, manager, now):
    plan(system, "research", manager, now)
    assert "Only research is scoped: engineering lacks" in writer.get("/systems/churn/").content.decode()
    assert "only research is scoped" in writer.get("/systems/").content.decode()
    assert "only_research" in writer.get("/systems/?format=csv").content.decode()


def test_whoever_decides_to_move_on_sees_the_exit_criterion(writer, system, manager, now):
    plan(system, "research", manager, now, exit="Nine of ten are right.")
    assert "Nine of ten are right." in writer.get("/systems/churn/phase/").content.decode()
