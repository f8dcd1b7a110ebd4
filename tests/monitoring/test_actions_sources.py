from datetime import timedelta

import pytest

from mlops_portal.engine.models import Change
from mlops_portal.engine.versions import Stale
from monitoring.actions import sources
from monitoring.actions.metrics import Watch
from monitoring.actions.sources import SecretAskedAgain, connect_source, edit_source, remove_source
from monitoring.connectors.connector import BadSettings, Failed
from monitoring.models import Metric, Series, Source
from systems.models import System
from tests.factories import SeriesFactory, SourceFactory
from tests.monitoring.conftest import ADDRESS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pages")]
WATCHES = [Watch("accuracy", selector={"line": "accuracy"}), Watch("latency", kind="service", unit="ms")]


def connect(system, by, at, **facts):
    given = {"kind": "pages", "name": "Pages", "settings": {"url": ADDRESS}, "watches": WATCHES} | facts
    return connect_source(system=system, by=by, at=at, **given)


def test_a_test_shows_what_is_there_and_keeps_nothing(now):
    found = sources.test_source(kind="pages", settings={"url": ADDRESS}, credentials={}, at=now)
    assert [(one.suggested.key, one.last) for one in found] == [("accuracy", 0.91), ("latency", 41.5)]
    assert not Source.objects.exists()


def test_a_test_that_brings_nothing_says_why(now):
    with pytest.raises(Failed, match="did not answer within 30 s"):
        sources.test_source(kind="pages", settings={"url": ADDRESS + "/down"}, credentials={}, at=now)


def test_connecting_watches_what_was_chosen_and_is_due_at_once(system, manager, now):
    source = connect(system, manager, now)
    source.refresh_from_db()
    assert source.settings == {"url": ADDRESS, "format": "plain"}
    assert [one.metric.key for one in source.series.order_by("pk")] == ["accuracy", "latency"]
    assert Source.objects.due().get() == source
    assert Change.objects.filter(system="churn", verb="connected", object="Pages", by="manager").count() == 1


def test_the_checks_of_the_system_become_due(system, manager, now):
    System.objects.update(checks_due_at=now + timedelta(hours=1))
    connect(system, manager, now)
    system.refresh_from_db()
    assert system.checks_due_at < now + timedelta(minutes=1)


@pytest.mark.parametrize(("kind", "said", "error"), [("nothing", {}, KeyError), ("pages", {}, BadSettings)])
def test_what_cannot_work_is_not_connected(system, manager, now, kind, said, error):
    with pytest.raises(error):
        connect(system, manager, now, kind=kind, settings=said)
    assert not Source.objects.exists()


def test_editing_makes_it_due_and_leaves_a_trace(system, manager, now):
    source = SourceFactory(system=system, kind="pages", next_due_at=now + timedelta(hours=1), back_off_until=now)
    source = edit_source(source=source, interval_s=300, by=manager, at=now)
    assert (source.interval_s, source.version, source.back_off_until) == (300, 2, None)
    assert Source.objects.due().get() == source
    assert Change.objects.get(kind="source").after == {"interval_s": 300}


def test_editing_nothing_changes_nothing(system, manager, now):
    source = SourceFactory(system=system, kind="pages")
    assert edit_source(source=source, name=source.name, by=manager, at=now).version == 1
    assert not Change.objects.filter(kind="source").exists()


def test_a_stale_edit_changes_nothing(system, manager, now):
    source = SourceFactory(system=system, kind="pages", version=2)
    with pytest.raises(Stale):
        edit_source(source=source, name="Other", by=manager, at=now, seen=1)


@pytest.mark.parametrize(
    "url", ["https://other.example/metrics", "https://model.example:8443/metrics", "https://model.example./metrics"]
)
def test_credentials_do_not_follow_to_another_place(system, manager, now, url):
    source = SourceFactory(system=system, kind="pages", secret="sealed")
    with pytest.raises(SecretAskedAgain):
        edit_source(source=source, settings={"url": url}, by=manager, at=now)


def test_credentials_stay_when_only_the_path_changes(system, manager, now):
    source = SourceFactory(system=system, kind="pages", secret="sealed")
    edited = edit_source(source=source, settings={"url": "https://model.example/other"}, by=manager, at=now)
    assert edited.secret == "sealed"


def test_removing_a_source_keeps_what_it_brought(system, manager, now):
    source = SourceFactory(system=system, kind="pages")
    series = SeriesFactory(metric__system=system, source=source)
    remove_source(source=source, by=manager, at=now)
    assert Series.objects.get(pk=series.pk).source is None
    assert Metric.objects.filter(system=system).exists()
