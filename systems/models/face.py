"""A name and initials: as much of a person as a list shows."""

from typing import NamedTuple


class Face(NamedTuple):
    """A person as a list shows one: it costs less to read than the whole person."""

    username: str
    name: str

    def __str__(self):
        return self.name or self.username

    @property
    def initials(self) -> str:
        return initials_of(str(self))


def initials_of(called: str) -> str:
    words = called.replace("-", " ").split()
    return "".join(word[0] for word in words[:2]).upper()
