"""A real Chromium against the live server. PORTAL_SCREENSHOTS=folder keeps a picture of each page looked at."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Page

VIEWS = [
    pytest.param((width, height, scheme), id=f"{width}-{scheme}")
    for width, height in [(1440, 900), (390, 844)]
    for scheme in ["light", "dark"]
]


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass
class Visitor:
    """Somebody in front of the portal: `page` is Playwright's, `complaints` what the browser found wrong so far."""

    page: Page
    base_url: str
    complaints: list[str]

    def go(self, path: str) -> Page:
        self.page.goto(self.base_url + path)
        return self.page

    def sign_in(self, person) -> None:
        """Carry over a session of `person` as a cookie; the sign-in page itself has its own test."""
        client = Client()
        client.force_login(person)
        self.page.context.add_cookies(
            [{"name": name, "value": morsel.value, "url": self.base_url} for name, morsel in client.cookies.items()]
        )

    def look(self, name: str) -> list[str]:
        """Return what is wrong with the page as it stands: axe's findings, sideways scrolling, refusals, outsiders."""
        self._keep_picture(name)
        found = Axe().run(self.page).response["violations"]
        wrong = [f"axe: {rule['id']} at {rule['nodes'][0]['target']}" for rule in found]
        width = self.page.viewport_size["width"]
        if self.page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(f"scrolls sideways at {width} px")
        return [*wrong, *self.complaints]

    def _keep_picture(self, name: str) -> None:
        if folder := os.environ.get("PORTAL_SCREENSHOTS"):
            width = self.page.viewport_size["width"]
            scheme = "dark" if self.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") else "light"
            self.page.screenshot(path=f"{folder}/{name}-{width}-{scheme}.png", full_page=True)


@pytest.fixture
def visit(chromium, live_server):
    """Return a function that opens a browser window: visit(person=None, view=(width, height, scheme), **options)."""
    contexts = []

    def open_window(person=None, view=(1440, 900, "light"), **options) -> Visitor:
        width, height, scheme = view
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, **options)
        contexts.append(context)
        visitor = Visitor(context.new_page(), live_server.url, [])
        _listen(visitor)
        if person:
            visitor.sign_in(person)
        return visitor

    yield open_window
    for context in contexts:
        context.close()


def _listen(visitor: Visitor) -> None:
    """Collect script errors, refusals by the policy, and requests that leave the machine."""
    page, complaints = visitor.page, visitor.complaints
    page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
    page.on("console", lambda said: complaints.append(f"console: {said.text}") if _is_refusal(said) else None)
    page.on("request", lambda asked: None if _is_own(asked.url, visitor.base_url) else complaints.append(asked.url))


def _is_refusal(said) -> bool:
    return said.type in ("error", "warning") and "Content Security Policy" in said.text


def _is_own(url: str, base_url: str) -> bool:
    return url.startswith((base_url, "data:", "blob:"))
