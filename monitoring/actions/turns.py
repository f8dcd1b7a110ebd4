"""Whose turn it is: the sources that are due, no more of one host at a time than it can be waited for."""

from collections import Counter

from django.db.models import F, Q, QuerySet, Value, Window
from django.db.models.expressions import Func
from django.db.models.fields import CharField
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, RowNumber

from monitoring.models import Source

AT_A_HOST = 16  # pulls under way, over all processes; as many as there are connections to it
NOWHERE = ""


class HostOf(Func):
    """The host and port of an address, as it is written; "" where there is none."""

    template = "coalesce(substring(lower(%(expressions)s) from '^[a-z]+://([^/?#]+)'), '')"
    output_field = CharField()


def whose_turn(sources: QuerySet[Source], limit: int) -> list[int]:
    """Return the ids of up to `limit` of the sources that are due, the longest waiting first, a few of each host."""
    busy = _busy()
    full = [host for host, count in busy.items() if count >= AT_A_HOST]
    due = sources.annotate(host=_host()).exclude(host__in=full)
    place = Window(RowNumber(), partition_by=F("host"), order_by=F("next_due_at").asc())
    first = due.annotate(place=place).filter(Q(place__lte=AT_A_HOST) | Q(host=NOWHERE)).order_by("next_due_at")
    turns = []
    for pk, host in first.values_list("pk", "host")[:limit]:
        if host == NOWHERE or busy[host] < AT_A_HOST:
            busy[host] += 1
            turns.append(pk)
    return turns


def _busy() -> Counter[str]:
    """Return by host how many of its sources are being asked now, by any process."""
    asked = Source.objects.filter(pulls__finished_at=None, pulls__attempt__gt=0).annotate(host=_host())
    return Counter(asked.exclude(host=NOWHERE).order_by().values_list("host", flat=True))


def _host() -> HostOf:
    return HostOf(Coalesce(KT("settings__url"), Value("")))
