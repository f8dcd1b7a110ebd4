from datetime import timedelta

import pytest

from monitoring.actions.ending import write_end
from monitoring.connectors.connector import Pulled, Reading, Wanted
from monitoring.models import Pull, SchemaSeen
from tests.factories import SeriesFactory, SourceFactory

pytestmark = pytest.mark.django_db


def test_what_no_database_holds_is_left_out_of_what_a_pull_says(now):
    pull = Pull.objects.create(source=SourceFactory(), due_at=now, lease_until=now, started_at=now)
    came = Pulled(note="a\0b\ud800c", columns=["x\0", "\udfffy"])
    assert write_end(pull, came, at=now, ended_at=now, wanted=[])
    pull.refresh_from_db()
    assert (pull.outcome, pull.error, SchemaSeen.objects.get().columns) == ("ok", "abc", ["x", "y"])


@pytest.mark.parametrize(("kept", "outcome", "of"), [(0, "empty", "1 of 1 values"), (2, "partial", "1 of 3 values")])
def test_values_out_of_time_are_refused_with_a_sentence(now, kept, outcome, of):
    source = SourceFactory()
    series = SeriesFactory(source=source, metric__system=source.system)
    pull = Pull.objects.create(source=source, due_at=now, lease_until=now, started_at=now)
    readings = [Reading(now - timedelta(minutes=n), 0.9) for n in range(kept)]
    came = Pulled({series.pk: [*readings, Reading(now + timedelta(minutes=6), 0.9)]})
    write_end(pull, came, at=now, ended_at=now, wanted=[Wanted(series.pk, {})])
    pull.refresh_from_db()
    assert (pull.outcome, pull.points, series.points.count()) == (outcome, kept, kept)
    assert pull.error == f"{of} were not kept. Of the first: Its time lies ahead by more than 5 minutes."
