"""From rows to values: one for each metric, segment and window."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from monitoring.predictions import metrics
from monitoring.predictions.layout import MISSING, Layout
from monitoring.predictions.reading import class_name, classes_of, numbers_of, times_of
from monitoring.predictions.windows import LENGTHS, is_over, parted, starts_of, to_microseconds

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Value:
    """A metric in one window, which stands at its start; `samples` are the rows that it rests on."""

    at: datetime
    value: float
    samples: int
    is_final: bool
    version: str


@dataclass
class Log:
    """Rows with their labels, those with a time in a window that is asked for."""

    layout: Layout
    table: pa.Table
    times: NDArray[np.int64]
    windows: list[tuple[datetime, NDArray[np.int64]]]
    at: datetime
    _columns: dict[str, NDArray] = field(default_factory=dict)

    @classmethod
    def of(
        cls, layout: Layout, predictions: pa.Table, labels: pa.Table | None, *, oldest: datetime | None, at: datetime
    ):
        """Join the labels to the predictions and part the rows into windows from `oldest` on."""
        times = times_of(predictions[layout.columns["at"]])
        in_time = pc.fill_null(
            pc.greater_equal(times, to_microseconds(oldest)) if oldest else pc.is_valid(times), False
        )
        table, times = predictions.filter(in_time), times.filter(in_time).to_numpy(zero_copy_only=False)
        if labels is not None:
            table = _joined(table, labels, layout)
        return cls(layout, table, times, list(parted(starts_of(times, layout.window))), at)

    def values(self, metric: str, segment: str) -> list[Value]:
        """Return the metric's value in each window in which the rows say it."""
        chosen = self._chosen(segment)
        counts, ask = self._question(metric)
        found = []
        for start, places in self.windows:
            rows = places[chosen[places]]
            counted = rows[counts[rows]]
            value = ask(counted) if len(counted) else None
            if value is not None and np.isfinite(value):
                is_final = is_over(start, self.layout.window, self.layout.label_delay, self.at)
                found.append(Value(start, float(value), len(counted), is_final, self._version(rows)))
        return found

    def segment_values(self, column: str) -> list[str]:
        """Return what stands in this column, the most frequent first."""
        counted = pc.value_counts(pc.drop_null(classes_of(self.table[column]))).to_pylist()
        return [one["values"] for one in sorted(counted, key=lambda one: -one["counts"])]

    def _chosen(self, segment: str) -> Mask:
        chosen = np.ones(self.table.num_rows, dtype=bool)
        for part in filter(None, segment.split(",")):
            column, _, value = part.partition("=")
            if column not in self.table.column_names:
                return np.zeros(self.table.num_rows, dtype=bool)
            chosen &= _mask(pc.equal(classes_of(self.table[column]), class_name(value)))
        return chosen

    def _question(self, metric: str) -> tuple[Mask, Callable[[NDArray[np.int64]], float | None]]:
        """Return which rows count for the metric, and the metric as a function of the places of such rows."""
        everything = np.ones(self.table.num_rows, dtype=bool)
        if metric == "rows":
            return everything, lambda rows: float(len(rows))
        if metric == "label_share":
            return everything, lambda rows: float(self._is_labelled[rows].mean())
        if metric.startswith(MISSING):
            is_missing = _mask(pc.is_null(self.table[metric.removeprefix(MISSING)]))
            return everything, lambda rows: float(is_missing[rows].mean())
        return self._quality(metric)

    def _quality(self, metric: str) -> tuple[Mask, Callable[[NDArray[np.int64]], float | None]]:
        ask = getattr(metrics, metric)
        if metric in ("mae", "rmse", "r2"):
            was, expected = self._number("label"), self._number("prediction")
            return ~np.isnan(was) & ~np.isnan(expected), lambda rows: ask(was[rows], expected[rows])
        truth, said, positive = self._classes
        if metric in ("roc_auc", "log_loss"):
            score = self._number("score")
            return (truth >= 0) & ~np.isnan(score), lambda rows: ask(truth[rows] == positive, score[rows])
        counts = (truth >= 0) & (said >= 0)
        if metric == "accuracy":
            return counts, lambda rows: ask(truth[rows], said[rows])
        return counts, lambda rows: ask(truth[rows], said[rows], positive)

    @cached_property
    def _is_labelled(self) -> Mask:
        return _mask(pc.is_valid(self.table[self.layout.columns["label"]]))

    @cached_property
    def _classes(self) -> tuple[NDArray[np.int64], NDArray[np.int64], int | None]:
        """Labels and predictions as numbers of one list of classes, -1 where there is none; and the positive one's."""
        truth, said = (classes_of(self.table[self.layout.columns[name]]) for name in ("label", "prediction"))
        positive = class_name(self.layout.positive) if self.layout.task == "binary" else None
        names = sorted({*pc.unique(truth).to_pylist(), *pc.unique(said).to_pylist(), positive} - {None})
        codes = [
            pc.fill_null(pc.index_in(one, pa.array(names, pa.string()), skip_nulls=True), -1).to_numpy(False)
            for one in (truth, said)
        ]
        return codes[0], codes[1], None if positive is None else names.index(positive)

    def _number(self, name: str) -> NDArray[np.float64]:
        if name not in self._columns:
            numbers = numbers_of(self.table[self.layout.columns[name]])
            self._columns[name] = numbers.to_numpy(zero_copy_only=False).astype(float)
        return self._columns[name]

    def _version(self, rows: NDArray[np.int64]) -> str:
        """Return the version of the newest of these rows."""
        if "version" not in self.layout.columns or not len(rows):
            return ""
        newest = rows[np.argmax(self.times[rows])]
        return self.table[self.layout.columns["version"]][int(newest)].as_py() or ""


def most_recent(values: Mapping[str, list[Value]], layout: Layout, at: datetime) -> dict[str, Value]:
    """Return of each metric the value of its newest window that is final, else complete, else any."""
    chosen = {}
    for name, found in values.items():
        over = [value for value in found if value.at + LENGTHS[layout.window] <= at]
        final = [value for value in over if value.is_final]
        if best := (final or over or found):
            chosen[name] = best[-1]
    return chosen


def _joined(predictions: pa.Table, labels: pa.Table, layout: Layout) -> pa.Table:
    """Return the predictions with the label that has their id; of several the last one holds."""
    identity, label = layout.columns["id"], layout.columns["label"]
    known = labels.filter(pc.is_valid(labels[label]))
    backwards = known.take(pa.array(np.arange(known.num_rows - 1, -1, -1)))  # the first match is found
    place = pc.index_in(predictions[identity], backwards[identity].combine_chunks(), skip_nulls=True)
    found = backwards[label].take(place)
    if label in predictions.column_names:
        return predictions.set_column(predictions.column_names.index(label), label, found)
    return predictions.append_column(label, found)


def _mask(array) -> Mask:
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    return pc.fill_null(array, False).to_numpy(zero_copy_only=False)
