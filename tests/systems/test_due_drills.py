"""What has to be tried by when, in all systems."""

from datetime import timedelta

import pytest

from systems.due_drills import by_month, due_drills
from systems.models import Drill, System
from tests.callers import caller
from tests.factories import SystemFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def tried(now):
    """Make a system of a tier that tried `feed_unavailable` so many days ago."""

    def make(slug, tier=3, days=None, result="passed", **facts):
        system = SystemFactory(slug=slug, tier=tier, phase="operations", **facts)
        if days is not None:
            Drill.objects.create(
                system=system, situation="feed_unavailable", result=result, at=now - timedelta(days=days)
            )
        return system

    return make


def _standings(now):
    rows = due_drills(System.objects.order_by("slug"), today=now.date())
    return [(one.system.slug, one.standing) for one in rows]


def test_what_is_due_now_comes_first_then_day_by_day(tried, now):
    tried("holds", days=1)
    tried("sooner", days=100)
    tried("late", days=200)
    tried("failed", days=3, result="failed")
    tried("never")
    assert _standings(now) == [
        *[("failed", "did not hold"), ("never", "never tried"), ("late", "late")],
        *[("sooner", "holds"), ("holds", "holds")],
    ]


def test_the_tier_says_what_is_asked_and_research_is_asked_nothing(tried, now):
    tried("high", tier=1)
    SystemFactory(slug="young", phase="research")
    assert _standings(now) == [("high", "never tried")] * 3


def test_months_follow_one_another_after_what_is_due_now(tried, now):
    tried("late", days=200)
    tried("sooner", days=100)
    rows = due_drills(System.objects.all(), today=now.date())
    day = rows[1].due_on
    assert [month for month, _ in by_month(rows)] == [None, day.replace(day=1)]


def test_page_export_and_api_show_the_same_to_those_who_may_see(client, viewer, tried, now):
    tried("sooner", days=100)
    tried("secret", restricted=True)
    client.force_login(viewer)
    assert [row.system.slug for row in client.get("/reports/drills/").context["page"]] == ["sooner"]
    assert client.get("/reports/drills/?format=csv").content.decode().count("\n") == 2
    (row,) = caller(viewer).get("reports/drills/").json()["results"]
    due = (now - timedelta(days=100) + timedelta(days=180)).date()
    assert (row["system"], row["standing"], row["due_on"]) == ("sooner", "holds", due.isoformat())


def test_filters_mean_the_same_and_what_is_not_understood_shows_nothing(client, viewer, tried):
    tried("one", tier=4)
    tried("two", tier=3)
    client.force_login(viewer)
    asked = caller(viewer)
    for question, slugs in (("tier=4", ["one"]), ("system=two", ["two"]), ("team=nowhere", [])):
        assert [row.system.slug for row in client.get(f"/reports/drills/?{question}").context["page"]] == slugs
    assert asked.get("reports/drills/?tier=4").json()["results"][0]["system"] == "one"
    assert asked.get("reports/drills/?team=nowhere").status_code == 400


def test_it_costs_as_many_queries_for_many(client, viewer, tried, django_assert_num_queries):
    client.force_login(viewer)
    client.get("/reports/drills/")
    counts = []
    for n in range(2):
        for m in range(9 * n + 1):
            tried(f"some-{n}-{m}", tier=1, days=3)
        with django_assert_num_queries(counts[0] if counts else 7) as counted:
            client.get("/reports/drills/")
        counts.append(len(counted))
