"""What a round of pulls shares: what is watched is read anew where it changed, ends are written at once."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from monitoring.actions import ending, wanted
from monitoring.actions.ending import End, write_ends
from monitoring.actions.wanted import wanted_of
from monitoring.actions.writing import add_pulls
from monitoring.connectors.connector import Failed, Pulled, Reading
from monitoring.models import Pull, Series, Source
from tests.factories import MetricFactory, SeriesFactory, SourceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def sources(system):
    made = [SourceFactory(system=system) for _ in range(3)]
    for source in made:
        SeriesFactory(
            metric=MetricFactory(system=system, key=f"m{source.pk}"), source=source, selector={"metric": "f1"}
        )
    return made


def selectors(source):
    return [(one.selector, one.memory) for one in wanted_of([source.pk]).get(source.pk, [])]


def test_the_same_list_comes_again_where_nothing_changed(sources):
    first, again = (wanted_of([sources[0].pk])[sources[0].pk] for _ in range(2))
    Series.objects.update(last_value=1.0, sentence="Another.")
    assert first is again is wanted_of([sources[0].pk])[sources[0].pk]


def test_a_change_of_what_is_watched_is_seen_at_once(sources):
    source = sources[0]
    assert selectors(source) == [({"metric": "f1"}, {})]
    source.series.update(selector={"metric": "recall"})
    assert selectors(source) == [({"metric": "recall"}, {})]
    source.series.update(memory={"raw": 5})
    assert selectors(source) == [({"metric": "recall"}, {"raw": 5})]
    SeriesFactory(metric=MetricFactory(system=source.system, key="more"), source=source, selector={"metric": "auc"})
    assert len(selectors(source)) == 2
    source.series.all().delete()
    assert selectors(source) == []


def test_no_more_is_kept_than_may_be(sources, monkeypatch):
    monkeypatch.setattr(wanted, "MOST_KEPT", 2)
    assert len(wanted_of([source.pk for source in sources])) == 3
    assert len(wanted._kept) == 2


def ends(sources, now, came):
    """The pulls of the sources, each ended by what `came` returns for its series."""
    given = []
    for source in sources:
        pull = Pull.objects.create(source=source, due_at=now, lease_until=now)
        asked = wanted_of([source.pk])[source.pk]
        given.append(End(pull, came(asked[0].series_id), now + timedelta(seconds=1), asked))
    return given


def one_value(now):
    return lambda pk: Pulled(readings={pk: [Reading(now, 0.5)]}, bytes=7, memory={pk: {"raw": pk}})


def told():
    return list(Pull.objects.order_by("pk").values_list("outcome", "points", "duplicates", "bytes"))


def test_many_ends_are_written_at_once(sources, now, django_assert_max_num_queries):
    two = ends(sources[:2], now, one_value(now))
    with CaptureQueriesContext(connection) as of_two:
        assert write_ends(two, at=now) == 2
    Pull.objects.all().delete()
    given = ends(sources, now, one_value(now + timedelta(seconds=1)))
    with django_assert_max_num_queries(len(of_two)):
        assert write_ends(given, at=now) == 3
    assert told() == [("ok", 1, 0, 7)] * 3
    assert set(Source.objects.values_list("last_success_at", "read_at", "failures")) == {(now, now, 0)}
    assert all(series.memory == {"raw": series.pk} for series in Series.objects.all())


def test_each_is_told_of_its_own_where_some_values_stood_already(sources, now):
    write_ends(ends(sources[:1], now, one_value(now)), at=now)
    Pull.objects.all().delete()
    assert write_ends(ends(sources, now, one_value(now)), at=now) == 3
    assert told() == [("ok", 0, 1, 7), ("ok", 1, 0, 7), ("ok", 1, 0, 7)]


def test_good_and_bad_ends_go_together(sources, now):
    good, bad, _ = ends(sources, now, one_value(now))
    bad = End(bad.pull, Failed("timeout", "No answer."), now, bad.wanted)
    assert write_ends([good, bad], at=now) == 2
    assert [row[0] for row in told()] == ["ok", "timeout", None]
    assert Source.objects.get(pk=sources[1].pk).back_off_until > now


def test_one_that_another_process_has_is_left_to_it(sources, now):
    given = ends(sources, now, one_value(now))
    Pull.objects.filter(pk=given[0].pull.pk).update(attempt=2)
    assert write_ends(given, at=now) == 2
    assert [row[0] for row in told()] == [None, "ok", "ok"]


def test_a_series_that_came_meanwhile_is_read_from_its_beginning(sources, now, system):
    given = ends(sources, now, one_value(now))
    SeriesFactory(metric=MetricFactory(system=system, key="new"), source=sources[0])
    write_ends(given, at=now)
    assert [source.read_at for source in Source.objects.order_by("pk")] == [None, now, now]


def test_without_an_answer_everything_is_judged_again_all_the_same(sources, now):
    Series.objects.update(unjudged_from=None)
    write_ends(ends(sources, now, lambda pk: Failed("timeout", "No answer.")), at=now)
    assert set(Series.objects.values_list("unjudged_from", flat=True)) == {now}
    assert ending.Outcome.TIMEOUT not in ending.ANSWERED


def test_of_pulls_that_begin_those_of_a_time_that_was_asked_for_are_left_out(sources, now):
    Pull.objects.create(source=sources[0], due_at=now, lease_until=now, finished_at=now, outcome=Pull.Outcome.OK)
    given = [Pull(source=one, due_at=now, lease_until=now, started_at=now) for one in sources]
    added = add_pulls(given)
    assert [pull.source for pull in added] == sources[1:]
    for pull in added:
        there = Pull.objects.get(pk=pull.pk)
        assert (there.source, there.due_at, there.why, there.attempt) == (pull.source, now, "schedule", 1)
