from datetime import UTC, datetime

import pytest
from rest_framework.exceptions import ValidationError

from mlops_portal.engine.api.fields import Choice, Integer, Moment, Number, Text, Truth


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (Text(), 5),
        (Text(), True),
        (Integer(), "5"),
        (Integer(), 5.0),
        (Integer(), True),
        (Number(), "0.5"),
        (Number(), False),
        (Number(), float("nan")),
        (Number(), float("inf")),
        (Truth(), "true"),
        (Truth(), 1),
        (Choice(["1"]), 1),
        (Moment(), "2026-03-01T09:30:00"),
        (Moment(), "2026-03-01"),
        (Moment(), "2026-02-30T09:30:00Z"),
        (Moment(), "0001-01-01T00:00:00+14:00"),
        (Moment(), 1767225600),
    ],
    ids=repr,
)
def test_a_value_is_taken_for_what_it_is(field, value):
    with pytest.raises(ValidationError):
        field.run_validation(value)


def test_a_moment_comes_in_with_any_offset_and_goes_out_in_utc():
    moment = Moment().run_validation("2026-03-01T10:30:00+01:00")
    assert moment == datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    assert Moment().to_representation(moment) == "2026-03-01T09:30:00Z"


def test_a_finite_number_is_a_number():
    assert Number().run_validation(2) == 2.0
