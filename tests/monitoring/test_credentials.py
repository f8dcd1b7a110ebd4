"""Credentials on their way: opened for their own source only, and said by nobody (RELIABILITY S27, S28, S29)."""

import pytest

from mlops_portal.engine.fetching import FetchFailed
from monitoring.actions import sources
from monitoring.actions.pulling import pull_source
from monitoring.actions.sources import connect_source, edit_source
from monitoring.connectors.connector import Failed, Pulled
from monitoring.models import Pull, Source
from tests.factories import SeriesFactory
from tests.logged import logged
from tests.monitoring.conftest import ADDRESS, Pages
from tests.protections import protects

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pages")]
SECRET = "marker-of-a-bearer"
NOT_REDACTED = {"monitoring.actions.asking.redact": str, "monitoring.actions.pulling.redact": str}
NO_KEY = "PORTAL_ENCRYPTION_KEYS does not hold the key that sealed them"
UNBOUND = {
    "monitoring.actions.pulling.binding_of": lambda row: "anything",
    "monitoring.actions.sources.binding_of": lambda row: "anything",
}


@pytest.fixture
def asked(monkeypatch):
    """The credentials that the connector was handed, one after the other."""
    given = []

    async def pull(self, settings, credentials, wanted, **how):
        given.append(credentials)
        return Pulled()

    monkeypatch.setattr(Pages, "pull", pull)
    return given


@pytest.fixture
def source(system, manager, now):
    said = {"kind": "pages", "name": "Pages", "settings": {"url": ADDRESS}, "credentials": {"bearer": SECRET}}
    return connect_source(system=system, by=manager, at=now, **said)


def test_credentials_are_opened_for_their_own_source(source, asked, now):
    pull_source(source, due_at=now, at=now)
    assert asked == [{"bearer": SECRET}]


@protects("S27", off=UNBOUND)
def test_credentials_that_were_copied_to_another_source_do_not_open(source, asked, manager, now):
    said = {"kind": "pages", "name": "Mine", "settings": {"url": "https://mine.example"}}
    mine = connect_source(system=source.system, by=manager, at=now, **said)
    Source.objects.filter(pk=mine.pk).update(secret=source.secret)
    mine.refresh_from_db()
    pull = pull_source(mine, due_at=now, at=now)
    assert asked == []
    assert (pull.outcome, pull.error[:23]) == (Pull.Outcome.REFUSED, "The stored credentials ")


def test_without_its_key_the_pull_and_the_page_say_what_to_do(client, viewer, settings, source, now):
    settings.ENCRYPTION_KEYS = ["another-key-of-the-tests-0123456789abcdef"]
    pull = pull_source(source, due_at=now, at=now)
    client.force_login(viewer)
    page = client.get(source.get_absolute_url()).content.decode()
    assert NO_KEY in pull.error
    assert NO_KEY in page
    assert source.secret not in page


SEAL = sources._seal


def _wipes(source, credentials):
    SEAL(source, credentials or {})


@protects("S28", off={"monitoring.actions.sources._seal": _wipes})
def test_an_edit_that_says_nothing_of_credentials_keeps_them(source, asked, manager, now):
    edit_source(source=source, name="Other", by=manager, at=now)
    pull_source(Source.objects.get(), due_at=now, at=now)
    assert asked == [{"bearer": SECRET}]


def _fails(error):
    async def fail(self, settings, credentials, *rest, **how):
        raise error

    return fail


REPEATED = f"sent {SECRET} to https://host/a"


@protects("S29", off=NOT_REDACTED)
@protects("S29", off={"monitoring.actions.pulling.hide": lambda credentials: credentials})
@pytest.mark.parametrize("error", [Failed("http_error", REPEATED), FetchFailed("cut", REPEATED)])
def test_an_error_that_repeats_credentials_is_written_down_without(source, monkeypatch, now, error):
    monkeypatch.setattr(Pages, "pull", _fails(error))
    pull = pull_source(source, due_at=now, at=now)
    assert pull.error == "sent *** to https://host/a"
    assert SECRET not in Source.objects.get().last_error


@protects("S29", off={"mlops_portal.engine.logs.without_secrets": lambda logger, name, event: event})
@protects("S29", off={"monitoring.actions.pulling.hide": lambda credentials: credentials})
def test_the_traceback_of_a_failed_pull_is_logged_without_credentials(source, monkeypatch, now):
    monkeypatch.setattr(Pages, "pull", _fails(RuntimeError(REPEATED)))
    with logged() as lines:
        pull_source(source, due_at=now, at=now)
    assert "Traceback" in lines.getvalue()
    assert SECRET not in lines.getvalue()


@protects("S29", off={"monitoring.actions.sources.hide": lambda credentials: credentials})
def test_a_test_that_fails_says_it_without_credentials(monkeypatch, now):
    monkeypatch.setattr(Pages, "discover", _fails(Failed("http_error", REPEATED)))
    with pytest.raises(Failed) as failed:
        sources.test_source(kind="pages", settings={"url": ADDRESS}, credentials={"bearer": SECRET}, at=now)
    assert str(failed.value) == "sent *** to https://host/a"


@protects("S29", off=NOT_REDACTED)
def test_a_target_that_repeats_what_it_was_sent_is_not_quoted_with_it(source, monkeypatch, now):
    series = SeriesFactory(source=source, metric__system=source.system)

    async def pull(self, *given, **how):
        return Pulled(missing={series.pk: f"There is only up{{auth={SECRET}}}."}, note=SECRET)

    monkeypatch.setattr(Pages, "pull", pull)
    assert pull_source(source, due_at=now, at=now).error == "There is only up{auth=***}."
