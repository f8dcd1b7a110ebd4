import threading
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from mlops_portal.engine import health
from mlops_portal.engine.models import Duty
from systems.tokens import make_token

pytestmark = pytest.mark.every_shape  # of the database, and of what must run


@pytest.fixture
def on_time(transactional_db):
    Duty.objects.update(finished_at=Now())


def test_live_asks_no_database(client):
    """Without a database fixture any query would be an error."""
    assert client.get("/healthz/live").json() == {"ok": True}


def test_ready_while_the_database_answers(client, transactional_db):
    assert client.get("/healthz/ready").status_code == 200


def test_not_ready_when_it_refuses(client, monkeypatch):
    monkeypatch.setattr(health, "_ask", lambda: False)
    assert client.get("/healthz/ready").status_code == 503


def test_not_ready_when_it_hangs(monkeypatch):
    released = threading.Event()
    monkeypatch.setattr(health, "_ask", lambda: released.wait(10))
    assert health.database_answers(within_s=0.1) is False
    released.set()


def test_the_pipeline_is_fine_when_every_duty_is_on_time(client, on_time):
    response = client.get("/healthz/pipeline")
    assert (response.status_code, response.json()["ok"]) == (200, True)


@pytest.mark.parametrize("finished_at", [None, Now() - timedelta(hours=1)])
def test_the_pipeline_is_503_when_a_duty_is_late_or_was_never_done(client, on_time, finished_at):
    Duty.objects.filter(name="check").update(finished_at=finished_at)
    response = client.get("/healthz/pipeline")
    assert response.status_code == 503
    assert [duty["name"] for duty in response.json()["duties"] if duty["late"]] == ["check"]


def test_the_pipeline_is_503_without_any_duty(client, on_time):
    Duty.objects.all().delete()
    assert client.get("/healthz/pipeline").status_code == 503


def test_the_pipeline_is_503_without_a_database(client, monkeypatch):
    monkeypatch.setattr(health, "_ask", lambda: False)
    response = client.get("/healthz/pipeline")
    assert (response.status_code, response.json()["why"]) == (503, "The database does not answer.")


def _metrics(client, text):
    return client.get("/metrics", headers={"Authorization": f"Bearer {text}"})


def test_metrics_need_a_token_of_their_scope(client, viewer):
    _, read = make_token(person=viewer, scopes=["read"], by=viewer)
    assert client.get("/metrics").status_code == 401
    assert _metrics(client, "mlp_nonsense_x").status_code == 401
    assert _metrics(client, read).status_code == 403


def test_a_session_is_no_token(client, viewer):
    client.force_login(viewer)
    assert client.get("/metrics").status_code == 401


def test_metrics_say_which_duty_is_late(client, viewer):
    Duty.objects.update(finished_at=Now())
    Duty.objects.filter(name="check").update(finished_at=Now() - timedelta(hours=1))
    _, text = make_token(person=viewer, scopes=["metrics"], by=viewer)
    body = _metrics(client, text).content.decode()
    assert 'portal_duty_late{duty="check"} 1.0' in body
    assert 'portal_duty_late{duty="judge"} 0.0' in body
    assert "portal_incidents_unresolved 0.0" in body
