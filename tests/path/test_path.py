"""A real model falls in quality, is noticed, and a named person deals with it: the whole story, on real processes."""

import pytest
from playwright.sync_api import expect

from tests.faults.running import eventually
from tests.path.world import Api, hours_ago, model_served_at, write_hour

pytestmark = [pytest.mark.processes, pytest.mark.browser]
PHONE = (390, 844)
SLUG = "parcel-days"
ROLES = {
    "product_owner": "product-owner",
    "model_owner": "data-scientist",
    "service_owner": "on-call",
    "operations_owner": "on-call",
    "data_owner": "product-owner",
}
RUNBOOK = "Accuracy is 0.90 to 0.94.\n\n- [ ] Look at the newest data\n- [ ] Go back to the version before\n"
LOG = {
    "predictions": "parcels.csv",
    "columns": {"at": "at", "prediction": "prediction", "label": "label", "segments": ["region"]},
    "task": "binary",
    "window": "hour",
    "label_delay_s": 86_400,
}
BASELINE = {"value": 0.92, "spread": 0.02, "reason": "Test set of the experiment."}


@pytest.fixture(scope="module")
def metrics(portal):
    """The system with its people, runbook, answer and both sources, thirty good hours old; its metrics by key."""
    for hour in range(34, 4, -1):
        write_hour(portal.logs / "parcels.csv", hours_ago(hour), 0.92)
    scientist, manager = Api(portal, "data-scientist"), Api(portal, "manager")
    scientist.post(
        "systems/", {"slug": SLUG, "name": "Parcel days", "purpose": "Says when it comes.", "team": "growth"}
    )
    for role, person in ROLES.items():
        manager.put(f"systems/{SLUG}/owners/{role}/", {"person": person})
    scientist.put(f"systems/{SLUG}/runbook/model_errs/", {"body": RUNBOOK})
    log = scientist.post(
        "sources/", {"system": SLUG, "kind": "prediction_log", "name": "Log", "settings": LOG, "interval_s": 10}
    )
    page = {"url": f"http://{portal.model_server}/metrics"}
    pulled = scientist.post(
        "sources/", {"system": SLUG, "kind": "prometheus_text", "name": "Server", "settings": page, "interval_s": 10}
    )
    watched = {"kind": "quality", "unit": "share", "direction": "higher", "source": log["id"]}
    accuracy = scientist.post(
        "metrics/",
        {"system": SLUG, "key": "accuracy", "selector": {"metric": "accuracy"}, "baseline": BASELINE, **watched},
    )
    latency = scientist.post(
        "metrics/",
        {
            "system": SLUG,
            "key": "requests",
            "unit": "1/s",
            "kind": "service",
            "direction": "higher",
            "source": pulled["id"],
            "selector": {"series": "model_requests_total", "take": "rate"},
        },
    )
    scientist.post("monitors/", {"metric": accuracy["id"], "kind": "limit", "settings": {"below": 0.85}})
    silences = scientist.get(f"monitors/?system={SLUG}&kind=silence")["results"]
    silence = next(one for one in silences if one["metric"] == accuracy["id"])  # this log is written with pauses
    scientist.ask("PATCH", f"monitors/{silence['id']}/", {"settings": {"after_s": 86_400}})
    return {"accuracy": accuracy["id"], "requests": latency["id"]}


@pytest.fixture(scope="module", autouse=True)
def _model_server(portal):
    with model_served_at(portal.model_server):
        yield


@pytest.fixture(scope="module")
def scientist(portal):
    return Api(portal, "data-scientist")


def whole(api: Api, metric_id: str) -> dict:
    """Return the whole series of the metric as the API shows it."""
    return next(one for one in api.get(f"metrics/{metric_id}/")["series"] if one["segment"] == "")


def the_answer(api: Api) -> dict:
    questions = api.get(f"systems/{SLUG}/readiness/")["results"]
    return next(one for one in questions if one["key"] == "quality_monitored")


