"""A metric's page turns interactive in its place; a source is connected against a real server."""

import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from mlops_portal.engine.egress import Place
from mlops_portal.startup.embedded import ROOT
from mlops_portal.statics import SCRIPT, package_folder
from monitoring.actions.pulling import pull_due
from monitoring.models import Baseline, Monitor, Source
from tests.browser.conftest import VIEWS
from tests.factories import MetricFactory, SeriesFactory, SourceFactory
from tests.monitoring.points import write

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/systems/churn/metrics/accuracy/"
EXPOSED = b"# TYPE model_accuracy gauge\nmodel_accuracy 0.912\n"


@pytest.fixture
def series(system):
    now = timezone.now()
    metric = MetricFactory(system=system, key="accuracy", name="Accuracy", leading=True)
    good = {"state": "ok", "sentence": "As it should be.", "good_until": now + timedelta(hours=1)}
    series = SeriesFactory(metric=metric, source=SourceFactory(system=system), **good)
    write(series, [0.9 + 0.01 * (n % 7) for n in range(300)], to_at=now - timedelta(minutes=5), samples=50)
    Monitor.objects.create(series=series, kind="limit", settings={"below": 0.88})
    Baseline.objects.create(series=series, value=0.92, from_at=now, origin="experiment", reason="test set")
    return series


@pytest.mark.parametrize("view", VIEWS)
def test_the_pages_of_a_metric_and_a_source(visit, view, manager, series):
    visitor = visit(manager, view)
    wrong = {}
    for path in (PAGE, PAGE + "edit/", f"/sources/{series.source.pk}/", "/systems/churn/connect/"):
        visitor.go(path)
        wrong[path] = visitor.look(path.strip("/").replace("/", "-"))
    assert {path: found for path, found in wrong.items() if found} == {}


def inside(box, selector: str) -> list[float]:
    """Return where something lies, as seen from the chart's box: x, y, width, height."""
    frame, part = box.bounding_box(), box.page.locator(selector).bounding_box()
    place = [part["x"] - frame["x"], part["y"] - frame["y"], part["width"], part["height"]]
    return [round(one) for one in place]


@pytest.mark.parametrize("size", [(1440, 900, "light"), (390, 844, "dark")])
def test_the_interactive_chart_takes_over_without_a_jump_or_a_complaint(visit, size, viewer, series):
    visitor = visit(viewer, view=size)
    page = visitor.go(PAGE)
    box = page.locator(".chart-box")
    drawn, below = inside(box, ".chart-plot"), inside(box, "#expected")
    box.focus()
    expect(page.locator('.chart-box[data-state="live"]')).to_be_visible(timeout=20_000)
    assert inside(box, ".chart-live .nsewdrag") == drawn
    assert inside(box, "#expected") == below
    assert visitor.look(f"live-{size[0]}") == []


def test_the_script_is_not_fetched_before_somebody_asks(visit, viewer, series):
    visitor = visit(viewer)
    asked = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    page = visitor.go(PAGE)
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if "plotly" in url] == []


def test_the_id_that_the_map_library_looks_for_is_there():
    head = (ROOT / "templates/monitoring/_chart_head.html").read_text()
    known = head.partition('name="interactive-chart" id="')[2].partition('"')[0]
    assert f'getElementById("{known}")' in (package_folder() / SCRIPT).read_text()


class Exposing(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(EXPOSED)))
        self.end_headers()
        self.wfile.write(EXPOSED)

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture
def exposed(settings):
    """The address of a server that shows one metric."""
    server = HTTPServer(("127.0.0.1", 0), Exposing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.EGRESS_ALLOW_LOCAL = [Place.parse(f"127.0.0.1:{server.server_port}")]
    yield f"http://127.0.0.1:{server.server_port}/metrics"
    server.shutdown()
    server.server_close()


def test_a_source_is_connected_and_its_first_value_appears_by_itself(visit, manager, system, exposed):
    visitor = visit(manager)
    page = visitor.go("/systems/churn/connect/")
    page.get_by_role("link", name="Choose Metrics page").click()
    page.get_by_label("Address").fill(exposed)
    page.get_by_text("Credentials, if it asks for any").click()
    page.get_by_label("Token").fill("typed-once")
    page.get_by_role("button", name="Test").click()
    expect(page.get_by_text("0.912")).to_be_visible()
    assert page.get_by_label("Token").input_value() == "typed-once"
    page.locator("#found input[type=checkbox]").first.check()
    assert visitor.look("found") == []
    page.get_by_role("button", name="Save and fetch").click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    pull_due("pull")
    expect(page.get_by_text("Values came", exact=True)).to_be_visible(timeout=10_000)
    assert Source.objects.get().secret
