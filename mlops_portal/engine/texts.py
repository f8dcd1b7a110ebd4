"""Texts of one line from people and programs: they say what they show, and nothing else."""

import unicodedata

from django.core.exceptions import ValidationError

_TURNS_AROUND = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}  # bidirectional controls


def plain_line(text: str) -> None:
    """Raise ValidationError where the text holds a character that cannot be seen or that turns others around."""
    for char in text:
        if unicodedata.category(char) in ("Cc", "Cs") or unicodedata.bidirectional(char) in _TURNS_AROUND:
            raise ValidationError(
                f"It holds the control character U+{ord(char):04X}, which nobody can see: type it anew without."
            )
