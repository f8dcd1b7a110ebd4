from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from incidents.models import Channel, Delivery
from mlops_portal.engine.duties import DECLARED
from mlops_portal.engine.models import Duty
from mlops_portal.pages.settings.health import WHAT
from monitoring.models import Blindness, Pull
from monitoring.store.partitions import make_months
from monitoring.vitals import _room
from systems.models import Notice
from tests.factories import PersonFactory, SourceFactory

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


@pytest.mark.fault("F16")
def test_a_wrong_clock_is_named(signed_in):
    Duty.objects.filter(name="pull").update(ahead_s=62)
    page = signed_in.get(PAGE)
    assert page.context["level"] == "degraded"
    assert "The clock of who does pull is up to 62 s ahead" in page.content.decode()
    assert [row.duty.name for row in page.context["rows"] if row.level == "degraded"] == ["pull"]


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


def test_what_fails_is_shown_with_its_sentence_and_a_link(signed_in, system, now):
    source = SourceFactory(system=system, failing_since=now - timedelta(hours=2), last_error="The target answered 503.")
    body = signed_in.get(PAGE).content.decode()
    assert source.get_absolute_url() in body
    assert "The target answered 503." in body


def test_only_so_many_that_fail_are_shown_and_the_rest_counted(signed_in, system, now):
    for _ in range(23):
        SourceFactory(system=system, failing_since=now)
    engine = signed_in.get(PAGE).context["engine"]
    assert (len(engine["failing"]), engine["failing_count"]) == (20, 23)


def test_what_waits_and_what_came_is_counted(signed_in, system, now):
    source = SourceFactory(system=system, next_due_at=now - timedelta(minutes=3))
    for minute in range(5):
        moment = now - timedelta(minutes=minute, seconds=5)
        facts = {"due_at": moment, "lease_until": moment, "finished_at": moment}
        Pull.objects.create(source=source, outcome="ok", points=60, **facts)
    engine = signed_in.get(PAGE).context["engine"]
    due = engine["waiting"][0]
    assert (due.count, due.since) == (1, source.next_due_at)
    assert (engine["rate"].pulls_per_minute, engine["rate"].points_per_second) == (1.0, 1.0)


def test_the_months_of_the_points_are_one_table(signed_in, now):
    make_months(now, now + timedelta(days=62))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE monitoring_point")
    rooms = {room.table: room.parts for room in _room(1000) if room.table.startswith("monitoring_point")}
    assert rooms.pop("monitoring_point") >= 3
    assert not any(table.startswith("monitoring_point_") for table in rooms)


def test_that_the_portal_cannot_see_is_said(signed_in, now):
    facts = {"from_at": now, "seen_at": now, "failing": 5, "asked": 8, "hosts": 5}
    Blindness.objects.create(sentence="The portal cannot see: 5 of 8.", **facts)
    assert "The portal cannot see: 5 of 8." in signed_in.get(PAGE).content.decode()


def test_it_asks_no_more_of_many_sources_than_of_few(signed_in, system, now, django_assert_max_num_queries):
    SourceFactory(system=system, failing_since=now)
    with CaptureQueriesContext(connection) as few:
        signed_in.get(PAGE)
    for _ in range(15):
        SourceFactory(system=system, failing_since=now)
    with django_assert_max_num_queries(len(few)):
        signed_in.get(PAGE)
