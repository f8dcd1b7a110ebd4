"""The files that services leave behind: predictions by day as they are made, labels on the day they become known."""

import csv
import io
import os
from datetime import date, datetime
from pathlib import Path

from mlops_portal.demo.models import Answer
from mlops_portal.demo.services import Service
from mlops_portal.demo.stream import Requests, labels_come_at


def predictions_file(folder: Path, service: Service, day: date) -> Path:
    return folder / service.slug / "predictions" / f"{day}.csv"


def labels_file(folder: Path, service: Service, day: date) -> Path:
    """Return the file of the day's labels, named after the day on which they come."""
    return folder / service.slug / "labels" / f"{labels_come_at(service, day).date()}.csv"


def logged(path: Path) -> int:
    """Return how many rows the log has; a line that was not finished is cut off."""
    if not path.exists():
        return 0
    whole = path.read_bytes()
    finished = whole[: whole.rfind(b"\n") + 1]
    if len(finished) < len(whole):
        path.write_bytes(finished)
    return max(0, finished.count(b"\n") - 1)


def write_day(path: Path, service: Service, asked: Requests, answer: Answer, version: str, *, at: datetime) -> None:
    """Write a whole day's predictions, as if it had been done by `at`."""
    _put(path, _head(service) + _lines(service, asked, answer, version), at)


def append(path: Path, service: Service, asked: Requests, answer: Answer, version: str) -> None:
    """Add predictions to the day's log."""
    path.parent.mkdir(parents=True, exist_ok=True)
    head = "" if path.exists() else _head(service)
    with open(path, "a") as file:
        file.write(head + _lines(service, asked, answer, version))


def write_labels(path: Path, asked: Requests, *, at: datetime) -> None:
    """Write what turned out true of a day's rows, as if it had been done by `at`."""
    known = [(asked.ids[n], asked.truth[n]) for n in range(len(asked)) if asked.is_labelled[n]]
    _put(path, "id,outcome\n" + "".join(f"{name},{truth}\n" for name, truth in known), at)


def _put(path: Path, text: str, at: datetime) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_text(text)
    os.utime(draft, (at.timestamp(), at.timestamp()))
    draft.replace(path)


def _head(service: Service) -> str:
    score = ["score"] if service.task == "binary" else []
    return ",".join(["id", "at", "version", "prediction", *score, *service.fields, *_region(service)]) + "\n"


def _region(service: Service) -> list[str]:
    return ["region"] if service.regions else []


def _lines(service: Service, asked: Requests, answer: Answer, version: str) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = list(service.fields.values())
    for n, (name, at) in enumerate(zip(asked.ids, asked.times, strict=True)):
        score = [] if answer.scores is None else [answer.scores[n]]
        fields = ["" if value != value else f"{value:.4g}" for value in asked.inputs[n, columns]]
        region = [asked.regions[n]] if service.regions else []
        writer.writerow([name, f"{at:%Y-%m-%dT%H:%M:%SZ}", version, answer.predictions[n], *score, *fields, *region])
    return text.getvalue()
