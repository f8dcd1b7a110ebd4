"""Sending notices: one delivery a channel, at least once, with back-off for a day."""

from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import timedelta
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now

from incidents.models import Channel, Delivery
from mlops_portal.engine.claims import claim
from mlops_portal.engine.redaction import redact
from systems.models import Notice, Person

log = structlog.get_logger(__name__)

LEASE_S = 50
DEADLINE_S = 40  # shorter than the lease and than a task's time limit: what hangs is tried again after its lease
AT_ONCE = 10
GIVE_UP_AFTER = timedelta(hours=24)
LONGEST_WAIT_S = 3600
ITS_PEOPLE = Q(person=OuterRef("person")) | Q(person__teams=OuterRef("team"))  # channels of whom a notice is for


class Unreachable(Exception):
    """Trying again would not help: the person has left, or the address is gone."""


def plan() -> int:
    """Give every notice of urgency `now` its deliveries, one for each channel of whom it is for; return how many."""
    _give_channels()
    notices = _undelivered().filter(Exists(_channels_of(ITS_PEOPLE))).order_by("pk")[:500]
    rows = [Delivery(notice=notice, channel=channel) for notice in notices for channel in _channels_of(_people(notice))]
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def reaching_nobody():
    """Return the notices of the last day that are to be told at once, but to nobody who has a channel."""
    return _undelivered().filter(~Exists(_channels_of(ITS_PEOPLE)))


def _undelivered():
    return Notice.objects.filter(urgency=Notice.Urgency.NOW, deliveries=None, at__gt=Now() - GIVE_UP_AFTER)


def _people(notice: Notice) -> Q:
    return Q(person=notice.person_id) if notice.person_id else Q(person__teams=notice.team_id)


def _channels_of(people: Q):
    usable = Channel.objects.filter(people, person__is_active=True, disabled_at=None)
    return usable.exclude(person__email="").distinct()


def _give_channels() -> None:
    without = Person.objects.active().exclude(email="").exclude(channels__kind=Channel.Kind.EMAIL)
    rows = [Channel(person=person, kind=Channel.Kind.EMAIL) for person in without]
    Channel.objects.bulk_create(rows, ignore_conflicts=True)


def send_due(limit: int = 20) -> int:
    """Claim due deliveries and send them side by side; return how many were sent. What fails waits longer each time.

    A process that is killed in the middle leaves leases: the next claim after their end sends those again.
    """
    claimed = claim(
        Delivery.objects.due(),
        limit=limit,
        lease_until=Now() + timedelta(seconds=LEASE_S),
        attempts=F("attempts") + 1,
    )
    ready = Delivery.objects.filter(pk__in=[row.pk for row in claimed]).select_related("notice", "channel__person")
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="delivery")
    try:
        sending = {pool.submit(_email, delivery): delivery for delivery in ready}
        done, _ = wait(sending, timeout=DEADLINE_S)
        return sum(_note(sending[future], future) for future in done)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _note(delivery: Delivery, sent: Future) -> bool:
    row = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.WAITING)
    try:
        sent.result()
    except (Unreachable, ValueError) as error:  # Django raises ValueError for an address or header nobody can send to
        row.update(state=Delivery.State.GIVEN_UP, lease_until=None, error=redact(str(error))[:300])
    except Exception as error:  # whatever a mail server or its library does: one delivery never holds up the others
        _wait_longer(row, delivery.attempts, error)
    else:
        row.update(state=Delivery.State.SENT, sent_at=Now(), lease_until=None, error="")
        return True
    log.warning("delivery failed", delivery=delivery.pk, attempts=delivery.attempts)
    return False


def _wait_longer(row, attempts: int, error: Exception) -> None:
    wait_s = min(10 * 2 ** min(attempts - 1, 10), LONGEST_WAIT_S)
    text = redact(f"{type(error).__name__}: {error}")[:300]
    row.update(error=text, lease_until=None, next_at=Now() + timedelta(seconds=wait_s))
    row.filter(made_at__lt=Now() - GIVE_UP_AFTER).update(state=Delivery.State.GIVEN_UP)


def _email(delivery: Delivery) -> None:
    """Hand the notice to the mail server. Raises Unreachable, ValueError or OSError."""
    notice, person = delivery.notice, delivery.channel.person
    if not person.is_active or not person.email or delivery.channel.disabled_at:
        raise Unreachable(f"{person.username} may no longer sign in, or has no e-mail address.")
    message = EmailMessage(
        subject=one_line(notice.subject),
        body=_body(notice),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[person.email],
        headers={"Message-ID": message_id(delivery), "Auto-Submitted": "auto-generated"},
    )
    message.send()


def one_line(text: str) -> str:
    """Return the text in one line: in a mail's subject a line break would begin another header (S41)."""
    return " ".join(text.split())


def _body(notice: Notice) -> str:
    """Return the text of the mail: what the notice says, word for word, whatever people wrote into it (S35)."""
    return f"{notice.text}\n\n{settings.BASE_URL}{notice.url}\n"


def message_id(delivery: Delivery) -> str:
    """Return the Message-ID, the same at each attempt, so that a mailbox can tell a repeated mail."""
    return f"<notice-{delivery.notice_id}-{delivery.pk}@{urlsplit(settings.BASE_URL).hostname}>"
