"""Labelled series from files: a CSV for each series, and a JSON list with what is true of them."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

from bench.detection.series import Labelled, Row, Span


def labelled(folder: Path, labels: Path) -> list[Labelled]:
    """Return the series of `labels`, whose rows (arrival, timestamp, value, n) are in `folder`, one file for each."""
    return [_one(folder, truth) for truth in json.loads(labels.read_text())]


def _one(folder: Path, truth: dict) -> Labelled:
    with (folder / f"{truth['id']}.csv").open(newline="") as file:
        rows = [_row(line) for line in csv.DictReader(file)]
    return Labelled(
        name=truth["id"],
        scale=truth["kind"],
        worse=truth["worse"],
        step_s=truth["step_s"],
        healthy_until=truth["baseline_until"],
        rows=rows,
        change=truth["change"],
        spans=[Span(one["onset"], one["end"], one["window_s"]) for one in truth["changes"]],
        slack=truth["slack"],
        unscored=[tuple(span) for span in truth["ignore"]],
    )


def _row(line: dict) -> Row:
    samples = float(line["n"]) if line["n"] else None
    return Row(_seconds(line["arrival"]), _seconds(line["timestamp"]), float(line["value"]), samples)


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
