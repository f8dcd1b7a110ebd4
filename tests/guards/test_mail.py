"""Nobody's name or address becomes a header of its own, in mail or in an answer (S41)."""

import email
from email.policy import default

import pytest
from django.core import mail

from incidents.delivery import plan, send_due
from incidents.models import Delivery
from systems.models import Notice, Person
from tests.protections import protects

pytestmark = pytest.mark.django_db
OURS = {
    *("subject", "from", "to", "date", "message-id", "auto-submitted"),
    *("mime-version", "content-type", "content-transfer-encoding"),
}
BREAKS = ["\r\n", "\n", "\r", "\r\n\r\n", "\n ", "\x0b", "\x0c", "\x1c", "\x85", "\u2028"]


def told(person, **facts) -> None:
    Notice.objects.create(**{"key": "n", "subject": "Late", "text": "Late.", "url": "/", "person": person} | facts)
    plan()
    send_due()


@protects("S41", off={"incidents.delivery.one_line": str})
def test_a_line_break_in_a_name_begins_no_header(viewer):
    for n, broken in enumerate(BREAKS):
        told(viewer, key=f"n{n}", subject=f"Churn{broken}Bcc: evil@portal.test{broken}X-Evil: 1")
    read = [email.message_from_bytes(sent.message().as_bytes(), policy=default) for sent in mail.outbox]
    assert [message["subject"] for message in read] == ["Churn Bcc: evil@portal.test X-Evil: 1"] * len(BREAKS)
    assert {name.lower() for message in read for name in message} == OURS
    assert {sent.recipients()[0] for sent in mail.outbox} == {"viewer@portal.test"}


def test_a_line_break_in_an_address_reaches_nobody(viewer):
    Person.objects.filter(pk=viewer.pk).update(email="viewer@portal.test\r\nBcc: evil@portal.test")
    told(viewer)
    assert (mail.outbox, Delivery.objects.get().state) == ([], "given_up")


def test_what_is_said_stands_in_the_body_as_plain_text(viewer):
    told(viewer, text="<script>alert(1)</script>\r\n.\r\nBcc: evil@portal.test")
    [message] = [email.message_from_bytes(sent.message().as_bytes(), policy=default) for sent in mail.outbox]
    assert message.get_content_type() == "text/plain"
    assert "<script>alert(1)</script>" in message.get_content()


@pytest.mark.parametrize("part", ["q", "team", "sort", "status"])
def test_a_line_break_that_is_asked_for_begins_no_header(client, viewer, part):
    client.force_login(viewer)
    answer = client.get("/systems/", {part: "a\r\nX-Evil: 1"}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "x-evil" not in {name.lower() for name in answer.headers}
    assert not any("\n" in value for value in answer.headers.values())
