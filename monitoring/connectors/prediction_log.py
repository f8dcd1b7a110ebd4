"""Prediction logs: files of predictions and, later, of labels, from which quality is computed window by window.

There is no cursor: each pull computes anew every window whose labels may still arrive.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings as portal

from monitoring.connectors.connector import BadSettings, Failed, Found, Limits, Pulled, Reading, Suggested, Wanted
from monitoring.connectors.connector import Connector as Shape
from monitoring.guessing import QUALITY
from monitoring.predictions import layout as layouts
from monitoring.predictions.evaluating import Log, most_recent
from monitoring.predictions.files import LogFile, Refused, TooLarge, find_files, refuse_unfit
from monitoring.predictions.layout import COUNTS, MISSING, Layout
from monitoring.predictions.reading import OutOfTime, Read, Unreadable, columns_of, read_files
from monitoring.predictions.windows import LENGTHS, still_open

ENDINGS = {"csv": (".csv", ".txt", ".tsv"), "parquet": (".parquet", ".pq")}
NOTHING_NEW = "Nothing new since the last time."  # a log that stays away too long is the silence monitor's business
CLOCKS_MAY_DIFFER = timedelta(hours=1)
MOST_SEGMENTS_SUGGESTED = 8
_TEXT = {"type": "string"}
_NAMES = {"type": "array", "items": _TEXT}

_SAID = QUALITY | {
    "rows": ("Predictions", "rows", "positive", "higher", "How many predictions it made."),
    "label_share": ("Labelled share", "share", "rate", "higher", "The share of predictions whose outcome is known."),
}


class Connector(Shape):
    kind = "prediction_log"
    title = "Prediction log"
    summary = "Reads logged predictions and their later outcomes from files, and computes quality for each day."
    purpose = (
        "The surest way to know how good a model is: what it predicted, held against what really happened. Quality is "
        "computed for each window, provisional while labels may still arrive, final afterwards."
    )
    needs = (
        "Files in CSV or Parquet, a row for each prediction with its time, below a folder of PORTAL_LOG_ROOTS that an "
        "administrator has named.",
        "The outcomes: a column beside the predictions, or files of their own, joined by an id.",
        "How long outcomes may take: until then a value is provisional.",
    )
    duty = "read_logs"
    no_past = ""
    credentials = {"type": "object", "properties": {}, "additionalProperties": False}
    selector = {
        "type": "object",
        "properties": {
            "metric": {"type": "string", "pattern": f"^({'|'.join(_SAID)}|missing:.+)$"},
            "segment": {"type": "string", "description": "column=value, several parted by commas"},
        },
        "required": ["metric"],
        "additionalProperties": False,
    }
    settings = {
        "type": "object",
        "properties": {
            "predictions": _TEXT | {"description": "file, folder or pattern below a folder of PORTAL_LOG_ROOTS"},
            "labels": _TEXT | {"description": "the same for outcomes that come later, joined by id"},
            "format": {"enum": list(layouts.FORMATS), "description": "guessed from the name"},
            "columns": {
                "type": "object",
                "properties": {name: _TEXT | {"description": what} for name, what in layouts.SINGLE.items()}
                | {name: _NAMES | {"description": what} for name, what in layouts.SEVERAL.items()},
                "required": ["at", "prediction"],
                "additionalProperties": False,
            },
            "task": {"enum": list(layouts.TASKS)},
            "positive": _TEXT | {"description": "of a binary task: the class that is looked for"},
            "window": {"enum": list(LENGTHS), "default": "day"},
            "label_delay_s": {
                "type": "number",
                "minimum": 0,
                "default": 0,
                "description": "after so long all labels of a day are there; until then its figures are provisional",
            },
        },
        "required": ["predictions", "columns", "task"],
        "additionalProperties": False,
    }
    example = {
        "settings": {
            "predictions": "churn/predictions",
            "labels": "churn/labels",
            "columns": {"id": "id", "at": "at", "prediction": "prediction", "score": "score", "label": "label"},
            "task": "binary",
            "positive": "1",
            "window": "day",
            "label_delay_s": 604_800,
        },
        "credentials": {},
        "selector": {"metric": "roc_auc"},
        "metric": {"key": "roc_auc", "kind": "quality", "unit": "score", "direction": "higher"},
    }

    def checked(self, settings: dict) -> dict:
        whole, errors = layouts.checked(settings)
        for name in ("predictions", "labels"):
            if whole[name]:
                try:
                    refuse_unfit(whole[name])
                except Refused as reason:
                    errors[name] = [str(reason)]
        if errors:
            raise BadSettings(errors)
        return whole

    def suggested(self, metric: str) -> Suggested:
        """Return what is guessed of a metric of a log."""
        return _suggested(metric)

    async def discover(self, settings: dict, credentials: dict, *, at: datetime, limits: Limits) -> list[Found]:
        layout = Layout.of(self.checked(settings))
        return await asyncio.to_thread(_honestly, _discover, layout, at, time.monotonic() + limits.deadline_s)

    async def pull(
        self,
        settings: dict,
        credentials: dict,
        wanted: Sequence[Wanted],
        *,
        since: datetime | None,
        at: datetime,
        limits: Limits,
    ) -> Pulled:
        layout = Layout.of(self.checked(settings))
        until = time.monotonic() + limits.deadline_s
        return await asyncio.to_thread(_honestly, _pull, layout, wanted, since, at, until)

    async def read_past(
        self,
        settings: dict,
        credentials: dict,
        wanted: Sequence[Wanted],
        *,
        start: datetime,
        end: datetime,
        at: datetime,
        limits: Limits,
    ) -> Pulled:
        """Compute anew every window from `start` on; a window is kept by whoever asked, if it begins before `end`."""
        return await self.pull(settings, credentials, wanted, since=start, at=at, limits=limits)


def _honestly(work: Callable, *arguments):
    """Return what the work returns; say its failures in the portal's words."""
    try:
        return work(*arguments)
    except Refused as reason:
        raise Failed("refused", str(reason)) from None
    except TooLarge as reason:
        raise Failed("over_limit", str(reason)) from None
    except Unreadable as reason:
        raise Failed("parse_error", str(reason)) from None
    except OutOfTime:
        raise Failed("timeout", "The files could not be read within the time that a pull may take.") from None
    except OSError as error:
        raise Failed("parse_error", f"A file of the log could not be read ({type(error).__name__}).") from None


