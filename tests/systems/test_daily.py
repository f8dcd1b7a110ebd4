from datetime import UTC, date, datetime

from systems.daily import counted, days_until
from systems.models import StatusSpan


def _span(status, begins, ends=None):
    at = [datetime.fromisoformat(f"2026-03-{text}").replace(tzinfo=UTC) if text else None for text in (begins, ends)]
    return StatusSpan(status=status, sentence=status, from_at=at[0], to_at=at[1])


def _levels(*spans, count=4):
    return [day.level for day in days_until(date(2026, 3, 4), spans, count=count)]


def test_a_day_shows_the_worst_that_it_saw():
    assert _levels(_span("failing", "03T10:00", "03T10:01"), _span("healthy", "01T00:00", "03T10:00")) == [
        "healthy",
        "healthy",
        "failing",
        None,
    ]


def test_a_span_that_ends_at_midnight_does_not_touch_the_next_day():
    assert _levels(_span("failing", "02T00:00", "03T00:00")) == [None, "failing", None, None]


def test_a_span_that_lasts_reaches_the_last_day():
    assert _levels(_span("degraded", "03T23:59")) == [None, None, "degraded", "degraded"]


def test_nothing_is_known_before_the_first_span():
    assert _levels() == [None] * 4


def test_the_days_are_counted_worst_first():
    days = days_until(
        date(2026, 3, 4), [_span("failing", "03T10:00", "03T11:00"), _span("healthy", "03T11:00")], count=4
    )
    assert counted(days) == "1 failing, 1 healthy, 2 not known"
