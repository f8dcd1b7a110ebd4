"""What the peers really show: as recorded, recognised alike, and pulled into the values that were caused."""

from datetime import timedelta

import pytest
from django.utils import timezone

from monitoring.actions.metrics import Watch
from monitoring.actions.pulling import pull_source
from monitoring.actions.sources import connect_source
from monitoring.actions.sources import test_source as try_source
from monitoring.connectors.prometheus_text.suggesting import suggest
from peers.shapes import differences, page_of
from tests.monitoring.recorded import recorded

pytestmark = pytest.mark.django_db
NOTHING = {"new": set(), "gone": set()}
FLOWER, HALF_A_FLOWER = [5.1, 3.5, 1.4, 0.2], [5.1, 3.5]


def infer(row: list[float]) -> dict:
    return {"inputs": [{"name": "x", "shape": [1, len(row)], "datatype": "FP64", "data": [row]}]}


def as_suggested(text: str) -> set:
    """Return what is ticked of a page: how it is taken and what it is called."""
    likely = [one for one in suggest(page_of(text), timezone.now()) if one.is_likely]
    return {(one.server, repr(one.selector), one.suggested) for one in likely}


@pytest.fixture
def watched(system, data_scientist, allowed):
    """Connect a peer with all that its test ticks; return what pulls it, by the key of the metric."""

    def watch(peer):
        url, began = {"url": allowed(peer)}, timezone.now()
        found = try_source(kind="prometheus_text", settings=url, credentials={}, at=began)
        likely = [one for one in found if one.is_likely]
        watches = [
            Watch(one.suggested.key, one.selector, unit=one.suggested.unit, kind="service", scale=one.suggested.scale)
            for one in likely
        ]
        about = {"system": system, "kind": "prometheus_text", "name": "Peer", "by": data_scientist, "at": began}
        source = connect_source(**about, settings=url, watches=watches)

        def pull(after_s: int) -> dict[str, float]:
            at = began + timedelta(seconds=after_s)
            source.refresh_from_db()
            done = pull_source(source, due_at=at, at=at)
            assert done.outcome in ("ok", "partial"), done.error
            series = source.series.select_related("metric")
            return {one.metric.key: one.points.latest("at").value for one in series if one.points.exists()}

        return pull

    return watch


def test_mlserver_shows_what_is_recorded_and_what_was_caused(mlserver, watched):
    assert [mlserver.predict(infer(row)) for row in (FLOWER, HALF_A_FLOWER)] == [200, 500]
    assert differences("mlserver", mlserver.page()) == NOTHING
    assert as_suggested(mlserver.page()) == as_suggested(recorded("mlserver"))
    pull = watched(mlserver)
    pull(0)
    for row in [FLOWER] * 6 + [HALF_A_FLOWER] * 2:
        mlserver.predict(infer(row))
    values = pull(60)
    assert values["model_infer_request_success_iris_rate"] == pytest.approx(6 / 60)
    assert values["model_infer_request_failure_iris_share"] == pytest.approx(2 / 8)
    assert 0 < values["model_infer_request_duration_iris_mean"] < 10


def test_bentoml_shows_what_is_recorded_and_what_was_caused(bentoml, watched):
    assert [bentoml.predict({"rows": rows}) for rows in ([FLOWER], [])] == [200, 500]
    assert differences("bentoml", bentoml.page()) == NOTHING
    assert as_suggested(bentoml.page()) == as_suggested(recorded("bentoml"))
    pull = watched(bentoml)
    pull(0)
    for rows in [[FLOWER]] * 6 + [[]] * 2:
        bentoml.predict({"rows": rows})
    values = pull(60)
    assert values["bentoml_service_request_predict_iris_iris_rate"] == pytest.approx(8 / 60)
    assert values["bentoml_service_request_predict_iris_iris_ok_share"] == pytest.approx(6 / 8)
    assert 0 < values["bentoml_service_request_duration_seconds_predict_iris_iris_p95"] < 10


def test_prometheus_shows_what_is_recorded(prometheus, allowed):
    assert differences("prometheus", prometheus.page())["gone"] == set()
    url = {"url": allowed(prometheus)}
    found = try_source(kind="prometheus_text", settings=url, credentials={}, at=timezone.now())
    ready = {one.selector["series"]: one.last for one in found}
    assert ready["prometheus_ready"] == 1.0
