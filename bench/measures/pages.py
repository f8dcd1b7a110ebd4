"""The pages that must stay quick in a large registry: 5,000 systems, 200 teams, 2,000 people."""

from collections.abc import Iterator

from bench.figure import Figure
from bench.side_by_side import LIST_PAGE, OTHERS, figures_of


def figures() -> Iterator[Figure]:
    """Yield the server's time for each page."""
    yield from figures_of([LIST_PAGE, *OTHERS])
