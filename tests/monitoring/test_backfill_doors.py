"""The past is asked for by page and API alike; how far it is can be followed, and cancelled."""

from datetime import timedelta

import pytest
from django.urls import reverse

from mlops_portal.engine.models import Change
from monitoring.models import Backfill
from tests.callers import caller
from tests.factories import MetricFactory, SeriesFactory, SourceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def source(system):
    source = SourceFactory(system=system, kind="prediction_log")
    SeriesFactory(metric=MetricFactory(system=system, key="accuracy"), source=source, selector={"metric": "accuracy"})
    return source


def times(now, begin=9, end=2):
    return {name: (now - timedelta(days=days)).isoformat() for name, days in (("from", begin), ("to", end))}


def ask(person, source, body):
    return caller(person).post(f"sources/{source.pk}/backfill/", body)


def test_the_api_takes_it_and_says_how_far_it_is(source, data_scientist, now):
    answer = ask(data_scientist, source, times(now))
    assert (answer.status_code, answer.data["share"], answer.data["outcome"]) == (202, 0.0, None)
    Backfill.objects.update(cursor=now - timedelta(days=2))
    assert caller(data_scientist).get(answer.data["url"]).data["share"] == 1.0
    change = Change.objects.get(verb="backfilled")
    assert (change.by, change.door, change.object) == (data_scientist.username, "api", source.name)


def test_a_second_one_is_told_of_the_first(source, data_scientist, now):
    first = ask(data_scientist, source, times(now)).data["url"]
    second = ask(data_scientist, source, times(now))
    assert (second.status_code, second.data["url"]) == (409, first)


@pytest.mark.parametrize(("begin", "end", "field"), [(2, 9, "to"), (-3, -4, "from"), (900, 800, "to")])
def test_times_that_cannot_be_are_said_at_their_field(source, data_scientist, now, begin, end, field):
    answer = ask(data_scientist, source, times(now, begin, end))
    assert (answer.status_code, list(answer.data["errors"])) == (400, [field])


def test_a_metrics_page_has_no_past_and_says_so(system, data_scientist, now):
    answer = ask(data_scientist, SourceFactory(system=system, kind="prometheus_text"), times(now))
    assert answer.status_code == 409
    assert answer.data["detail"].startswith("A metrics page tells only what is now")


def test_it_can_be_cancelled_once(source, data_scientist, now):
    url = ask(data_scientist, source, times(now)).data["url"] + "cancel/"
    answers = [caller(data_scientist).post(url) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 409]
    assert (answers[0].data["outcome"], Change.objects.filter(verb="cancelled").count()) == ("cancelled", 1)


def test_the_page_takes_whole_days_and_shows_how_far_it_is(source, data_scientist, client, now):
    client.force_login(data_scientist)
    page = reverse("monitoring:backfill", args=[source.pk])
    days = {"first": (now - timedelta(days=5)).date(), "last": (now - timedelta(days=3)).date()}
    assert client.post(page, days)["Location"] == page
    row = Backfill.objects.get()
    assert (row.to_at - row.from_at, row.asked_by) == (timedelta(days=3), data_scientist)
    body = client.get(page).content.decode()
    assert "Waiting for a worker" in body
    assert 'hx-trigger="every 2s"' in body
    assert "Read these days" not in body


def test_the_page_says_what_is_wrong_at_the_field(source, data_scientist, client, now):
    client.force_login(data_scientist)
    days = {"first": now.date(), "last": (now - timedelta(days=3)).date()}
    answer = client.post(reverse("monitoring:backfill", args=[source.pk]), days)
    assert answer.status_code == 422
    assert "The end has to lie after the beginning." in answer.content.decode()


def test_the_page_of_a_source_leads_there_or_says_why_not(source, system, data_scientist, client):
    client.force_login(data_scientist)
    assert reverse("monitoring:backfill", args=[source.pk]) in client.get(source.get_absolute_url()).content.decode()
    other = SourceFactory(system=system, kind="prometheus_text")
    assert "its past cannot be read" in client.get(other.get_absolute_url()).content.decode()


def test_what_holds_a_source_back_is_shown_by_page_and_api(source, data_scientist, client, now):
    source.failing_since, source.failures, source.last_error = now - timedelta(hours=2), 4, "The target answered 503."
    source.back_off_until = source.next_due_at = now + timedelta(minutes=16)
    source.save()
    shown = caller(data_scientist).get(f"sources/{source.pk}/").data
    assert (shown["failures"], shown["failing_since"] is None, shown["last_error"]) == (4, False, source.last_error)
    assert shown["back_off_until"] == shown["next_due_at"]
    client.force_login(data_scientist)
    source.pulls.create(due_at=now, lease_until=now, finished_at=now, outcome="http_error", error="x")
    body = client.get(source.get_absolute_url()).content.decode()
    assert "The target answered 503." in body
    assert "held back because it could not be asked 4 times in a row" in body
