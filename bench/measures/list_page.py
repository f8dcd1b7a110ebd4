"""The registry's list, 50 rows out of 5,000."""

from collections.abc import Iterator

from bench.figure import Figure
from bench.side_by_side import LIST_PAGE, figures_of


def figures() -> Iterator[Figure]:
    """Yield the server's time for the list."""
    yield from figures_of([LIST_PAGE])
