"""Texts from people and targets stay texts, on every page there is, in drawings, tables, files and mail (S23, S25)."""

import csv
import email
import io
import json
from email.policy import default
from urllib.parse import urljoin

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client
from django.utils.safestring import mark_safe

from incidents.delivery import plan, send_due
from mlops_portal.engine.plain_yaml import parse_yaml
from mlops_portal.engine.spreadsheet import _RUNS
from monitoring.models import Source
from tests.callers import caller
from tests.guards.addresses import address_of, named
from tests.guards.hostile_world import LONG, build
from tests.guards.test_redirects import is_local
from tests.guards.walking import Seen, is_page, routes_of, walk
from tests.protections import protects

pytestmark = pytest.mark.django_db
METRIC = "/systems/churn/metrics/accuracy/"
START = ["/", "/incidents/", "/reviews/", "/settings/people/", "/systems/new/", "/components/", "/accounts/logout/"]
START += ["/feeds/", "/roles/", "/people/viewer/leaving/"]
START += ["/systems/churn/mlsystem.yaml", "/systems/churn/readiness/load/waiver/", "/healthz/live", "/healthz/ready"]
FOR_STRANGERS = {
    *("account_login", "account_inactive", "account_set_password", "metrics"),
    *("account_reset_password_from_key", "account_reset_password_from_key_done"),
}


@pytest.fixture
def reader(system, manager, viewer):
    """A manager who is an administrator too, in front of the hostile world."""
    manager.groups.append("administrator")
    manager.save()
    build(system, manager, viewer)
    client = Client()
    client.force_login(manager)
    return client


def start() -> list[str]:
    return [*START, f"/sources/{Source.objects.get().pk}/progress/"]


def as_it_is(text, **how):
    return text


def unescaped(form: str, *values) -> str:
    return mark_safe(form.format(*values))


def bare_line(values, label) -> str:
    return f'<svg aria-label="{label}"></svg>'


def born_of_texts(answer) -> list:
    """Return the elements and attributes of the page that came out of a hostile text."""
    alien, elements = {"q-y", "onclick", "onerror"}, Seen(answer.content.decode()).elements
    return [(tag, has) for tag, has in elements if tag == "q-x" or alien & set(has) or has.get("src") == "/q-z"]


@protects("S23", off={"django.template.base.conditional_escape": as_it_is})
def test_no_element_of_any_page_is_born_of_a_text(reader):
    pages = {at: answer for at, answer in walk(reader, start()).items() if is_page(answer)}
    assert {at: born for at, page in pages.items() if (born := born_of_texts(page))} == {}
    assert sum(b"&lt;q-x" in page.content for page in pages.values()) > 60


@protects("S23", off={"mlops_portal.templatetags.look.format_html": unescaped})
@protects("S23", off={"monitoring.charts.line.escape": as_it_is})
@protects("S23", off={"monitoring.charts.sparkline": bare_line})
def test_no_element_of_a_drawing_or_a_mark_is_born_of_a_text(reader):
    assert [born_of_texts(reader.get(address)) for address in ("/systems/", "/systems/churn/", METRIC)] == [[], [], []]


@pytest.mark.every_shape
def test_the_walk_comes_to_every_page(reader):
    seen = routes_of(walk(reader, start()))
    others = [(name, taken) for name, taken in named() if name not in seen and not name.startswith("api")]
    missed = {name for name, taken in others if reader.get(address_of(name, taken)).status_code != 405}
    assert missed == FOR_STRANGERS


def undone(act):
    """Return what `act()` answers, and leave the database as it was."""
    with transaction.atomic():
        answer = act()
        transaction.set_rollback(True)
    return answer


ONWARD = dict.fromkeys(["next", "url", "back", "return", "redirect"], "//evil.example")


def test_what_is_typed_into_a_form_comes_back_as_text_and_leads_nowhere_else(reader):
    pages = {at: answer for at, answer in walk(reader, start()).items() if is_page(answer)}
    forms = {urljoin(at, to): had for at, page in pages.items() for to, had in Seen(page.content.decode()).forms}
    forms.pop("/accounts/logout/")
    typed = {to: ONWARD | {name: value or LONG for name, value in fields.items()} for to, fields in forms.items()}
    answers = {to: undone(lambda: reader.post(to, fields, follow=True)) for to, fields in typed.items()}  # noqa: B023
    assert {to: born for to, answer in answers.items() if (born := born_of_texts(answer))} == {}
    assert [to for answer in answers.values() for to, _ in answer.redirect_chain if not is_local(to)] == []
    assert len(answers) > 40


@protects("S23", off={"monitoring.charts.figure.plain": as_it_is})
def test_the_interactive_chart_reads_no_text_as_its_own_language(reader):
    answer = reader.get(f"{METRIC}figure/")
    texts = [text for text in _texts(json.loads(answer.content)) if "q-x" in text]
    assert (len(texts), answer["Content-Type"], answer["X-Content-Type-Options"]) == (4, "application/json", "nosniff")
    own = [text.replace("<br>", "").replace("<extra></extra>", "") for text in texts]
    assert [text for text in own if "<" in text or ">" in text or "%{y}" in text] == []


def _texts(part):
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict | list):
        for one in part.values() if isinstance(part, dict) else part:
            yield from _texts(one)


TABLES = ["/systems/", "/reports/portfolio/", "/reports/gaps/", "/reports/incidents/", METRIC]


@protects("S25", off={"mlops_portal.engine.spreadsheet._harmless": as_it_is})
def test_no_cell_of_any_table_runs(reader, manager):
    answers = [reader.get(address, {"format": "csv"}) for address in TABLES]
    answers.append(caller(manager).get("reports/incidents/", {"format": "csv"}))
    assert {answer["Content-Type"] for answer in answers} == {"text/csv; charset=utf-8"}
    cells = [cell for answer in answers for row in csv.reader(io.StringIO(answer.content.decode())) for cell in row]
    run = [cell for cell in cells if cell.startswith(_RUNS) and not _is_number(cell)]
    assert run == []
    assert "-2.5" in cells
    assert f"'{LONG}" in cells


def _is_number(cell: str) -> bool:
    try:
        return bool(float(cell))
    except ValueError:
        return False


def test_a_system_as_a_file_says_the_texts_letter_by_letter(reader):
    answer = reader.get("/systems/churn/mlsystem.yaml")
    assert answer["Content-Type"] == "application/yaml; charset=utf-8"
    assert answer["Content-Disposition"].startswith("attachment")
    assert parse_yaml(answer.content)["system"]["name"] == LONG


def test_mail_says_the_texts_letter_by_letter(reader):
    plan()
    send_due()
    [read] = [email.message_from_bytes(sent.message().as_bytes(), policy=default) for sent in mail.outbox]
    assert (read["subject"], read.get_content_type()) == (LONG, "text/plain")
    assert LONG in read.get_content()
