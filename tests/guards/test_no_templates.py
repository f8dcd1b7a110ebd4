"""What people write is never a template, a format or a pattern without bounds (RELIABILITY S35)."""

import time

import pytest
from django.core import mail
from django.utils.html import escape

from incidents.delivery import plan, send_due
from monitoring.predictions.files import Refused, find_files
from systems.models import Role
from systems.notices import News, tell
from tests.callers import caller
from tests.factories import IncidentFactory, MetricFactory, SeriesFactory, SourceFactory
from tests.protections import protects

WORDS = "{{7*7}} {% now 'Y' %} {0.__class__} {0} %(x)s %s ${7*7} #{7*7} <%= 7*7 %>"

pytestmark = pytest.mark.django_db


@pytest.fixture
def written(system):
    """A system with all that people write about it."""
    system.name, system.purpose, system.tags = WORDS, WORDS, [WORDS]
    system.save()
    IncidentFactory(number=1, title=WORDS, systems=[system])
    source = SourceFactory(pk=1, system=system, name=WORDS)
    SeriesFactory(metric=MetricFactory(system=system, key="accuracy", name=WORDS, means=WORDS), source=source)
    return system


@protects("S35", off={"incidents.delivery._body": lambda notice: notice.text.format(notice)})
def test_a_mail_says_what_people_wrote_word_for_word(written, holder):
    tell([News(written, "told", WORDS, WORDS, "")], role=Role.PRODUCT_OWNER, urgency="now")
    plan()
    send_due()
    assert [message.subject for message in mail.outbox] == [f"{WORDS}: {WORDS}"]
    assert WORDS in mail.outbox[0].body


PAGES = [
    "/systems/",
    "/systems/churn/",
    "/incidents/",
    "/incidents/1/",
    "/sources/1/",
    "/systems/churn/metrics/accuracy/",
]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_what_people_wrote_word_for_word(client, manager, written, page):
    client.force_login(manager)
    text = client.get(page).content.decode()
    assert escape(WORDS) in text
    assert WORDS not in text


def test_the_api_gives_back_what_people_wrote(manager, written):
    assert caller(manager).get("systems/churn/").json()["name"] == WORDS


def test_an_error_that_quotes_what_was_written_quotes_it_word_for_word(manager, system):
    errors = caller(manager).post("systems/", {"slug": "x", "name": "X", "team": WORDS}).json()["errors"]
    assert WORDS in errors["team"][0]


@protects("S35", off={"monitoring.predictions.files.LONGEST_NAME": 10**9})
def test_a_pattern_has_a_length(tmp_path):
    with pytest.raises(Refused):
        find_files([tmp_path], "*a" * 600, endings=(".csv",))


@pytest.mark.parametrize("pattern", ["*a" * 400 + "b", "*" + "?*" * 400, "*[a-z]*" * 130 + "!", "(a+)+$*"])
def test_no_pattern_makes_looking_slow(tmp_path, pattern):
    (tmp_path / ("a" * 250)).touch()
    began = time.process_time()
    find_files([tmp_path], pattern.replace("**", "*"), endings=(".csv",))
    assert time.process_time() - began < 5
