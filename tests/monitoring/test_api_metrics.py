from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from drf_spectacular.generators import SchemaGenerator

from monitoring.models import Metric, Snapshot
from tests.callers import caller
from tests.factories import MetricFactory, SeriesFactory, SourceFactory
from tests.monitoring.points import write

pytestmark = pytest.mark.django_db
BODY = {"system": "churn", "key": "accuracy", "unit": "", "kind": "quality", "direction": "higher"}
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def series(system):
    return SeriesFactory(metric=MetricFactory(system=system, key="accuracy"))


def test_a_metric_is_added_with_its_segments(data_scientist, system):
    answer = caller(data_scientist).post("metrics/", BODY | {"segments": ["region=EU"]})
    said = answer.json()
    assert (answer.status_code, said["leading"], said["scale"]) == (201, True, "rate")
    assert [one["segment"] for one in said["series"]] == ["", "region=EU"]
    assert said["page"].endswith("/systems/churn/metrics/accuracy/")


def test_a_metric_that_is_there_is_answered_with_where(data_scientist, series):
    answer = caller(data_scientist).post("metrics/", BODY)
    assert answer.status_code == 409
    assert answer.json()["url"].endswith(f"/metrics/{series.metric.pk}/")


@pytest.mark.parametrize(
    ("wrong", "path"),
    [({"key": "Not Plain"}, "key"), ({"direction": "target"}, "target"), ({"source": "99"}, "source")],
)
def test_what_is_wrong_is_named_by_its_path(data_scientist, system, wrong, path):
    answer = caller(data_scientist).post("metrics/", BODY | wrong)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [path])


def test_a_source_of_another_system_is_refused(data_scientist, system):
    answer = caller(data_scientist).post("metrics/", BODY | {"source": str(SourceFactory().pk)})
    assert answer.json()["errors"] == {"source": ["This source is another system's."]}


def test_a_stale_edit_is_answered_with_what_stands(data_scientist, series):
    client, path = caller(data_scientist), f"metrics/{series.metric.pk}/"
    assert client.patch(path, {"name": "Hits"}, headers={"If-Match": '"1"'}).json()["version"] == 2
    assert client.patch(path, {"name": "Other"}, headers={"If-Match": '"1"'}).status_code == 412


def test_a_target_without_a_value_is_refused(data_scientist, series):
    answer = caller(data_scientist).patch(f"metrics/{series.metric.pk}/", {"direction": "target"})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["target"])


def test_removing_answers_with_nothing(data_scientist, series):
    assert caller(data_scientist).delete(f"metrics/{series.metric.pk}/").status_code == 204
    assert not Metric.objects.exists()


def test_what_nothing_watches_is_said_to_be_so_as_on_its_page(client, viewer, series):
    type(series).objects.update(state="ok")
    program = caller(viewer)
    (shown,) = program.get("metrics/?state=unmonitored").json()["results"]
    assert [(one["state"], one["since"]) for one in shown["series"]] == [("unmonitored", None)]
    assert program.get("metrics/?state=ok").json()["results"] == []
    client.force_login(viewer)
    assert "Not monitored" in client.get(series.address).content.decode()


def test_the_list_is_filtered_by_the_state_as_of_now(viewer, series, now):
    series.monitors.create(kind="silence")
    type(series).objects.update(state="ok", good_until=now - timedelta(hours=1))
    client = caller(viewer)
    assert client.get("metrics/?state=ok").json()["results"] == []
    assert [one["key"] for one in client.get("metrics/?state=unknown").json()["results"]] == ["accuracy"]


def test_values_come_newest_first_and_page_by_page(viewer, series):
    write(series, [0.1, 0.2, 0.3], to_at=NOON, samples=5)
    client = caller(viewer)
    page = client.get(f"metrics/{series.metric.pk}/points/?page_size=2").json()
    assert [(one["at"], one["value"]) for one in page["results"]] == [
        ("2026-03-02T12:00:00Z", 0.3),
        ("2026-03-02T11:00:00Z", 0.2),
    ]
    rest = client.get(page["next"]).json()
    assert [one["value"] for one in rest["results"]] == [0.1]
    assert rest["next"] is None


def test_values_are_gathered_into_windows(viewer, series):
    write(series, [0.2, 0.4], to_at=NOON - timedelta(minutes=30), every=timedelta(minutes=10))
    (window,) = caller(viewer).get(f"metrics/{series.metric.pk}/points/?step=3600").json()["results"]
    assert window["at"] == "2026-03-02T11:00:00Z"
    assert (round(window["mean"], 6), window["points"], window["samples"]) == (0.3, 2, None)


def test_a_stretch_begins_with_its_first_and_ends_before_its_last(viewer, series):
    write(series, [0.1, 0.2, 0.3], to_at=NOON)
    asked = {"from": "2026-03-02T10:00:00Z", "to": "2026-03-02T12:00:00Z"}
    said = caller(viewer).get(f"metrics/{series.metric.pk}/points/", asked).json()
    assert [one["value"] for one in said["results"]] == [0.2, 0.1]


