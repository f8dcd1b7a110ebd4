"""What a text that people typed may hold: nothing that is not seen, and nothing that turns the line around."""

import re
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError

# Control characters but for tab and line end; marks that change the direction in which a text is read.
_CONTROL = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f"
_TURNING = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
SEEN = f"^[^{_CONTROL}{_TURNING}]*$"  # also the pattern of a JSON Schema
NOT_SEEN = "It holds a control character, or one that changes the direction of reading."

is_seen = re.compile(SEEN).match


def words_are_seen(text: str) -> None:
    """Raise ValidationError for a text with a character that nobody sees, or that turns the line around."""
    if not is_seen(text):
        raise ValidationError(NOT_SEEN)


def unseen(said: Any, path: str = "") -> Iterator[str]:
    """Yield the paths of the texts in a document, as plain as JSON, that hold such a character; `body` is all of it."""
    if isinstance(said, str) and not is_seen(said):
        yield path or "body"
    inside = said.items() if isinstance(said, dict) else enumerate(said) if isinstance(said, list) else ()
    for name, value in inside:
        if not is_seen(str(name)):
            yield path or "body"
        yield from unseen(value, f"{path}.{name}" if path else str(name))