def _pull(layout: Layout, wanted: Sequence[Wanted], since: datetime | None, at: datetime, until: float) -> Pulled:
    oldest = still_open(since, layout.window, layout.label_delay)
    files = _files(layout.predictions, layout)
    young = _not_older(files, oldest)
    if not young:
        return Pulled(columns=columns_of(files[-1], layout.format), is_unchanged=True, note=NOTHING_NEW)
    pulled = Pulled()
    asked = [(one, one.selector["metric"], one.selector.get("segment", "")) for one in wanted]
    read = read_files(young, layout.format, _columns(layout, [(m, s) for _, m, s in asked]), until=until)
    labels, label_read = _labels(layout, oldest, until)
    log = Log.of(layout, read.table, labels, oldest=oldest, at=at)
    pulled.columns = read.last_columns
    pulled.bytes, pulled.note = read.bytes + label_read.bytes, " ".join(filter(None, [read.note, label_read.note]))
    for one, metric, segment in asked:
        if why := _gone(layout, metric, segment, pulled.columns, files[-1].name):
            pulled.missing[one.series_id] = why
        pulled.readings[one.series_id] = [
            Reading(value.at, value.value, value.samples, value.is_final, value.version)
            for value in _values(log, metric, segment)
        ]
    _refuse_nothing_at_all(pulled)
    if since and not pulled.missing and not any(pulled.readings.values()):
        pulled.is_unchanged, pulled.note = True, pulled.note or NOTHING_NEW
    return pulled


def _values(log: Log, metric: str, segment: str):
    is_known = metric in _SAID or metric.startswith(MISSING)
    return log.values(metric, segment) if is_known and _is_possible(log.layout, metric) else []


def _refuse_nothing_at_all(pulled: Pulled) -> None:
    if pulled.missing and len(pulled.missing) == len(pulled.readings) and not any(pulled.readings.values()):
        raise Failed("missing_metric", next(iter(pulled.missing.values())))


def _discover(layout: Layout, at: datetime, until: float) -> list[Found]:
    files = _files(layout.predictions, layout)
    newest = max(file.changed_at for file in files)
    oldest = newest - layout.label_delay - 3 * LENGTHS[layout.window]
    young = _not_older(files, oldest)
    columns = columns_of(young[-1], layout.format)
    others = [name for name in columns if name not in {*layout.columns.values(), *layout.segments}]
    names = [*layout.metrics(), *COUNTS[: 2 if "label" in layout.columns else 1], *(f"{MISSING}{o}" for o in others)]
    for name in names:
        if why := _gone(layout, name, "", columns, young[-1].name):
            raise Failed("missing_metric", why)
    asked = [(name, "") for name in names] + [("rows", f"{column}=") for column in layout.segments]
    read = read_files(young, layout.format, _columns(layout, asked), until=until)
    log = Log.of(layout, read.table, _labels(layout, oldest, until)[0], oldest=None, at=at)
    wanted = [(name, "") for name in names] + [
        (name, f"{column}={value}")
        for column in layout.segments
        for value in log.segment_values(column)[:MOST_SEGMENTS_SUGGESTED]
        for name in layout.metrics()[:1]
    ]
    return [_found(log, metric, segment, layout, at) for metric, segment in wanted]