@pytest.mark.parametrize("query", ["from=2026-03-02T10:00:00", "step=1", "step=x", "page=2"])
def test_a_query_that_makes_no_sense_is_refused(viewer, series, query):
    assert caller(viewer).get(f"metrics/{series.metric.pk}/points/?{query}").status_code == 400


def test_a_hidden_system_keeps_its_metrics_to_itself(stranger, series):
    series.metric.system.restricted = True
    series.metric.system.save()
    client = caller(stranger)
    paths = [f"metrics/{series.metric.pk}/{rest}" for rest in ("", "points/")]
    assert [client.get(path).status_code for path in paths] == [404, 404]


def test_what_the_experiment_found_comes_with_the_metric_and_may_change(data_scientist, system):
    api = caller(data_scientist)
    expected = {"value": 0.91, "spread": 0.02, "reason": "Test set."}
    body = {"system": "churn", "key": "f1", "unit": "score", "kind": "quality", "direction": "higher"}
    made = api.post("metrics/", body | {"baseline": expected}).json()
    assert made["series"][0]["baseline"]["value"] == 0.91
    changed = api.patch(made["url"], {"baseline": {"value": 0.93, "reason": "A better one."}}).json()
    assert (changed["series"][0]["baseline"]["value"], changed["series"][0]["baseline"]["origin"]) == (
        0.93,
        "experiment",
    )


@pytest.fixture
def known(series, now):
    """What is normal is known: on Mondays a little less, for hours the same."""
    weekdays = [-0.02, 0.0, 0.0, 0.0, 0.0, 0.01, 0.01]
    healthy = {
        "level": 0.9,
        "spread": 0.01,
        "samples": 0.0,
        "memory": 0.0,
        "count": 40,
        "weekdays": weekdays,
        "hours": [],
    }
    series.metric.scale = "real"
    series.metric.save()
    write(series, [0.88, 0.9], to_at=NOON, every=timedelta(days=1))
    series.last_at = NOON
    series.save()
    monitor = series.monitors.create(kind="change", settings={"sensitivity": "normal"})
    for at, level in ((NOON - timedelta(days=9), 0.5), (NOON, 0.9)):
        Snapshot.objects.create(monitor=monitor, at=at, state={"rule": {"healthy": healthy | {"level": level}}})
    return series


def test_what_is_normal_now_is_said_with_its_sentence(viewer, known):
    metric = caller(viewer).get(f"metrics/{known.metric.pk}/").json()
    normal = metric["series"][0]["normal"]
    assert {name: normal[name] for name in ("when", "unit", "sentence")} == {
        "when": "for a Monday",
        "unit": "",
        "sentence": "Normal for a Monday: 0.850–0.910.",
    }
    assert (round(normal["low"], 6), round(normal["high"], 6)) == (0.85, 0.91)
    assert caller(viewer).get("metrics/").json()["results"][0]["series"] == metric["series"]


def test_what_is_normal_is_null_while_it_is_not_known(viewer, series):
    assert caller(viewer).get(f"metrics/{series.metric.pk}/").json()["series"][0]["normal"] is None


def test_a_list_asks_once_for_what_is_normal(viewer, known, django_assert_num_queries):
    client = caller(viewer)
    client.get("metrics/")
    with CaptureQueriesContext(connection) as few:
        client.get("metrics/")
    SeriesFactory.create_batch(3, metric__system=known.metric.system)
    with django_assert_num_queries(len(few)):
        client.get("metrics/")


@pytest.mark.parametrize("step", ["", "&step=86400"])
def test_values_come_with_their_band_where_that_is_asked_for(viewer, known, step):
    client, path = caller(viewer), f"metrics/{known.metric.pk}/points/"
    rows = client.get(f"{path}?band=true{step}").json()["results"]
    edges = [(round(one["normal_low"], 6), round(one["normal_high"], 6)) for one in rows]
    assert edges == [(0.85, 0.91), (0.88, 0.94)]
    assert [one["normal_low"] for one in client.get(f"{path}?{step}").json()["results"]] == [None, None]
    assert client.get(f"{path}?band=perhaps").status_code == 400


def test_the_schema_says_that_values_come_by_pages_with_their_band():
    schema = SchemaGenerator().get_schema(public=True)
    asked = schema["paths"]["/api/v1/metrics/{metric_id}/points/"]["get"]
    (page,) = (one["schema"]["$ref"] for one in asked["responses"]["200"]["content"].values())
    assert page.endswith("/PaginatedPointOrWindowList")
    assert "band" in {one["name"] for one in asked["parameters"]}
    shapes = schema["components"]["schemas"]
    assert {"normal_low", "normal_high"} <= shapes["PointShape"]["properties"].keys()
    assert {"low", "high", "unit", "when", "sentence"} == shapes["NormalShape"]["properties"].keys()
