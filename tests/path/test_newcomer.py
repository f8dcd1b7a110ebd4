"""From nothing to a registered system with its first real metric on the page, by forms alone."""

import time

import pytest
from playwright.sync_api import expect

from tests.faults.running import eventually
from tests.path.world import Api, hours_ago, write_hour

pytestmark = [pytest.mark.processes, pytest.mark.browser]


SETTINGS = {
    "predictions": "returns.csv",
    "columns.at": "at",
    "columns.prediction": "prediction",
    "columns.label": "label",
}


class Hand:
    """Whoever holds the mouse: clicks, and counts them."""

    def __init__(self, page):
        self.page, self.clicks, self.began = page, 0, time.monotonic()

    def click(self, role: str, name: str, **options) -> None:
        self.clicks += 1
        self.page.get_by_role(role, name=name, **options).first.click()

    def fill(self, **fields: str) -> None:
        for name, text in fields.items():
            self.page.locator(f'main [name="{name}"]').fill(text)

    def choose(self, **fields: str) -> None:
        for name, option in fields.items():
            self.page.locator(f'main [name="{name}"]').select_option(option)

    def seconds(self) -> float:
        return time.monotonic() - self.began


def test_a_data_scientist_registers_a_model_and_sees_its_quality(portal, open_window, record_property):
    for hour in range(30, 0, -1):
        write_hour(portal.logs / "returns.csv", hours_ago(hour), 0.92)
    hand = Hand(open_window("data-scientist"))
    hand.click("link", "Register a system")
    hand.fill(name="Returns forecast", purpose="Says which orders are likely to be sent back.")
    hand.click("button", "Register")
    hand.click("link", "Connect a source")
    hand.click("link", "Choose Prediction log")
    hand.fill(**{f"settings.{name}": text for name, text in SETTINGS.items()})
    hand.choose(**{"settings.task": "binary", "settings.window": "hour", "interval_s": "10"})
    hand.click("button", "Test")
    expect(hand.page.locator("#found")).to_contain_text("Accuracy")
    hand.click("button", "Save and fetch the first values")
    expect(hand.page.locator("#series")).to_contain_text("0.9", timeout=60_000)
    hand.click("link", "Accuracy")
    expect(hand.page.locator("main svg").first).to_be_visible()
    record_property("clicks", hand.clicks)
    record_property("first metric", f"{hand.seconds():.1f} s")
    assert hand.seconds() < 300


def test_a_log_that_is_away_makes_the_status_unknown_and_it_comes_back(portal, record_property):
    api, log = Api(portal, "data-scientist"), portal.logs / "returns.csv"
    eventually(lambda: _status(api)["status"] == "healthy", 60)
    log.rename(log.with_suffix(".away"))
    _, gone_s = eventually(lambda: _status(api)["status"] == "unknown", 90)
    assert "returns.csv" in _status(api)["status_sentence"]
    log.with_suffix(".away").rename(log)
    _, back_s = eventually(lambda: _status(api)["status"] == "healthy", 120)
    record_property("unknown after", f"{gone_s:.1f} s")
    record_property("back after", f"{back_s:.1f} s")


def _status(api: Api) -> dict:
    return api.get("systems/returns-forecast/")
