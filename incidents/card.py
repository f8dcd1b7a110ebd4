"""What incidents say of a system on its model card, as Markdown."""

from collections.abc import Iterator

from systems.models import System


def card_parts(system: System) -> Iterator[tuple[str, str]]:
    """Yield (heading, Markdown) in the order in which they are to stand below each heading."""
    of_it = system.incidents.all()
    count, unresolved = of_it.count(), of_it.unresolved().count()
    words = "incident is" if count == 1 else "incidents are"
    yield "Caveats and Recommendations", f"{count} {words} recorded, {unresolved} of them not resolved."
