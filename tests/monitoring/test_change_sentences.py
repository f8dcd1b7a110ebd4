from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from monitoring.wording import change_sentence

SERIES = SimpleNamespace(metric=type("Metric", (), {"unit": "", "__str__": lambda self: "accuracy"})(), segment="")
SERIES.rhythm_s = 86400.0
AT = datetime(2026, 4, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("level", "Accuracy has fallen from 0.91 to 0.86 since 3 March (baseline 0.91)."),
        ("weekend", "Accuracy has fallen at weekends from 0.91 to 0.86 since 3 March (baseline 0.91)."),
        ("bursts", "Accuracy is bad now and then, more often than usual, since 3 March (baseline 0.91)."),
        ("spread", "Accuracy scatters more than usual around 0.91 since 3 March (baseline 0.91)."),
    ],
)
def test_each_kind_of_change_is_said_as_what_it_is(kind, said):
    onset = datetime(2026, 3, 3, tzinfo=UTC).timestamp()
    reading = {"before": 0.912, "level": 0.858, "onset_at": onset, "kind": kind}
    assert change_sentence(SERIES, reading, 0.91, AT) == said
