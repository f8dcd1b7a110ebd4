"""Text that reads as it is written: nothing in it that is not shown, or that turns the order of what is shown."""

import re

from django.core.exceptions import ValidationError

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")  # overrides and isolates; plain right-to-left text needs none


def text_is_plain(text: str) -> None:
    """Raise ValidationError for control characters but line ends and tabs, and for those that turn the direction."""
    if _CONTROL.search(text):
        raise ValidationError("It holds a control character, which nobody can see: write it again by hand.")
    if _TURNING.search(text):
        raise ValidationError("It holds a character that turns the direction of the text: write it without.")
