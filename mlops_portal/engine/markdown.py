"""Markdown out of texts of people: what they typed stays text, wherever it is put."""

import re
from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~&#!$])")
_MARKED = re.compile(r"^([-+=:])")  # at the start these begin a list, or underline what is above
_NUMBERED = re.compile(r"^(\d+)([.)])(?=\s|$)")
_ADDRESS = re.compile(r":(?=//)")


def plain(text: object) -> str:
    """Return the text on one line, such that Markdown shows it as it is: no tags, no links, no headings, no cells."""
    line = _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))
    line = _ADDRESS.sub(r"\\:", line)
    return _NUMBERED.sub(r"\1\\\2", _MARKED.sub(r"\\\1", line))


def bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of cells that are Markdown already."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
