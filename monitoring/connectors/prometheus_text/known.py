"""Reading a page again of which only the values have changed: its known lines are compared, not parsed.

The last word of a line is its value; what stands before it, read from left to right, is the same series each time. So
a page whose lines all begin as they did is read by comparing them. Whatever differs is read the long way.
"""

import math
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitoring.connectors.connector import Reading, Wanted
from monitoring.connectors.prometheus_text.exposition import OPEN_METRICS, Failed, Labels, Page, Sample, sample_of
from monitoring.connectors.prometheus_text.selecting import NOT_A_NUMBER, names_of

MOST_BYTES = 32 * 1024 * 1024  # of pages kept in one process
MAY_GROW = 4096  # bytes; a page that grew by more is read the long way, where its lines are measured
_VALUES = re.compile(rb" ([^ \n]++)\n")


@dataclass(frozen=True)
class Known:
    """A page as it was read the long way. Lines are counted from 0; the value of line n is part 2n + 1 of the page."""

    kind: str
    max_series: int
    size: int
    wanted: Sequence[Wanted]
    before: list[bytes]  # of each line what stands before its value
    comments: list[tuple[int, bytes]]  # part and text: what is said of types has to stay
    plain: list[tuple[int, int]]  # series id and part: a value as it stands
    counted: list[Wanted]  # they ask for more than a value
    needed: list[tuple[int, str, Labels]]  # part, name and labels of what those read
    types: Mapping[str, str]


@dataclass
class Again:
    """What a known page gives: readings, a note about what is no number, and the page for those that count."""

    readings: dict[int, list[Reading]]
    note: str
    counted: Sequence[Wanted]
    page: Page


class Pages:
    """The known pages of this process, those that were read last."""

    def __init__(self, most_bytes: int = MOST_BYTES):
        self.most_bytes = most_bytes
        self.bytes = 0
        self.known: OrderedDict[Any, Known] = OrderedDict()

    def read(
        self, key: Any, body: bytes, kind: str, wanted: Sequence[Wanted], *, at: datetime, max_series: int
    ) -> Again | None:
        """Return what a page gives that differs in values alone from the known one; else None."""
        known = self.known.get(key)
        if known is None or (known.kind, known.max_series) != (kind, max_series) or not _is_same(known.wanted, wanted):
            return None
        if len(body) > known.size + MAY_GROW:
            return None
        parts = _VALUES.split(body)
        if parts[::2] != known.before or any(parts[part] != text for part, text in known.comments):
            return None
        words = b" ".join(parts[1::2])
        if b"_" in words or b"\0" in words or not words.isascii():  # float takes 1_000, the format does not
            return None
        try:
            return _again(known, parts, at)
        except ValueError:
            return None

    def remember(
        self, key: Any, body: bytes, kind: str, wanted: Sequence[Wanted], *, page: Page, max_series: int
    ) -> None:
        """Keep a page that was read the long way, and in which everything was found, if it can be read by its lines."""
        if old := self.known.pop(key, None):
            self.bytes -= old.size
        known = _known(body, kind, wanted, page, max_series)
        if known is None:
            return
        self.known[key] = known
        self.bytes += known.size
        while self.bytes > self.most_bytes:
            self.bytes -= self.known.popitem(last=False)[1].size


def _is_same(known: Sequence[Wanted], wanted: Sequence[Wanted]) -> bool:
    if known is wanted:
        return True
    return len(known) == len(wanted) and all(
        one is other or (one.series_id == other.series_id and one.selector == other.selector)
        for one, other in zip(known, wanted, strict=True)
    )


def _again(known: Known, parts: Sequence[bytes], at: datetime) -> Again:
    """Return what the parts of a known page give. Raises ValueError where a value is none."""
    values = [float(parts[part]) for _, part in known.plain]
    rest = Reading(at, 0.0)[2:]
    pairs = zip(known.plain, values, strict=True)
    # made as tuples are: the constructor of Reading would be a tenth of all that a pull costs
    readings = {pk: [tuple.__new__(Reading, (at, value, *rest))] for (pk, _), value in pairs if math.isfinite(value)}
    note = "" if len(readings) == len(values) else NOT_A_NUMBER
    page = Page(types=dict(known.types))
    for part, name, labels in known.needed:
        page.samples.setdefault(name, []).append(Sample(name, labels, float(parts[part]), None))
    return Again(readings, note, known.counted, page)


def _known(body: bytes, kind: str, wanted: Sequence[Wanted], page: Page, max_series: int) -> Known | None:
    """Return what is to be known of a page; None where its values do not stand last in their lines, once each."""
    parts = _VALUES.split(body)
    before = parts[::2]
    if any(b"\n" in text for text in before):
        return None
    comments = [(2 * n + 1, parts[2 * n + 1]) for n, text in enumerate(before[:-1]) if text.startswith(b"#")]
    names = tuple({name for one in wanted for name in names_of(one.selector)})
    lines = _series(before[:-1], names, kind.strip().lower().startswith(OPEN_METRICS))
    if lines is None:
        return None
    plain = [one for one in wanted if one.selector.get("take", "value") == "value"]
    counted = [one for one in wanted if one.selector.get("take", "value") != "value"]
    places = [(one.series_id, _place(one.selector, page, lines)) for one in plain]
    read = {name for one in counted for name in names_of(one.selector)}
    needed = [(part, *series) for series, part in lines.items() if series[0] in read]
    return Known(kind, max_series, len(body), wanted, before, comments, places, counted, needed, page.types)


def _series(before: Iterable[bytes], names: tuple[str, ...], is_open: bool) -> dict[tuple[str, Labels], int] | None:
    """Return by series in which part its value stands, of the lines that may be asked for; None if that is not so."""
    found: dict[tuple[str, Labels], int] = {}
    for n, text in enumerate(before):
        line = text.decode()
        if line != line.lstrip():  # the long way reads it without its blanks
            return None
        if not line.startswith((*names, "{")) or line.startswith("#"):
            continue
        try:  # tried with two values: an exemplar or a time after the value would stand last otherwise
            one, two = (sample_of(f"{line} {value}", is_open) for value in ("1", "2"))
        except Failed:
            return None
        key = (one.name, one.labels)
        if (one.value, two.value, one.at) != (1.0, 2.0, None) or key in found:
            return None
        found[key] = 2 * n + 1
    return found


def _place(selector: Mapping[str, Any], page: Page, lines: Mapping[tuple[str, Labels], int]) -> int:
    (sample,) = page.find(selector["series"], selector.get("labels", {}))
    return lines[sample.name, sample.labels]