def test_workers_pull_quality_from_the_log_and_figures_from_the_server(portal, scientist, metrics, record_property):
    _, took = eventually(lambda: whole(scientist, metrics["accuracy"])["state"] == "ok", 60)
    assert 0.85 < whole(scientist, metrics["accuracy"])["last_value"] < 0.99
    eventually(lambda: whole(scientist, metrics["requests"])["last_value"] is not None, 90)
    record_property("first state", f"{took:.1f} s")
    assert scientist.get(f"systems/{SLUG}/")["status"] == "healthy"
    assert _incident(scientist) is None


def test_an_answer_rests_on_what_the_portal_sees(portal, scientist, metrics):
    text = "Accuracy by the hour from the log; the model owner is told."
    scientist.put(f"systems/{SLUG}/readiness/quality_monitored/", {"text": text, "confidence": "confident"})
    review = {"decision": "approved", "comment": "Seen."}
    Api(portal, "manager").post(f"systems/{SLUG}/readiness/quality_monitored/review/", review)
    eventually(lambda: the_answer(scientist)["outcome"] == "pass", 60)


def test_the_fall_is_noticed_and_the_model_owner_is_told(portal, scientist, metrics, open_window, record_property):
    for hour in range(4, 0, -1):
        write_hour(portal.logs / "parcels.csv", hours_ago(hour), 0.70)
    incident, took = eventually(lambda: _incident(scientist), 150)
    record_property("noticed after the rows", f"{took:.1f} s")
    assert incident["noticed_how"] == "monitor"
    assert incident["severity"] == "sev4"
    assert incident["first_visible_at"] <= incident["noticed_at"]
    eventually(lambda: portal.mails_to("data-scientist"), 30)
    assert f"/incidents/{incident['number']}/" in portal.mails_to("data-scientist")[0]
    eventually(lambda: {"limit", "change"} <= _kinds_of_alerts(scientist), 30)
    page = open_window("data-scientist")
    expect(page.locator("main")).to_contain_text("Parcel days")
    expect(page.get_by_role("link", name="Acknowledge").first).to_be_visible()


def test_the_answer_is_contradicted_while_the_metric_fails(scientist, metrics):
    eventually(lambda: the_answer(scientist)["because"] == "contradicted", 60)


def test_that_person_deals_with_it_on_a_phone(scientist, open_window, metrics):
    page = open_window("data-scientist", PHONE)
    page.get_by_role("link", name="Acknowledge").first.click()
    page.get_by_role("button", name="acknowledge").click()
    expect(page.locator("#state")).to_contain_text("is on it")
    page.get_by_role("checkbox", name="Look at the newest data").click()
    expect(page.locator("#timeline")).to_contain_text("Look at the newest data")
    page.fill("textarea", "Went back to the version before.")
    page.get_by_role("button", name="Add to the timeline").click()
    expect(page.locator("#timeline")).to_contain_text("Went back to the version before.")
    page.fill("textarea", "It is right again.")
    page.get_by_role("button", name="Resolved").click()
    expect(page.locator("#state")).to_contain_text("Resolved")
    assert _incident(scientist)["state"] == "resolved"


def test_the_report_says_who_noticed_and_how_late(open_window, portal, metrics):
    page = open_window("manager")
    page.goto(f"{portal.address}/reports/incidents/")
    expect(page.locator("main")).to_contain_text("monitoring")
    report = Api(portal, "manager").get("reports/incidents/")
    assert (report["incidents"], report["by_monitoring"]) == (1, 1)
    noticing = next(one for one in report["measures"] if one["key"] == "noticing_delay")
    assert noticing["n"] == 1


def _kinds_of_alerts(api: Api) -> set[str]:
    return {alert["kind"] for alert in api.get(f"alerts/?system={SLUG}")["results"]}


def _incident(api: Api) -> dict | None:
    return next(iter(api.get("incidents/")["results"]), None)
