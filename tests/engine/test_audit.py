import pytest
from django.db import IntegrityError, transaction

from mlops_portal.engine import audit
from mlops_portal.engine.models import Change

pytestmark = pytest.mark.django_db


@pytest.fixture
def change(viewer):
    return audit.record(by=viewer, verb="edited", kind="system", object="churn", before={"tier": 3}, after={"tier": 2})


def test_a_change_says_who_and_through_which_door(viewer):
    with audit.through(Change.Door.API):
        row = audit.record(by=viewer, verb="edited", kind="system", object="churn")
    assert (row.by, row.door) == ("viewer", "api")


def test_a_change_is_never_changed(change):
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Change.objects.filter(pk=change.pk).update(by="somebody-else")


def test_a_change_is_never_deleted(change):
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Change.objects.filter(pk=change.pk).delete()


def test_only_what_differs_is_kept():
    before, after = audit.differences({"tier": 3, "name": "a"}, {"tier": 2, "name": "a"})
    assert (before, after) == ({"tier": 3}, {"tier": 2})
