"""What two metrics pages have in common: names, types and label names, whatever the values are."""

from monitoring.connectors.prometheus_text.exposition import Page, read_page
from tests.monitoring.recorded import recorded

Line = tuple[str, str, tuple[str, ...]]


def page_of(text: str) -> Page:
    return read_page(text.encode(), "text/plain", max_series=5000)


def lines_of(page: Page) -> set[Line]:
    """Return (name, type, label names) of each series."""
    return {
        (name, page.type_of(name), tuple(label for label, _ in one.labels))
        for name, samples in page.samples.items()
        for one in samples
    }


def of_the_server(lines: set[Line]) -> set[Line]:
    """Return the lines without those about the process and the language that it is written in."""
    return {line for line in lines if not line[0].startswith(("python_", "process_", "go_"))}


def differences(name: str, text: str) -> dict[str, set[Line]]:
    """Return what a peer shows that is not recorded, and what is recorded that it does not show."""
    now, then = (of_the_server(lines_of(page_of(one))) for one in (text, recorded(name)))
    return {"new": now - then, "gone": then - now}
