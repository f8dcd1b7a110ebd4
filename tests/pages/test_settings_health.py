from datetime import timedelta

import pytest
from django.db.models.functions import Now

from incidents.models import Channel, Delivery
from mlops_portal.engine.duties import DECLARED
from mlops_portal.engine.models import Duty
from mlops_portal.pages.settings.health import WHAT
from systems.models import Notice
from tests.factories import PersonFactory

pytestmark = pytest.mark.django_db
PAGE = "/settings/health/"


@pytest.fixture
def signed_in(client, viewer):
    client.force_login(viewer)
    Duty.objects.update(finished_at=Now(), error="")
    return client


def _level(client):
    return client.get(PAGE).context["level"]


def test_all_on_time_is_healthy(signed_in):
    assert _level(signed_in) == "healthy"


def test_a_duty_that_was_never_done_is_unknown_and_never_green(signed_in):
    Duty.objects.filter(name="check").update(finished_at=None)
    response = signed_in.get(PAGE)
    assert response.context["level"] == "unknown"
    assert {row.level for row in response.context["rows"] if row.duty.name == "check"} == {"unknown"}


def test_without_any_duty_nothing_is_known(signed_in):
    Duty.objects.all().delete()
    assert _level(signed_in) == "unknown"


def test_a_late_duty_is_named(signed_in):
    Duty.objects.filter(name="check").update(finished_at=Now() - timedelta(hours=1))
    assert "Late: check." in signed_in.get(PAGE).content.decode()
    assert _level(signed_in) == "failing"


def test_the_last_error_is_shown_and_is_no_markup(signed_in):
    Duty.objects.filter(name="check").update(error="<b>ValueError")
    assert "&lt;b&gt;ValueError" in signed_in.get(PAGE).content.decode()
    assert _level(signed_in) == "degraded"


def test_what_waits_and_what_reaches_nobody_is_said(signed_in, viewer):
    facts = {"subject": "Late", "text": "Late.", "url": "/"}
    notice = Notice.objects.create(key="a", person=viewer, **facts)
    channel = Channel.objects.create(person=viewer, kind="email")
    Delivery.objects.create(notice=notice, channel=channel, error="ConnectionRefusedError: no")
    Notice.objects.create(key="b", person=PersonFactory(email=""), **facts)
    page = signed_in.get(PAGE).content.decode()
    assert "1 waiting" in page
    assert "ConnectionRefusedError: no" in page
    assert "1 notice of the last day reached nobody" in page


def test_the_page_includes_the_very_fragment_that_is_asked_for(signed_in):
    part = signed_in.get(PAGE, headers={"HX-Request": "true"}).content.decode()
    assert part.startswith('<div class="stack" id="health"')
    assert "<html" not in part


def test_every_duty_is_explained():
    assert set(WHAT) == set(DECLARED)
