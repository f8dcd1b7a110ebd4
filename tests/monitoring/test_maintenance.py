"""Planning a maintenance on its page and through the API; what it does is in test_alerts."""

from datetime import timedelta

import pytest

from mlops_portal.engine.models import Change
from monitoring.models import Alert, Maintenance, Metric
from tests.callers import caller

pytestmark = pytest.mark.django_db


def _typed(moment):
    return f"{moment:%Y-%m-%dT%H:%M}"


def test_it_is_planned_and_ended_on_its_page(client, on_call, system, now):
    client.force_login(on_call)
    typed = {"from_at": _typed(now), "to_at": _typed(now + timedelta(hours=2)), "why": "The feed moves."}
    client.post("/systems/churn/maintenance/", typed)
    page = client.get("/systems/churn/maintenance/").content.decode()
    assert "The feed moves." in page
    assert "The feed moves." in client.get("/systems/churn/").content.decode()
    client.post(f"/maintenance/{Maintenance.objects.get().pk}/end/")
    assert Maintenance.objects.get().ended_by == on_call
    assert list(Change.objects.filter(kind="maintenance").order_by("pk").values_list("verb", flat=True)) == [
        "planned",
        "ended",
    ]


def test_what_is_wrong_stands_at_its_field(client, on_call, system, now):
    client.force_login(on_call)
    typed = {"from_at": _typed(now), "to_at": _typed(now - timedelta(hours=2)), "why": "The feed moves."}
    page = client.post("/systems/churn/maintenance/", typed)
    assert (page.status_code, list(page.context["form"].errors)) == (422, ["to_at"])


def test_an_open_alert_says_that_it_rests(client, viewer, on_call, system, now):
    series = Metric.objects.create(system=system, key="accuracy", leading=True).series.create(last_at=now)
    monitor = series.monitors.create(kind="limit", settings={"below": 0.8})
    Alert.objects.create(monitor=monitor, opened_at=now, severity="warning", sentence="Too low.")
    times = {"from_at": now - timedelta(hours=1), "to_at": now + timedelta(hours=1)}
    Maintenance.objects.create(system=system, by=on_call, why="It moves.", **times)
    client.force_login(viewer)
    assert "in maintenance, so it opens no incident" in client.get("/systems/churn/metrics/accuracy/").content.decode()


def test_programs_plan_it_and_end_it_once(on_call, viewer, system):
    client = caller(on_call)
    made = client.post("maintenance/", {"system": "churn", "to": "2100-01-01T00:00:00Z", "why": "It moves."})
    assert (made.status_code, list(made.json()["errors"])) == (400, ["to"])
    body = {"system": "churn", "from": "2099-12-31T00:00:00Z", "to": "2100-01-01T00:00:00Z", "why": "It moves."}
    made = client.post("maintenance/", body)
    assert (made.status_code, made.json()["from"], made.json()["by"]) == (201, body["from"], "on-call")
    assert caller(viewer).get("maintenance/?system=churn").json()["results"][0]["id"] == made.json()["id"]
    path = f"maintenance/{made.json()['id']}/end/"
    assert client.post(path).json()["to"] == body["from"]
    assert caller(viewer).post("maintenance/", body).status_code == 403
