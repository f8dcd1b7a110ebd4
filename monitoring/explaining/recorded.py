"""What the portal recorded around a time and may stand behind a change; floors above add what they know."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitoring import wording
from monitoring.models import Alert, SchemaSeen
from systems.models import Contract, Deployment

BEFORE, AFTER = timedelta(days=4), timedelta(days=2)  # of the beginning: causes come before
MOST = 5  # of each sort, the newest


@dataclass(frozen=True)
class Recorded:
    """Something recorded: when it was, of which sort, in words that "; " may precede, and the page that shows it.

    `names` is the id of another system that the words name: they are told for as long as that is not restricted.
    """

    at: datetime
    kind: str
    words: str
    page: str
    names: int | None = None


@dataclass(frozen=True)
class Around:
    """An alert, the edges between which something may stand behind it, and the moment as of which days are said."""

    alert: Alert
    from_at: datetime
    to_at: datetime
    at: datetime

    @property
    def system(self):
        return self.alert.system

    def on(self, moment: datetime) -> str:
        """Return the day in words, such as "3 March"."""
        return wording.day(moment, self.at)


Teller = Callable[[Around], Iterable[Recorded]]
TELLERS: list[Teller] = []


def recorded(tell: Teller) -> Teller:
    """Declare the decorated function one that says what was recorded; apps do so in their `recorded.py`."""
    TELLERS.append(tell)
    return tell


def all_recorded(alert: Alert, first: datetime, last: datetime, *, at: datetime) -> list[Recorded]:
    """Return what was recorded around a change that began between `first` and `last`, the oldest first."""
    around = Around(alert, first - BEFORE, last + AFTER, at)
    return sorted((one for tell in TELLERS for one in tell(around)), key=lambda one: (one.at, one.kind, one.words))


@recorded
def deployments(around: Around) -> Iterable[Recorded]:
    done = Deployment.objects.in_production().filter(system=around.system, at__range=(around.from_at, around.to_at))
    for one in done.select_related("model_version").order_by("-at")[:MOST]:
        words = f"version {one.model_version} was deployed on {around.on(one.at)}"
        yield Recorded(one.at, "deployment", words, f"{around.system.get_absolute_url()}deployments/")


@recorded
def formats(around: Around) -> Iterable[Recorded]:
    seen = SchemaSeen.objects.filter(source__system=around.system, at__range=(around.from_at, around.to_at))
    for one in seen.select_related("source__system").order_by("-at")[:MOST]:
        if SchemaSeen.objects.filter(source=one.source_id, at__lt=one.at).exists():
            words = f"the format of {one.source} changed on {around.on(one.at)}"
            yield Recorded(one.at, "schema", words, one.source.get_absolute_url())


@recorded
def contracts(around: Around) -> Iterable[Recorded]:
    settled = Contract.objects.settled().filter(feed__dependencies__system=around.system)
    for one in settled.filter(at__range=(around.from_at, around.to_at)).select_related("feed").order_by("-at")[:MOST]:
        words = f"contract {one.n} of {one.feed} came into force on {around.on(one.at)}"
        yield Recorded(one.at, "contract", words, one.feed.get_absolute_url())
