import pytest

from monitoring.actions.ending import write_end
from monitoring.connectors.connector import Pulled
from monitoring.models import Pull, SchemaSeen
from tests.factories import SourceFactory

pytestmark = pytest.mark.django_db


def test_what_no_database_holds_is_left_out_of_what_a_pull_says(now):
    pull = Pull.objects.create(source=SourceFactory(), due_at=now, lease_until=now, started_at=now)
    came = Pulled(note="a\0b\ud800c", columns=["x\0", "\udfffy"])
    assert write_end(pull, came, at=now, ended_at=now, wanted=[])
    pull.refresh_from_db()
    assert (pull.outcome, pull.error, SchemaSeen.objects.get().columns) == ("ok", "abc", ["x", "y"])
