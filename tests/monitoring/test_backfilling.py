"""The past is read piece by piece, by a row with a cursor: a killed worker costs one piece, never the rest (F3, F4)."""

from datetime import timedelta

import pytest

from monitoring.actions import backfilling
from monitoring.actions.backfilling import (
    ATTEMPTS,
    CannotBackfill,
    Underway,
    backfill,
    backfill_due,
    cancel_backfill,
    why_not,
)
from monitoring.connectors.connector import Failed, Pulled, Reading
from monitoring.models import Backfill, Series, Source
from tests.factories import MetricFactory, SeriesFactory, SourceFactory
from tests.monitoring.conftest import Pages

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pages", "remembers")]


class Remembers:
    """Has a value for each day; what it was asked for is in `asked`."""

    asked: list = []
    answer = None


@pytest.fixture
def remembers(monkeypatch):
    async def read_past(self, settings, credentials, wanted, *, start, end, at, limits):
        Remembers.asked.append((start, end))
        if Remembers.answer:
            raise Remembers.answer
        days = (end - start).days
        return Pulled(
            readings={
                one.series_id: [Reading(start + timedelta(days=n), 0.5) for n in range(days + 1)] for one in wanted
            }
        )

    monkeypatch.setattr(Pages, "no_past", "")
    monkeypatch.setattr(Pages, "read_past", read_past)
    Remembers.asked, Remembers.answer = [], None


@pytest.fixture
def source(system):
    source = SourceFactory(system=system, kind="pages", settings={})
    SeriesFactory(metric=MetricFactory(system=system, key="accuracy"), source=source)
    return source


@pytest.fixture
def asked(source, now):
    """Three weeks and a day are asked for."""
    return backfill(source, from_at=now - timedelta(days=22), to_at=now, by=None, at=now)


def test_it_is_read_in_pieces_up_to_its_end(asked, source, now):
    assert backfill_due() == 4
    asked.refresh_from_db()
    assert (asked.outcome, asked.cursor, asked.points, asked.percent) == ("done", now, 22, 100)
    assert [(end - start).days for start, end in Remembers.asked] == [7, 7, 7, 1]
    assert source.series.get().points.count() == 22  # the last one of each piece lies in the next


def test_what_it_brought_is_judged(asked, source, now):
    Series.objects.update(unjudged_from=None)
    backfill_due()
    assert source.series.get().unjudged_from == now - timedelta(days=22)


def test_the_source_itself_is_as_before(asked, source):
    backfill_due()
    after = Source.objects.get(pk=source.pk)
    assert (after.read_at, after.last_success_at, after.pulls.count()) == (None, None, 0)


@pytest.mark.fault("F3", "F4")
def test_a_piece_whose_worker_was_killed_is_read_again_from_the_cursor(asked, now):
    Backfill.objects.update(attempt=1, cursor=now - timedelta(days=8), lease_until=now - timedelta(seconds=1))
    assert backfill_due() == 2
    assert Remembers.asked[0][0] == now - timedelta(days=8)
    assert Backfill.objects.get().outcome == "done"


def test_a_piece_in_hand_is_left_to_its_process(asked, now):
    Backfill.objects.update(attempt=1, lease_until=now + timedelta(seconds=40))
    assert (backfill_due(), Remembers.asked) == (0, [])


def test_whoever_was_overtaken_writes_nothing(asked, source, monkeypatch):
    read = backfilling._read

    def overtaken(piece):
        came = read(piece)
        Backfill.objects.update(attempt=2, lease_until=piece.at + timedelta(hours=1))
        return came

    monkeypatch.setattr(backfilling, "_read", overtaken)
    backfill_due()
    assert (source.series.get().points.count(), Backfill.objects.get().points) == (0, 0)


def test_what_fails_is_tried_again_three_times_and_then_says_why(asked, now):
    Remembers.answer = Failed("timeout", "The files could not be read.")
    for attempt in range(1, ATTEMPTS + 1):
        assert backfill_due() == 1
        row = Backfill.objects.get()
        assert (row.attempt, row.error) == (attempt, "The files could not be read.")
        Backfill.objects.update(lease_until=now - timedelta(seconds=1))
    assert (row.outcome, row.cursor, backfill_due()) == ("failed", row.from_at, 0)


@pytest.mark.fault("F3")
def test_a_piece_that_killed_three_processes_is_given_up(asked, now):
    Backfill.objects.update(attempt=ATTEMPTS, lease_until=now - timedelta(seconds=1))
    backfill_due()
    row = Backfill.objects.get()
    assert (row.outcome, Remembers.asked) == ("failed", [])
    assert row.error.startswith("3 processes")


def test_one_that_is_cancelled_is_read_no_more(asked, now):
    assert cancel_backfill(asked, by=None, at=now)
    assert not cancel_backfill(asked, by=None, at=now)
    assert (backfill_due(), Backfill.objects.get().outcome) == (0, "cancelled")


def test_it_is_bounded_to_what_is_kept_and_to_now(source, now, settings):
    settings.RETENTION_DAYS = 30
    row = backfill(source, from_at=now - timedelta(days=90), to_at=now + timedelta(days=1), by=None, at=now)
    assert (row.from_at, row.to_at) == (now - timedelta(days=30), now)


def test_a_source_has_one_at_a_time(asked, source, now):
    with pytest.raises(Underway) as underway:
        backfill(source, from_at=now - timedelta(days=2), to_at=now, by=None, at=now)
    assert underway.value.backfill == asked


@pytest.mark.parametrize(("days", "field"), [((-1, 2), "from"), ((3, 3), "to"), ((3, 5), "to"), ((900, 800), "to")])
def test_times_that_cannot_be_are_one_sentence_at_their_field(source, now, days, field):
    begin, end = (now - timedelta(days=number) for number in days)
    with pytest.raises(CannotBackfill) as cannot:
        backfill(source, from_at=begin, to_at=end, by=None, at=now)
    assert (cannot.value.field, Backfill.objects.count()) == (field, 0)


def test_a_source_that_is_paused_or_watched_by_nobody_has_nothing_to_fill_in(source, now):
    times = {"from_at": now - timedelta(days=2), "to_at": now}
    Source.objects.update(enabled=False)
    with pytest.raises(CannotBackfill, match="paused"):
        backfill(Source.objects.get(), **times, by=None, at=now)
    Source.objects.update(enabled=True)
    Series.objects.all().delete()
    with pytest.raises(CannotBackfill, match="Nothing of this source is watched"):
        backfill(Source.objects.get(), **times, by=None, at=now)


def test_a_metrics_page_says_that_it_has_no_past(source, now):
    Source.objects.update(kind="prometheus_text")
    assert why_not(Source.objects.get()).startswith("A metrics page tells only what is now")
    with pytest.raises(CannotBackfill, match="A metrics page"):
        backfill(Source.objects.get(), from_at=now - timedelta(days=2), to_at=now, by=None, at=now)
