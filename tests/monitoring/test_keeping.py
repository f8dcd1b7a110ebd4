"""Months are made ahead, what is behind retention goes (RELIABILITY F35)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from monitoring.actions import keeping
from monitoring.actions.keeping import drop_old, make_ahead
from monitoring.actions.storing import store
from monitoring.connectors.connector import Reading
from monitoring.models import Point, Pull
from monitoring.store.partitions import make_months
from tests.factories import SeriesFactory, SourceFactory

pytestmark = pytest.mark.django_db
LONG_AHEAD = datetime(2051, 11, 20, tzinfo=UTC)


def months():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'monitoring_point'::regclass"
        )
        return {name.removeprefix("monitoring_point_") for (name,) in cursor.fetchall()}


@pytest.mark.fault("F35")
def test_the_months_that_come_next_stand_before_they_begin():
    assert make_ahead(at=LONG_AHEAD) == 3 + 2  # years of rollups
    assert {"2051_11", "2051_12", "2052_01"} <= months()
    assert make_ahead(at=LONG_AHEAD) == 0


@pytest.mark.fault("F35")
def test_a_month_goes_when_all_of_it_is_behind_retention(settings, now):
    settings.RETENTION_DAYS = 100
    series = SeriesFactory()
    store({series.pk: [Reading(now - timedelta(days=90), 1.0), Reading(now, 2.0)]}, at=now)
    make_months(now - timedelta(days=200), now - timedelta(days=200))
    before = months()
    assert drop_old(at=now) == 1
    assert before - months() == {f"{now - timedelta(days=200):%Y_%m}"}
    assert Point.objects.count() == 2


@pytest.mark.fault("F35")
def test_old_pulls_go_a_few_at_a_time_and_those_under_way_stay(now, monkeypatch):
    monkeypatch.setattr(keeping, "AT_ONCE", 2)
    source, old = SourceFactory(), now - timedelta(days=91)
    for minute in range(3):
        Pull.objects.create(
            source=source, due_at=old + timedelta(minutes=minute), lease_until=old, finished_at=old, outcome="ok"
        )
    Pull.objects.create(source=source, due_at=old - timedelta(minutes=1), lease_until=old)
    assert [drop_old(at=now), drop_old(at=now), drop_old(at=now)] == [2, 1, 0]
    assert Pull.objects.get().finished_at is None
