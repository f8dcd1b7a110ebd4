from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from django.db.models.functions import Now

from mlops_portal.engine.models import Duty
from mlops_portal.heartbeat import beat_if_well

pytestmark = pytest.mark.django_db


@pytest.fixture
def ear(settings):
    """A small real server that counts the pings it hears."""
    heard = []

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self):
            heard.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Ear) as server:
        settings.HEARTBEAT_URL = f"http://127.0.0.1:{server.server_port}/ping"
        Thread(target=server.serve_forever, daemon=True).start()
        yield heard
        server.shutdown()


def test_it_beats_when_every_other_duty_is_on_time(ear):
    Duty.objects.exclude(name="beat_out").update(finished_at=Now())
    assert beat_if_well() is True
    assert ear == ["/ping"]


def test_it_is_silent_when_a_duty_is_late(ear):
    Duty.objects.update(finished_at=Now())
    Duty.objects.filter(name="tick").update(finished_at=Now() - timedelta(minutes=1))
    assert beat_if_well() is False
    assert ear == []


def test_without_an_address_nothing_is_sent(settings):
    settings.HEARTBEAT_URL = ""
    Duty.objects.update(finished_at=Now())
    assert beat_if_well() is False
