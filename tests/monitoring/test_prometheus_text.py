"""Metrics pages as a source: what it is told, and what a pull makes of a bad page (RELIABILITY F18, F19, F21–F24)."""

import ssl
from datetime import UTC, datetime, timedelta

import pytest

from mlops_portal.engine.egress import Place
from mlops_portal.engine.fetching import run
from monitoring.actions.pulling import pull_source
from monitoring.connectors import connector_of
from monitoring.connectors.by_http import headers_of
from monitoring.connectors.connector import BadSettings, Limits, Wanted
from monitoring.connectors.prometheus_text import unfit_selector
from monitoring.models import Point, Source
from tests.certificates import Authority
from tests.factories import MetricFactory, SeriesFactory, SourceFactory
from tests.hostile import Target
from tests.protections import protects

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def target(settings):
    target = Target()
    settings.EGRESS_ALLOW_LOCAL = [Place.parse(f"127.0.0.1:{target.port}")]
    yield target
    target.end()


def test_credentials_become_headers(target):
    connector = connector_of("prometheus_text")
    credentials = {"username": "me", "password": "pw", "header": {"X-Key": "k"}}
    run(connector.discover({"url": target.url("/ok")}, credentials, at=MONDAY, limits=Limits()))
    assert b"Authorization: Basic bWU6cHc=" in target.requests[0]
    assert b"X-Key: k" in target.requests[0]
    assert headers_of({"bearer": "t"}) == {"Authorization": "Bearer t"}


@pytest.mark.parametrize("credentials", [{"bearer": "a\r\nX: y"}, {"header": {"Host": "x"}}, {"header": {"a b": "c"}}])
def test_credentials_cannot_smuggle_headers(credentials):
    with pytest.raises(BadSettings):
        headers_of(credentials)


@pytest.mark.parametrize(
    "given", [{}, {"url": ""}, {"url": 5}, {"url": "http://127.0.0.1:1/"}, {"url": "http://a", "x": 1}]
)
def test_settings_that_cannot_work_say_so(given):
    with pytest.raises(BadSettings) as bad:
        connector_of("prometheus_text").checked(given)
    assert set(bad.value.errors) <= {"url", "x"}


SECURE = {"url": "https://model.example/metrics"}


@pytest.mark.parametrize(
    "given", [SECURE | {"ca": "trust me"}, SECURE | {"ca": 5}, SECURE | {"ca": "é"}, SECURE | {"ca": "x" * 70_000}]
)
def test_an_authority_that_is_none_is_refused(given):
    with pytest.raises(BadSettings) as bad:
        connector_of("prometheus_text").checked(given)
    assert list(bad.value.errors) == ["ca"]


def test_an_authority_is_for_addresses_that_are_verified_and_brings_no_key(tmp_path):
    authority, checked = Authority(), connector_of("prometheus_text").checked
    assert checked(SECURE | {"ca": authority.pem.replace("\n", "\r\n")})["ca"] == authority.pem.strip()
    for wrong in ({"url": "http://model.example"}, {"ca": authority.signed(tmp_path).read_text()}):
        with pytest.raises(BadSettings):
            checked(SECURE | {"ca": authority.pem} | wrong)


@protects("S7", off={"mlops_portal.engine.fetching.trusting": lambda ca: ssl._create_unverified_context()})
@pytest.mark.django_db
def test_a_source_with_its_own_authority_is_pulled_and_without_it_is_not(pulled, target, now, tmp_path):
    authority = Authority()
    target.speak_tls(authority.signed(tmp_path))
    url = target.url("/ok").replace("http:", "https:")
    assert pulled("", now, {"url": url}).outcome == "http_error"
    assert pulled("", now + MINUTE, {"url": url, "ca": authority.pem}).outcome == "ok"


def test_the_example_is_in_order():
    connector = connector_of("prometheus_text")
    assert connector.checked(connector.example["settings"]) == connector.example["settings"]
    assert unfit_selector(connector.example["selector"]) == ""


@pytest.fixture
def pulled(system, target, settings):
    settings.PULL_DEADLINE_S = 2
    source = SourceFactory(system=system, kind="prometheus_text")
    SeriesFactory(metric=MetricFactory(system=system), source=source, selector={"series": "up"})

    def pull(path, at, given=None):
        Source.objects.update(settings=given or {"url": target.url(path)})
        source.refresh_from_db()
        return pull_source(source, due_at=at, at=at)

    return pull


@pytest.mark.django_db
def test_a_page_is_pulled_into_points(pulled, now):
    pull = pulled("/ok", now)
    assert (pull.outcome, pull.points, pull.error, pull.bytes) == ("ok", 1, "", 21)
    assert Point.objects.get().value == 1.0


@pytest.mark.fault("F21")
@pytest.mark.django_db
@protects("S8", off={"settings.PULL_MAX_BYTES": 10**9})
def test_a_page_of_fifty_megabytes_is_given_up_at_ten(pulled, now):
    assert pulled("/huge", now).error == "The answer is larger than 10485760 bytes, unpacked."


@pytest.mark.django_db
@protects("F21", off={"settings.PULL_MAX_SERIES": 10**6})
def test_a_page_of_too_many_series_brings_none_of_them(pulled, now):
    assert pulled("/many", now).error == "The page shows 6000 series; at most 5000 are read."


@pytest.mark.fault("F21", "F22", "F24")
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "outcome"),
    [
        ("/never", "timeout"),
        ("/drip-headers", "timeout"),
        ("/drip-body", "timeout"),
        ("/cut", "cut"),
        ("/cut-without-length", "cut"),
        ("/half-gzip", "cut"),
        ("/redirect", "http_error"),
        ("/unavailable", "http_error"),
        ("/huge", "over_limit"),
        ("/bomb", "over_limit"),
        ("/many", "over_limit"),
        ("/long-line", "over_limit"),
        ("/html", "parse_error"),
        ("/html-as-text", "parse_error"),
        ("/latin", "parse_error"),
        ("/nul", "parse_error"),
        ("/empty", "parse_error"),
        ("/prose", "parse_error"),
        ("/twice", "parse_error"),
        ("/nan", "empty"),
    ],
)
def test_a_hostile_page_leaves_an_outcome_a_sentence_and_no_point(pulled, now, path, outcome):
    pull = pulled(path, now)
    assert (pull.outcome, pull.points, Point.objects.count()) == (outcome, 0, 0)
    assert pull.error.endswith((".", "”."))
    assert pull.finished_at - pull.started_at < timedelta(seconds=3)


@pytest.mark.fault("F19")
@pytest.mark.django_db
def test_a_series_that_was_renamed_is_missing_and_told(pulled, target, now):
    target.page = b"down 0\n"
    pull = pulled("/metrics", now)
    assert (pull.outcome, pull.error) == ("missing_metric", "There is no up; there is down.")


@pytest.mark.fault("F18")
@pytest.mark.django_db
def test_a_frozen_target_is_stale(pulled, target, now):
    Source.objects.update(max_age_s=600)
    target.page = f"up 1 {int((now - timedelta(hours=1)).timestamp() * 1000)}\n".encode()
    assert pulled("/metrics", now).outcome == "stale"


def test_what_is_missing_for_one_is_there_for_another(target):
    wanted = [Wanted(1, {"series": "up"}), Wanted(2, {"series": "gone"}), Wanted(3, {})]
    ask = connector_of("prometheus_text").pull
    pulled = run(ask({"url": target.url("/ok")}, {}, wanted, since=None, at=MONDAY, limits=Limits()))
    assert (list(pulled.readings), sorted(pulled.missing)) == ([1], [2, 3])
