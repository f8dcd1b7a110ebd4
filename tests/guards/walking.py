"""A walk over every page that somebody can reach by links, and by the addresses that scripts ask for."""

from html.parser import HTMLParser
from urllib.parse import parse_qs, urldefrag, urljoin, urlsplit

from django.urls import Resolver404, resolve

from systems.models.system import PORTAL

ASKS = {"href", "src", "hx-get", "data-figure"}


class Seen(HTMLParser):
    """The elements of a page: (tag, attributes), in order."""

    def __init__(self, html: str):
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    @property
    def asks(self) -> list[str]:
        """The addresses that the page leads to or asks for."""
        return [value for _, has in self.elements for name, value in has.items() if name in ASKS and value]

    @property
    def forms(self) -> list[tuple[str, dict[str, str]]]:
        """Where each form of the page posts to, and its fields with what stands in them."""
        forms = []
        for tag, has in self.elements:
            if tag == "form":
                forms.append((has.get("action", ""), {}, has.get("method")))
            elif forms and has.get("name"):
                forms[-1][1].setdefault(has["name"], has.get("value", "" if tag in ("textarea", "select") else "on"))
        return [(action, fields) for action, fields, method in forms if method == "post"]


def walk(client, start: list[str]) -> dict:
    """Return the answer to each address reached from `start`, by address; one of those that differ in values alone."""
    answers, waiting, looked = {}, list(start), {None}
    while waiting:
        address = urldefrag(waiting.pop(0)).url
        if (kind := _kind(address)) in looked:
            continue
        looked.add(kind)
        answers[address] = answer = client.get(address)
        if answer.status_code in (301, 302):
            waiting.append(urljoin(address, answer["Location"]))
        elif is_page(answer):
            waiting += [urljoin(address, asked) for asked in Seen(answer.content.decode()).asks]
    return answers


def is_page(answer) -> bool:
    return answer.headers.get("Content-Type", "").startswith("text/html")


def _kind(address: str) -> tuple | None:
    """Return the route of the address, its arguments and the names of its query; None for what is no page.

    The portal's own entry in the registry is left out: its pages are those of any system.
    """
    parts = urlsplit(address)
    try:
        found = resolve(parts.path)
    except Resolver404:
        return None
    is_other = parts.netloc or parts.path.startswith(("/static/", "/api/")) or found.kwargs.get("slug") == PORTAL
    return None if is_other else (found.view_name, *found.kwargs.values(), *sorted(parse_qs(parts.query)))


def routes_of(answers: dict) -> set[str]:
    """Return the names of the routes that the addresses belong to."""
    return {resolve(urlsplit(address).path).view_name for address in answers}
