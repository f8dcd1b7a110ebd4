"""The benchmark of detectors: its series, its scoring, and the command that speaks JSON lines."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from bench.detection.portal import Portal
from bench.detection.references import references
from bench.detection.scoring import Alarm, score, summarise
from bench.detection.series import DAY, Labelled, Row, Span, generated

STREAM = Path(__file__).parents[2] / "bench/detection/stream.py"


def _series(changed=True, days=60):
    rows = [Row((day + 1) * DAY, day * DAY, 0.9, 100.0) for day in range(days)]
    spans = [Span(30 * DAY, days * DAY, 28 * DAY)] if changed else []
    return Labelled("x", "rate", "down", DAY, 13 * DAY, rows, "step" if changed else "none", spans)


@pytest.mark.parametrize(
    ("days", "delay", "false"),
    [
        ([31], 0.0, 0),
        ([38], 0.25, 0),
        ([20, 35], 4 / 28, 1),
        ([20, 26, 31], 1.0, 1),  # one incident, that began too early
        ([60], 1.0, 0),  # too late
        ([], 1.0, 0),
    ],
)
def test_the_first_opening_in_the_window_counts(days, delay, false):
    result = score(_series(), [Alarm(day * DAY) for day in days])
    assert (result.changes[0].delay, result.false_alarms) == (pytest.approx(delay), false)


def test_an_alarm_that_never_ends_is_one_false_alarm():
    result = score(_series(changed=False), [Alarm(day * DAY) for day in range(20, 60)])
    assert (result.false_alarms, result.is_quiet) == (1, False)


def test_an_onset_is_near_within_seven_points():
    near = score(_series(), [Alarm(33 * DAY, onset=28.0 * DAY)])
    far = score(_series(), [Alarm(33 * DAY, onset=20.0 * DAY)])
    assert summarise([near, far]).onset_near == 0.5


def test_the_same_seed_makes_the_same_series_in_order_of_arrival():
    first, again = generated(5, 12), generated(5, 12)
    assert first == again
    assert all(list(one.rows) == sorted(one.rows, key=lambda row: row.now) for one in first)
    assert {len(one.spans) for one in first} == {0, 1}


def test_what_is_bad_either_way_never_gets_better(monkeypatch):
    monkeypatch.setattr("bench.detection.series._improvement", lambda rng, count, healthy: np.full(count, 2e3))
    unchanged = [one for one in generated(5, 200) if one.worse == "both" and not one.spans]
    assert unchanged
    assert max(abs(row.value) for one in unchanged for row in one.rows) < 100


def test_a_late_point_ends_as_if_it_had_come_in_time():
    series = next(one for one in generated(7, 150) if len({row.now - row.at for row in one.rows}) > 1)
    as_came, in_time = Portal(series.ctx), Portal(series.ctx)
    for row in series.rows:
        as_came.update(row.now, row.at, row.value, row.samples)
    for row in sorted({row.at: row for row in series.rows}.values(), key=lambda row: row.at):
        in_time.update(row.now, row.at, row.value, row.samples)
    assert as_came.states[-1] == in_time.states[-1]


def test_every_reference_answers_or_is_said_to_be_missing():
    series = _series(changed=False)
    for kind in filter(None, references().values()):
        detector = kind(series.ctx)
        assert not any(detector.update(row.now, row.at, row.value, row.samples) for row in series.rows)


def test_the_command_answers_each_arrival_with_the_onset_of_its_alarm():
    arrivals = [
        {"now": (day + 1) * DAY, "ts": day * DAY, "value": 0.9 - 0.2 * (day >= 40), "n": 500} for day in range(60)
    ]
    told = [json.dumps(one) for one in [{"series": _series().ctx}, *arrivals, {"end": True}]]
    done = subprocess.run([sys.executable, STREAM], input="\n".join(told), capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == 60
    assert not any(answer["alarm"] for answer in answers[:40])
    assert (answers[-1]["alarm"], answers[-1]["onset"]) == (True, 40 * DAY)


@pytest.mark.parametrize("missing", ["labels.json", "series.csv"])
def test_a_file_that_is_not_there_is_named_in_one_sentence(tmp_path, missing):
    labels = tmp_path / "labels.json"
    if missing != labels.name:
        labels.write_text(json.dumps([{"id": "series"}]))
    with pytest.raises(CommandError, match=rf"{missing} cannot be read: No such file or directory\.$"):
        call_command("bench", "detection", data=str(tmp_path), labels=str(labels))
