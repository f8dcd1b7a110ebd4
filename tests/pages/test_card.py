"""The model card: what each app knows of a system, and no text that breaks out of its place."""

from itertools import pairwise

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mlops_portal.card import HEADINGS, model_card
from mlops_portal.engine.markdown import plain, table
from mlops_portal.spec import apply
from monitoring.models import Series
from systems.actions.versions import add_version, deploy
from systems.models import System
from tests.factories import IncidentFactory
from tests.guards.hostile_world import LONG
from tests.test_spec_whole import DOCUMENT

READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


@pytest.fixture
def prices(db, manager, system, viewer, teammate, now):
    apply(DOCUMENT, slug="prices", by=manager, at=now)
    prices = System.objects.get(slug="prices")
    version = add_version(system=prices, name="1.0", trained_at=now, figures={"mae": 10.5}, by=manager, at=now)
    deploy(system=prices, version=version, by=manager, at=now)
    Series.objects.filter(metric__key="mae", segment="").update(last_value=11.25, last_at=now)
    IncidentFactory(systems=[prices])
    return prices


def _headings(card: str) -> list[str]:
    tokens = READER.parse(card)
    return [after.content for one, after in pairwise(tokens) if one.type == "heading_open"]


def test_the_card_has_the_customary_headings_and_what_each_app_knows(prices):
    card = model_card(prices)
    assert _headings(card) == ["Price model", *HEADINGS]
    for said in [
        "Says what a flat costs. For sellers.",
        "| Model owner | viewer | teammate |",
        "Phase: Research",
        "At the experiment stage",
        "1.0 runs in production",
        "mae 10.5",
        "| Flats | viewer |",
        "version 1, active",
        "was 10.5 in the experiment and is 11.25 in production, a difference of 0.75",
        "city=Bern",
        "| mae | 5 | 12.5 | Seen in May. |",
        "Retraining: On the last year.",
        "Known gaps:",
        "1 incident is recorded, 1 of them not resolved.",
    ]:
        assert said in card


def test_an_empty_system_has_a_card_that_says_what_is_missing(system):
    assert "Nobody has said when and how it is trained again." in model_card(system)


def test_a_card_takes_as_many_queries_for_many_metrics(prices, manager, now):
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            model_card(System.objects.select_related("team").get(pk=prices.pk))
        return len(queries)

    few = asked()
    more = [*DOCUMENT["metrics"], *({"key": f"m{n}", "kind": "data"} for n in range(5))]
    apply({"version": 1, "metrics": more}, slug="prices", by=manager, at=now)
    assert asked() == few


@pytest.mark.parametrize("hostile", [LONG, "# x\n- z", "| a | b |\n|---|---|", "[x](https://y.example)", "a\n---"])
def test_no_text_breaks_out_of_its_place(prices, hostile):
    usual = [token.type for token in READER.parse(model_card(prices))]
    System.objects.filter(pk=prices.pk).update(purpose=hostile, name=hostile[:120], links={hostile: hostile})
    prices.retraining.policy = hostile
    prices.retraining.save()
    prices.expected_ranges.update(reason=hostile)
    prices.metrics.update(means=hostile, name=hostile[:120])
    prices.refresh_from_db()
    tokens = READER.parse(model_card(prices))
    inside = {child.type for token in tokens for child in token.children or []}
    known = len(READER.parse("- a")) - 2  # the link is one item more
    assert len(usual) <= len(tokens) <= len(usual) + known + 4
    assert inside <= {"text", "softbreak", "text_special"}


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.text("ab1 .)#*_-+=<>&;[]()!|`~\\:/\n\t$", max_size=20))
def test_whatever_is_typed_is_shown_as_it_is(text):
    words = " ".join(text.split())
    for place in (plain(text), f"- {plain(text)}", table(["a"], [[plain(text)]])):
        tokens = READER.parse(place)
        shown = ["".join(child.content for child in one.children or []) for one in tokens if one.type == "inline"]
        assert (shown[-1] if shown else "") == words


def test_the_page_and_the_command_give_the_card(client, viewer, system, capsys):
    client.force_login(viewer)
    answer = client.get("/systems/churn/model-card.md")
    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    call_command("export", "churn", "--card")
    assert capsys.readouterr().out == answer.content.decode()


def test_a_restricted_system_has_no_card_for_strangers(client, stranger, system):
    System.objects.update(restricted=True)
    client.force_login(stranger)
    assert client.get("/systems/churn/model-card.md").status_code == 404
