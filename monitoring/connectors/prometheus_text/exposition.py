"""Reading a metrics page: the Prometheus text format 0.0.4 and OpenMetrics, as far as values are concerned.

https://prometheus.io/docs/instrumenting/exposition_formats/ and the OpenMetrics 1.0 text format. Stricter than needed
where a page may have been cut off or is no metrics page at all: half a page must not pass for a whole one.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from monitoring.connectors.by_http import printable
from monitoring.connectors.connector import Failed

Labels = tuple[tuple[str, str], ...]

LONGEST_LINE = 16 * 1024
LINES_PER_SERIES = 10  # with comments; each line costs more as an object than it has bytes
MOST_LABELS = 64
LONGEST_LABEL = 2000
OPEN_METRICS = "application/openmetrics-text"
SUFFIXES = ("_total", "_bucket", "_count", "_sum", "_created")
_QUOTED = r'"(?:[^"\\\n]|\\.)*+"'
_SAMPLE = re.compile(
    rf"([a-zA-Z_:][a-zA-Z0-9_:]*+)?[ \t]*+(?:\{{((?:[^\"}}]|{_QUOTED})*+)\}})?[ \t]*+([^ \t#]++)"
    r"(?:[ \t]++([^ \t#]++))?(?:[ \t]* # .*+|[ \t]*+)"
)
_LABEL = re.compile(rf"[ \t]*+(?:({_QUOTED}|[a-zA-Z_][a-zA-Z0-9_]*+)[ \t]*+=[ \t]*+)?({_QUOTED})[ \t]*+(?:,|\Z)")
_TYPE = re.compile(rf"#[ \t]+TYPE[ \t]+({_QUOTED}|[a-zA-Z_:][a-zA-Z0-9_:]*)[ \t]+([a-z]+)")
_ESCAPED = re.compile(r"\\([\\n\"])")  # before anything else a backslash stands for itself

# Series as they were once written, read the long way: bytes that are a whole series part always are that series.
MOST_KNOWN = 50_000
LONGEST_KNOWN = 400
_known: dict[str, tuple[str, Labels]] = {}


class Sample(NamedTuple):
    """One line: labels sorted by name; `at` where the page gives a time of its own."""

    name: str
    labels: Labels
    value: float
    at: datetime | None


@dataclass
class Page:
    """The samples by name, and what `# TYPE` says of each family."""

    samples: dict[str, list[Sample]] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)

    def names(self) -> list[str]:
        """Return the names of the samples, and of the families of those that are buckets, in order."""
        families = {name.removesuffix("_bucket") for name in self.samples if name.endswith("_bucket")}
        return sorted({*self.samples, *families})

    def type_of(self, name: str) -> str:
        """Return the type of the family that a sample belongs to, "untyped" where nobody says."""
        for suffix in ("", *SUFFIXES):
            if name.endswith(suffix) and (kind := self.types.get(name.removesuffix(suffix))):
                return kind
        return "untyped"

    def find(self, name: str, labels: Mapping[str, str]) -> list[Sample]:
        """Return the samples of a name that carry at least these labels."""
        wanted = set(labels.items())
        return [sample for sample in self.samples.get(name, []) if wanted <= set(sample.labels)]


def read_page(body: bytes, content_type: str, *, max_series: int, names: Iterable[str] | None = None) -> Page:
    """Return the page, or of it the samples of `names` alone. Raises Failed: cut, over_limit or parse_error."""
    text = _text(body, content_type)
    if (count := text.count("\n")) > max_series * LINES_PER_SERIES:
        raise Failed("over_limit", f"The page has {count} lines; at most {max_series * LINES_PER_SERIES} are read.")
    is_open = content_type.strip().lower().startswith(OPEN_METRICS)
    lines = [line for whole in text.split("\n") if (line := whole.strip())]
    _require_whole(text, lines, is_open)
    count = sum(not line.startswith("#") for line in lines)
    if count > max_series:
        raise Failed("over_limit", f"The page shows {count} series; at most {max_series} are read.")
    return _page(lines, is_open, None if names is None else frozenset(names))


def _text(body: bytes, content_type: str) -> str:
    if "html" in content_type.lower() or body.lstrip()[:1] == b"<":
        raise Failed("parse_error", "The target answered with a web page, not with metrics.")
    if b"\0" in body:
        raise Failed("parse_error", "The page holds characters that no metrics page has.")
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise Failed("parse_error", "The page is not written in UTF-8.") from None


def _require_whole(text: str, lines: list[str], is_open: bool) -> None:
    if not lines:
        raise Failed("parse_error", "The page is empty.")
    if not text.endswith("\n") and lines[-1] != "# EOF":
        raise Failed("cut", "The page ends in the middle of a line.")
    if is_open and lines[-1] != "# EOF":
        raise Failed("cut", "The page ends before its end mark.")
    if max(map(len, lines)) > LONGEST_LINE:
        raise Failed("over_limit", f"A line of the page is longer than {LONGEST_LINE} characters.")


def _page(lines: Iterable[str], is_open: bool, names: frozenset[str] | None) -> Page:
    page = Page()
    beginnings = ("{", *(names or ()))
    seen: dict[tuple[str, Labels], float] = {}
    for line in lines:
        if line.startswith("#"):
            if kind := _TYPE.match(line):
                page.types[_plain(kind[1])] = kind[2]
            continue
        series, _, value = line.rpartition(" ")
        if (key := _known.get(series)) is not None:
            if names is None or key[0] in names:
                _add(page, seen, _known_sample(line, key, value))
        elif names is None or line.startswith(beginnings):
            sample = sample_of(line, is_open)
            if names is None or sample.name in names:
                _add(page, seen, sample)
    return page


def _add(page: Page, seen: dict[tuple[str, Labels], float], sample: Sample) -> None:
    key = (sample.name, sample.labels)
    if key not in seen:
        seen[key] = sample.value
        page.samples.setdefault(sample.name, []).append(sample)
    elif seen[key] != sample.value and not (math.isnan(seen[key]) and math.isnan(sample.value)):
        raise Failed("parse_error", "The page gives the same series twice, with different values.")


def _known_sample(line: str, key: tuple[str, Labels], value: str) -> Sample:
    try:
        return Sample(*key, number(value), None)
    except ValueError:
        raise _no_metric(line) from None


def _no_metric(line: str) -> Failed:
    return Failed("parse_error", f"A line of the page is no metric: “{printable(line)}”.")


def sample_of(line: str, is_open: bool) -> Sample:
    """Return what a line says. Raises Failed."""
    parts = _SAMPLE.fullmatch(line)
    try:
        if parts is None:
            raise ValueError(line)
        name, labels = _labels(parts[1], parts[2])
        sample = Sample(name, labels, number(parts[3]), _moment(parts[4], is_open))
    except (ValueError, OverflowError, OSError):
        raise _no_metric(line) from None
    _remember(line[: parts.start(3)].rstrip(" \t"), (name, labels))
    return sample


def _remember(series: str, key: tuple[str, Labels]) -> None:
    if len(series) <= LONGEST_KNOWN:
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        _known[series] = key


def _labels(name: str | None, text: str | None) -> tuple[str, Labels]:
    """Return name and labels; a name that needs quotes stands among the labels, without a label's name."""
    found: dict[str, str] = {}
    for label, value in _split(text or ""):
        if label == "" and name is None:
            name = value
        elif label == "" or label in found:
            raise ValueError(label)
        else:
            found[label] = value
    if name is None:
        raise ValueError(text)
    _require_few(name, found)
    return name, tuple(sorted(found.items()))


