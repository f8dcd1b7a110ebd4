"""The questions of a system and the review queue, at both sizes, light and dark; then the keyboard."""

import pytest
from playwright.sync_api import expect

from systems.actions.verdict import fold_verdict
from systems.models import Confidence, Review
from tests.browser.conftest import VIEWS
from tests.factories import AnswerFactory, ReviewFactory, WaiverFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def answers(system, data_scientist, manager, now):
    """Answers of every kind; the one on the feed outage and a waiver wait for a decision."""
    by = {"system": system, "author": data_scientist}
    links = [{"kind": "Load test", "url": "https://git.example/load"}]
    ReviewFactory(answer=AnswerFactory(question_key="baseline", evidence=links, **by), by=manager)
    ReviewFactory(answer=AnswerFactory(question_key="responsible", **by), by=manager)
    back = AnswerFactory(question_key="errors", text="Somebody will see it.", **by)
    ReviewFactory(answer=back, by=manager, decision="changes_requested", comment="Who, by name?")
    AnswerFactory(question_key="retraining", confidence=Confidence.PARTIAL, **by)
    waiting = AnswerFactory(question_key="feed_unavailable", text="The last known value, for a day.", **by)
    WaiverFactory(system=system, question_key="load", asked_by=data_scientist)
    fold_verdict(system, now)
    return waiting


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    "path", ["/systems/churn/readiness/", "/systems/churn/readiness/errors/", "/reviews/", "/reviews/?waiver="]
)
def test_pages_of_readiness(visit, view, path, answers, manager):
    visitor = visit(manager, view)
    visitor.go(f"{path}{answers.system.waivers.get().pk}" if path.endswith("=") else path)
    name = path.strip("/").replace("/", "-").replace("?", "-").replace("=", "")
    assert visitor.look(name) == []


def test_a_key_approves_and_the_next_one_follows(visit, answers, manager):
    page = visit(manager).go("/reviews/")
    page.keyboard.press("a")
    expect(page.get_by_text("What is done instead")).to_be_visible()
    assert Review.objects.get(answer=answers).decision == "approved"


def test_a_letter_in_the_comment_is_only_a_letter(visit, answers, manager):
    page = visit(manager).go("/reviews/")
    page.get_by_label("Comment").press_sequentially("abas")
    expect(page.get_by_label("Comment")).to_have_value("abas")
    page.get_by_role("button", name="Send back").click()
    expect(page.get_by_text("is sent back")).to_be_visible()


def test_answering_without_scripts(visit, system, data_scientist):
    page = visit(data_scientist, java_script_enabled=False).go("/systems/churn/readiness/load/")
    page.get_by_label("Your answer").fill("Two hundred a second were tried in March.")
    page.get_by_label("Confident: I would stand by it").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("it waits for a review by a manager")).to_be_visible()
