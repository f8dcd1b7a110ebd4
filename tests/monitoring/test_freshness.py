"""Whether a feed keeps its promise of freshness, by the metric that was named as evidence."""

from datetime import timedelta

import pytest

from systems.actions.dependencies import set_dependencies
from systems.checking import run_checks
from systems.models import Feed, Outcome, System
from tests.callers import caller
from tests.factories import FeedFactory, MetricFactory, SeriesFactory, SystemFactory

pytestmark = pytest.mark.django_db
PROMISED = {"name": "Events", "owner": "viewer", "arrival": "stream", "freshness_s": 900}


@pytest.fixture
def feed(system, manager, viewer, now):
    System.objects.update(phase="operations")
    feed = FeedFactory(slug="events", name="Events", owner=viewer, freshness_s=900)
    set_dependencies(system=system, feeds=[feed], by=manager, at=now)
    return feed


@pytest.fixture
def said(system):
    def look():
        run_checks(System.objects.filter(pk=system.pk), keys=["feeds_fresh"])
        outcome = Outcome.objects.get(system=system, check_key="feeds_fresh")
        return outcome.outcome, outcome.why

    return look


@pytest.fixture
def shown_by(feed, system, now):
    """Name a metric in `unit` as evidence; its last value came `ago`."""

    def name(unit, value=1.0, ago=timedelta(0), **facts):
        Feed.objects.update(evidence_system=system, evidence_metric="shown")
        facts = {"state": "ok", "good_until": now + timedelta(hours=1)} | facts
        metric = MetricFactory(system=system, key="shown", unit=unit, kind="data")
        return SeriesFactory(metric=metric, last_at=now - ago, last_value=value, **facts)

    return name


def test_without_a_metric_nobody_watches_it(feed, said):
    assert said() == ("fail", "Nobody watches whether Events is as fresh as promised: name a metric that shows it.")


def test_a_metric_without_a_value_says_nothing(feed, system, said):
    Feed.objects.update(evidence_system=system, evidence_metric="nothing")
    assert said()[0] == "unknown"


@pytest.mark.parametrize(
    ("unit", "value", "outcome"), [("s", 900, "pass"), ("s", 901, "fail"), ("min", 15, "pass"), ("h", 1, "fail")]
)
def test_a_metric_in_units_of_time_is_the_age(shown_by, said, unit, value, outcome):
    shown_by(unit, value)
    assert said()[0] == outcome


@pytest.mark.parametrize("state", ["unknown", "error", "no_data"])
def test_an_age_that_was_not_measured_in_time_is_not_known(shown_by, said, state):
    shown_by("s", 5, state=state)
    assert said()[0] == "unknown"


def test_an_age_is_not_known_once_its_time_is_over(shown_by, said, now):
    shown_by("s", 5, good_until=now - timedelta(minutes=1))
    assert said()[0] == "unknown"


@pytest.mark.parametrize(
    ("minutes", "state", "outcome"),
    [(14, "ok", "pass"), (24, "ok", "pass"), (26, "ok", "fail"), (26, "no_data", "fail"), (26, "error", "unknown")],
)
def test_of_another_metric_the_time_of_its_last_value_counts(shown_by, said, minutes, state, outcome):
    shown_by("rows", ago=timedelta(minutes=minutes), state=state, rhythm_s=600)
    assert said()[0] == outcome


def test_the_oldest_segment_counts_where_there_is_no_whole(shown_by, said):
    first = shown_by("s", 5, segment="region=north")
    first.metric.series.create(segment="region=south", last_at=first.last_at, last_value=5000, state="ok")
    assert said()[0] == "fail"


def test_a_feed_that_is_retired_or_a_system_without_one_is_not_asked(feed, said, now):
    Feed.objects.update(retired_at=now)
    assert said()[0] == "not_applicable"


def test_the_check_costs_as_many_queries_for_many(shown_by, system, manager, now, django_assert_num_queries):
    shown_by("s", 5)
    systems = System.objects.filter(slug__startswith="s")
    for _ in range(8):
        other = SystemFactory(phase="operations")
        set_dependencies(
            system=other, feeds=[*FeedFactory.create_batch(2), Feed.objects.get(slug="events")], by=manager, at=now
        )
    run_checks(systems, keys=["feeds_fresh"])
    for some in (systems[:1], systems):
        some = System.objects.filter(pk__in=[one.pk for one in some])
        with django_assert_num_queries(5):
            run_checks(some, keys=["feeds_fresh"])


def test_by_the_page_the_evidence_is_named_and_shown(client, viewer, feed, system):
    client.force_login(viewer)
    facts = {"name": "Events", "owner": viewer.pk, "arrival": "stream", "freshness_s": "15 minutes", "version": 1}
    half = client.post("/feeds/events/edit/", facts | {"evidence_system": "churn"})
    assert (half.status_code, list(half.context["form"].errors)) == (422, ["evidence_metric"])
    whole = facts | {"evidence_system": "CHURN", "evidence_metric": "rows"}
    shown = client.post("/feeds/events/edit/", whole, follow=True).content.decode()
    assert '<code>rows</code> of <a href="/systems/churn/#data">' in shown
    assert 'value="churn"' in client.get("/feeds/events/edit/").content.decode()


def test_by_the_api_it_is_named_and_left_out_again(viewer, feed):
    asked = caller(viewer)
    body = PROMISED | {"evidence": {"system": "churn", "metric": "rows"}}
    assert asked.put("feeds/events/", body).json()["evidence"] == {"system": "churn", "metric": "rows"}
    assert asked.put("feeds/events/", PROMISED).json()["evidence"] is None


@pytest.mark.parametrize(
    ("evidence", "path"),
    [
        ({"system": "nothing", "metric": "rows"}, "evidence.system"),
        ({"system": "secret", "metric": "rows"}, "evidence.system"),
        ({"system": "churn"}, "evidence.metric"),
        ({"system": "churn", "metric": "rows", "colour": 1}, "evidence.colour"),
        ("churn", "evidence"),
    ],
)
def test_what_is_wrong_with_the_evidence_is_named_by_its_path(viewer, feed, evidence, path):
    SystemFactory(slug="secret", restricted=True)
    answer = caller(viewer).put("feeds/events/", PROMISED | {"evidence": evidence})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [path])


def test_a_restricted_system_is_hidden_and_stays_the_evidence(client, viewer, feed):
    secret = SystemFactory(slug="secret", name="Hidden model", restricted=True)
    Feed.objects.update(evidence_system=secret, evidence_metric="rows")
    client.force_login(viewer)
    assert "Hidden model" not in client.get("/feeds/events/").content.decode()
    facts = {"name": "Events", "owner": viewer.pk, "arrival": "stream", "freshness_s": "20 minutes", "version": 1}
    client.post("/feeds/events/edit/", facts)
    asked = caller(viewer)
    assert asked.get("feeds/events/").json()["evidence"] is None
    asked.put("feeds/events/", PROMISED)
    feed.refresh_from_db()
    assert (feed.evidence_system, feed.evidence_metric, feed.freshness_s) == (secret, "rows", 900)
