"""Pages of the portal, each beside a plain Django page that shows as many rows and columns."""

import copy
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.test import Client, override_settings

from bench.figure import Figure, medians_ms
from bench.registry import fill
from mlops_portal.engine.memory import collect_seldom

ROUNDS = 60
AT_MOST = 2.0
LIST_ROWS = 50  # a page with so many rows in tables is a list
PLAIN = "/bench/plain/{of}/?rows={rows}&columns={columns}"


class Unlike(Exception):
    """The two pages do not show the same amount, so their times say nothing."""


@dataclass(frozen=True)
class Compared:
    """A page of ours by its address, and of which rows the plain one is made (bench/plain_page.py)."""

    name: str
    address: str
    of: str


@dataclass(frozen=True)
class Shape:
    """How much a page shows: of a list the rows and columns of its table; of another page also lists and definitions.

    `columns` is what the rows have on average.
    """

    rows: int
    columns: int


LIST_PAGE = Compared("list_page", "/systems/", of="systems")
OTHERS = [
    Compared("search", "/systems/?q=system-1&status=failing&phase=operations", of="systems"),
    Compared("gaps", "/reports/gaps/", of="outcomes"),
    Compared("system", "/systems/system-0/", of="outcomes"),
    Compared("home", "/", of="outcomes"),
]


def figures_of(pages: Iterable[Compared]) -> Iterator[Figure]:
    """Yield the server's time for each page, both sides through every middleware, both signed in. Raises Unlike."""
    reader = fill()
    with override_settings(ROOT_URLCONF="bench.plain_page", TEMPLATES=_templates(), STORAGES=_plain_storages()):
        browser = Client(HTTP_HOST="127.0.0.1")
        browser.force_login(reader)
        collect_seldom()  # as every web process does; both sides are answered by this one
        for page in pages:
            shape = shape_of(browser.get(page.address))
            plain = PLAIN.format(of=page.of, rows=shape.rows, columns=shape.columns)
            if shape_of(browser.get(plain)) != shape:
                raise Unlike(f"{shape} of {page.address}, {shape_of(browser.get(plain))} of the plain page.")
            ours, other = medians_ms(lambda at=page.address: browser.get(at), lambda at=plain: browser.get(at), ROUNDS)
            yield Figure(f"{page.name}, {shape.rows} x {shape.columns}", ours, other, "ms", AT_MOST)


def shape_of(answer) -> Shape:
    """Return how much the page shows between its head and its foot."""
    body = answer.content.decode()
    main = re.search(r"<main.*</main>", body, re.DOTALL)
    shown = re.sub(r"<thead.*?</thead>|<form.*?</form>", "", main.group() if main else body, flags=re.DOTALL)
    tables = "".join(re.findall(r"<tbody.*?</tbody>", shown, re.DOTALL))
    if tables.count("<tr") < LIST_ROWS:
        tables = shown
    rows = len(re.findall(r"<(?:tr|li|dt)\b", tables))
    cells = len(re.findall(r"<(?:t[dh]|li|dt|dd)\b", tables))
    return Shape(rows, round(cells / rows))


def _templates() -> list[dict]:
    templates = copy.deepcopy(settings.TEMPLATES)
    templates[0]["DIRS"].append(Path(__file__).parent / "templates")
    return templates


def _plain_storages() -> dict:
    """Nothing was collected for this run; a look into the manifest of static files costs nothing that would show."""
    return settings.STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
