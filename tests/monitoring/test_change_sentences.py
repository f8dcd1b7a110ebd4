from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from monitoring.wording import change_sentence, edges

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


@pytest.mark.parametrize(
    ("low", "high", "unit", "said"),
    [
        (0.9, 0.94, "share", "0.900–0.940"),
        (0.9851, 0.9993, "score", "0.985–0.999"),
        (10.7, 12.81, "min", "10.7–12.8 min"),
        (-0.4, 0.4, "", "-0.40 to 0.40"),
        (5.0, 5.0, "", "5.0–5.0"),
        (1e308, 1.7e308, "", f"{1e308:,.0f}–{1.7e308:,.0f}"),
    ],
)
def test_edges_have_as_many_figures_as_tell_their_distance(low, high, unit, said):
    assert edges(low, high, unit) == said