def _found(log: Log, metric: str, segment: str, layout: Layout, at: datetime) -> Found:
    last = most_recent({metric: log.values(metric, segment)}, layout, at).get(metric)
    selector = {"metric": metric} | ({"segment": segment} if segment else {})
    is_likely = metric in ("rows", *layout.metrics()[:1]) and not segment
    return Found(selector, last.value if last else None, last.at if last else None, _suggested(metric), is_likely)


def _suggested(metric: str) -> Suggested:
    if metric.startswith(MISSING):
        column = metric.removeprefix(MISSING)
        means = f"The share of predictions for which {column} was empty."
        key = "missing_" + "".join(letter if letter.isalnum() else "_" for letter in column.lower()).strip("_")
        return Suggested(key, f"{column} missing", "share", "data", "rate", "lower", means)
    name, unit, scale, direction, means = _SAID[metric]
    kind = "data" if metric in COUNTS else "quality"
    return Suggested(metric, name, unit, kind, scale, direction, means)


def _is_possible(layout: Layout, metric: str) -> bool:
    return metric in (*layout.metrics(), "rows") or metric.startswith(MISSING) or "label" in layout.columns


def _gone(layout: Layout, metric: str, segment: str, present: list[str], file: str) -> str:
    """Return in a sentence which column the metric lacks in the newest file, and which there are; "" when none."""
    if metric not in _SAID and not metric.startswith(MISSING):
        return f"There is no metric {metric!r} of a prediction log."
    if metric in _SAID and metric not in (*layout.metrics(), *COUNTS):
        return f"{metric} is not to be had of a {layout.task} task with the columns that the settings name."
    needed = [*layout.needed(metric), *(part.partition("=")[0] for part in segment.split(",") if part)]
    feature = metric.removeprefix(MISSING)
    if metric.startswith(MISSING) and feature not in layout.features:  # else all rows are without it: that is a value
        needed.append(feature)
    for column in needed:
        if column not in present:
            return f"{file} has no column {column!r}; it has {', '.join(present[:20])}."[:300]
    return ""


def _columns(layout: Layout, asked: Iterable[tuple[str, str]]) -> list[str]:
    """Return the columns that these metrics and segments need, and those that every value needs."""
    named = [layout.columns[name] for name in layouts.SINGLE if name in layout.columns]
    for metric, segment in asked:
        if metric.startswith(MISSING):
            named.append(metric.removeprefix(MISSING))
        named += [part.partition("=")[0] for part in segment.split(",") if part]
    return list(dict.fromkeys(named))


def _labels(layout: Layout, oldest: datetime | None, until: float):
    """Return (the table of labels, or None when they stand in the predictions, what was read)."""
    if not layout.labels:
        return None, Read(table=None)
    columns = [layout.columns["id"], layout.columns["label"]]
    read = read_files(_not_older(_found_files(layout.labels, layout), oldest), layout.format, columns, until=until)
    if read.last_file and (gone := [name for name in columns if name not in read.last_columns]):
        there = ", ".join(read.last_columns[:20])
        raise Failed("missing_metric", f"{read.last_file} has no column {gone[0]!r}; it has {there}."[:300])
    return read.table, read


def _not_older(files: list[LogFile], oldest: datetime | None) -> list[LogFile]:
    """Leave out files that were last written before the oldest window that is asked for."""
    return [file for file in files if oldest is None or file.changed_at + CLOCKS_MAY_DIFFER >= oldest]


def _files(name: str, layout: Layout) -> list[LogFile]:
    if not (files := _found_files(name, layout)):
        raise Failed("empty", f"There is no {layout.format} file {name!r} below the folders of PORTAL_LOG_ROOTS.")
    return files


def _found_files(name: str, layout: Layout) -> list[LogFile]:
    return find_files([Path(root) for root in portal.LOG_ROOTS], name, endings=ENDINGS[layout.format])
