"""One real Chromium for a whole run: whoever drives a browser shares it."""

import os
import shutil

import pytest
from playwright.sync_api import Browser, sync_playwright

# Playwright's own event loop runs in the thread of the tests; Django's guard takes that for asynchronous code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture(scope="session")
def chromium() -> Browser:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("Chromium is not installed.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