def _require_few(name: str, labels: Mapping[str, str]) -> None:
    if len(labels) > MOST_LABELS:
        raise Failed("over_limit", f"A series has {len(labels)} labels; at most {MOST_LABELS} are read.")
    if (longest := max(map(len, (name, *labels, *labels.values())))) > LONGEST_LABEL:
        raise Failed("over_limit", f"A label of a series has {longest} characters; at most {LONGEST_LABEL} are read.")


def _split(text: str) -> Iterator[tuple[str, str]]:
    end = 0
    while end < len(text.rstrip(" \t")):
        part = _LABEL.match(text, end)
        if part is None:
            raise ValueError(text)
        yield _plain(part[1] or ""), _plain(part[2])
        end = part.end()


def _plain(text: str) -> str:
    if not text.startswith('"'):
        return text
    return _ESCAPED.sub(lambda escaped: "\n" if escaped[1] == "n" else escaped[1], text[1:-1])


def number(text: str) -> float:
    """Return a value as the format writes it, NaN and +Inf too. Raises ValueError."""
    if "_" in text or not text.isascii():  # Python takes these, the format does not
        raise ValueError(text)
    return float(text)


def _moment(text: str | None, is_open: bool) -> datetime | None:
    """Return the time on a line: seconds in OpenMetrics, milliseconds in the older format."""
    return None if text is None else datetime.fromtimestamp(number(text) / (1 if is_open else 1000), UTC)
