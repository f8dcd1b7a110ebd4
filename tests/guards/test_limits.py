"""What costs much has a tighter limit, at every door (RELIABILITY S33)."""

import pytest

from tests.callers import caller
from tests.factories import MetricFactory, SeriesFactory, SourceFactory
from tests.monitoring.conftest import ADDRESS, pages  # noqa: F401  a fixture
from tests.protections import protects

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pages"), pytest.mark.every_shape]
FREE = {"mlops_portal.engine.limits.wait_for": lambda what, who: 0}
TYPED = {"name": "Pages", "interval_s": "60", "settings.url": ADDRESS, "settings.format": "plain", "do": "test"}
BODY = {"system": "churn", "kind": "pages", "name": "Pages", "settings": {"url": ADDRESS}}


@pytest.fixture(autouse=True)
def two_a_minute(settings, monkeypatch):
    settings.LIMITS = {"api": (1000, 60), "pull": (2, 60), "test": (2, 60), "export": (2, 60)}
    monkeypatch.setattr("mlops_portal.engine.limits.now", lambda: 1_000.0)


@pytest.fixture
def source(system):
    source = SourceFactory(system=system, kind="pages")
    SeriesFactory(metric=MetricFactory(system=system, key="accuracy"), source=source)
    return source


CSV = [
    "/systems/?format=csv",
    "/reports/gaps/?format=csv",
    "/reports/incidents/?format=csv",
    "/systems/churn/metrics/accuracy/?format=csv",
    "/systems/churn/mlsystem.yaml",
]


@protects("S33", off=FREE)
@pytest.mark.parametrize("address", CSV)
def test_an_export_as_page_is_limited_and_says_for_how_long(client, viewer, source, address):
    client.force_login(viewer)
    answers = [client.get(address) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1]["Retry-After"] == "20"
    assert "try again in 20 s" in answers[-1].content.decode()


@protects("S33", off=FREE)
@pytest.mark.parametrize("address", ["reports/incidents/?format=csv", "systems/churn/spec/"])
def test_an_export_by_program_is_limited(viewer, source, address):
    client = caller(viewer)
    answers = [client.get(address) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert (answers[-1]["Content-Type"], answers[-1]["Retry-After"]) == ("application/problem+json", "20")


@protects("S33", off=FREE)
def test_asking_a_source_now_is_counted_at_both_doors_together(client, data_scientist, source):
    client.force_login(data_scientist)
    first = client.post(f"/sources/{source.pk}/pull/").status_code
    second, third = (caller(data_scientist).post(f"sources/{source.pk}/pull/").status_code for _ in range(2))
    assert (first, second, third) == (302, 202, 429)


@protects("S33", off=FREE)
def test_testing_a_source_is_limited_at_both_doors(client, data_scientist, system):
    client.force_login(data_scientist)
    answers = [client.post("/systems/churn/connect/?kind=pages", TYPED) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "try again in 20 s" in answers[-1].content.decode()
    assert caller(data_scientist).post("sources/test/", BODY).status_code == 429


def test_who_may_not_is_refused_before_anything_is_counted(viewer, source):
    client = caller(viewer)
    assert [client.post(f"sources/{source.pk}/pull/").status_code for _ in range(4)] == [403] * 4
