"""The registry's list, 50 rows out of 5,000, beside a plain Django page with as many rows and columns."""

import copy
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.test import Client, override_settings

from bench.figure import Figure, medians_ms
from bench.registry import fill
from systems.models import Group, Person

SYSTEMS = 5000
ROUNDS = 60
AT_MOST = 2.0
OURS, PLAIN = "/systems/", "/bench/plain/"


class Unlike(Exception):
    """The two pages do not show the same amount, so their times say nothing."""


def figures() -> Iterator[Figure]:
    """Yield the server's time for one page, both through every middleware, both signed in. Raises Unlike."""
    fill(SYSTEMS)
    with override_settings(ROOT_URLCONF="bench.plain_page", TEMPLATES=_templates(), STORAGES=_plain_storages()):
        browser = Client(HTTP_HOST="127.0.0.1")
        browser.force_login(Person.objects.create(username="reader", groups=[Group.MANAGER]))
        shapes = [_shape(browser.get(address)) for address in (OURS, PLAIN)]
        if shapes[0] != shapes[1]:
            raise Unlike(f"Rows and columns: {shapes[0]} of ours, {shapes[1]} of the plain page.")
        ours, other = medians_ms(lambda: browser.get(OURS), lambda: browser.get(PLAIN), ROUNDS)
    yield Figure("list_page, server time", ours, other, "ms", AT_MOST)


def _shape(answer) -> tuple[int, int]:
    """Return how many rows and columns the page's table has."""
    body = re.search(r"<tbody.*?</tbody>", answer.content.decode(), re.DOTALL)
    rows = re.findall(r"<tr.*?</tr>", body.group() if body else "", re.DOTALL)
    return len(rows), len(re.findall(r"<t[dh]\b", rows[0])) if rows else 0


def _templates() -> list[dict]:
    templates = copy.deepcopy(settings.TEMPLATES)
    templates[0]["DIRS"].append(Path(__file__).parents[1] / "templates")
    return templates


def _plain_storages() -> dict:
    """Nothing was collected for this run; a look into the manifest of static files costs nothing that would show."""
    return settings.STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
