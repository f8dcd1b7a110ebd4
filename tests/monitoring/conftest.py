"""A source of an invented kind, which answers what a test tells it to."""

import sys
from types import ModuleType

import pytest

from monitoring import connectors
from monitoring.connectors.connector import BadSettings, Connector, Failed, Found, Pulled, Suggested

ADDRESS = "https://model.example/metrics"


class Pages(Connector):
    """Finds one accuracy and one latency; an address that ends with /down answers nothing."""

    kind = "pages"
    title = "Pages"
    summary = "Reads numbers from a page."
    settings = {
        "type": "object",
        "required": ["url"],
        "properties": {
            "url": {"type": "string", "format": "uri", "title": "Address", "description": "Where the page is."},
            "format": {"enum": ["plain", "rich"], "default": "plain"},
            "columns": {
                "type": "object",
                "required": ["at"],
                "properties": {"at": {"type": "string", "default": "at"}, "segments": {"type": "array"}},
            },
            "delay_s": {"type": "integer", "default": 0},
        },
    }
    credentials = {"type": "object", "properties": {"bearer": {"type": "string"}}}
    selector = {"type": "object", "properties": {"line": {"type": "string"}}}
    example = {"settings": {"url": ADDRESS}, "credentials": {"bearer": "…"}, "selector": {"line": "accuracy"}}

    def checked(self, settings):
        if not settings.get("url", "").startswith("https://"):
            raise BadSettings({"url": ["Give an address that begins with https://."]})
        return {"format": "plain"} | settings

    async def discover(self, settings, credentials, *, at, limits):
        if settings["url"].endswith("/down"):
            raise Failed("timeout", "It did not answer within 30 s.")
        accuracy = Suggested(key="accuracy", name="Accuracy", kind="quality", means="The share of right answers.")
        latency = Suggested(key="latency", name="Latency", unit="ms", direction="lower")
        return [
            Found({"line": "accuracy"}, 0.91, at, accuracy, is_likely=True),
            Found({"line": "latency"}, 41.5, at, latency),
        ]

    async def pull(self, settings, credentials, wanted, *, since, at, limits):
        return Pulled()


@pytest.fixture
def pages(monkeypatch):
    """The invented kind stands beside the built-in ones."""
    known = connectors.kinds()
    module = ModuleType("pages")
    module.Connector = Pages
    monkeypatch.setitem(sys.modules, "monitoring.connectors.pages", module)
    monkeypatch.setattr(connectors, "kinds", lambda: (*known, "pages"))
    yield
    connectors.connector_of.cache_clear()
