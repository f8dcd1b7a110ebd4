import pytest
from django.core.exceptions import ValidationError

from mlops_portal.engine.texts import plain_line


@pytest.mark.parametrize("text", ["", "Agreed on 3 March.", "Übergabe – שלום 你好", "50 % of it"])
def test_what_people_write_is_taken(text):
    plain_line(text)


@pytest.mark.parametrize("char", ["\x00", "\x07", "\n", "\x7f", "\x85", "\u202e", "\u2066", "\u2069", "\ud800"])
def test_what_nobody_sees_or_what_turns_around_is_refused(char):
    with pytest.raises(ValidationError, match=f"U\\+{ord(char):04X}"):
        plain_line(f"Agreed{char}.")
