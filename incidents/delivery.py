"""Sending notices: one delivery a channel, at least once, with back-off for a day."""

from datetime import timedelta

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F
from django.db.models.functions import Now

from incidents.models import Channel, Delivery
from mlops_portal.engine.claims import claim
from systems.models import Notice, Person

log = structlog.get_logger(__name__)

LEASE_S = 50
GIVE_UP_AFTER = timedelta(hours=24)
LONGEST_WAIT_S = 3600


def plan() -> int:
    """Give every notice of urgency `now` its deliveries, one for each channel of whom it is for; return how many."""
    _give_channels()
    notices = Notice.objects.filter(urgency=Notice.Urgency.NOW, deliveries=None).filter(at__gt=Now() - GIVE_UP_AFTER)
    rows = [
        Delivery(notice=notice, channel=channel)
        for notice in notices.select_related("person", "team")[:500]
        for channel in Channel.objects.filter(person__in=_people(notice), disabled_at=None)
    ]
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _give_channels() -> None:
    without = Person.objects.active().exclude(email="").exclude(channels__kind=Channel.Kind.EMAIL)
    rows = [Channel(person=person, kind=Channel.Kind.EMAIL) for person in without]
    Channel.objects.bulk_create(rows, ignore_conflicts=True)


def _people(notice: Notice) -> list[Person]:
    if notice.person:
        return [notice.person]
    return list(notice.team.members.active())


def send_due(limit: int = 20) -> int:
    """Claim due deliveries and send each; return how many were sent. What fails waits longer each time."""
    claimed = claim(
        Delivery.objects.due(),
        limit=limit,
        lease_until=Now() + timedelta(seconds=LEASE_S),
        attempts=F("attempts") + 1,
    )
    ready = Delivery.objects.filter(pk__in=[row.pk for row in claimed]).select_related("notice", "channel__person")
    return sum(_send(delivery) for delivery in ready)


def _send(delivery: Delivery) -> bool:
    row = Delivery.objects.filter(pk=delivery.pk)
    try:
        _email(delivery)
    except (OSError, ValueError) as error:  # smtplib's errors are OSErrors; a bad header is a ValueError
        wait_s = min(10 * 2 ** (delivery.attempts - 1), LONGEST_WAIT_S)
        row.update(
            error=f"{type(error).__name__}: {error}"[:300], lease_until=None, next_at=Now() + timedelta(seconds=wait_s)
        )
        row.filter(made_at__lt=Now() - GIVE_UP_AFTER).update(state=Delivery.State.GIVEN_UP)
        log.warning("delivery failed", delivery=delivery.pk, attempts=delivery.attempts, error=type(error).__name__)
        return False
    row.update(state=Delivery.State.SENT, sent_at=Now(), lease_until=None, error="")
    return True


def _email(delivery: Delivery) -> None:
    notice = delivery.notice
    text = f"{notice.text}\n\n{settings.BASE_URL}{notice.url}\n"
    headers = {"Message-ID": f"<notice-{notice.pk}-{delivery.pk}@mlops-portal>"}
    message = EmailMessage(notice.subject, text, settings.DEFAULT_FROM_EMAIL, [delivery.channel.person.email])
    message.extra_headers = headers
    message.send()
