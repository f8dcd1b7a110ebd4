"""What the demo's people did about the incidents of the past: they saw them, wrote what they found, and ended them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.actions.declaring import change_incident
from incidents.actions.response import acknowledge, resolve, write_note
from incidents.models import Entry, Incident
from monitoring.actions.alerts import say_real
from monitoring.models import Alert
from systems.models import Person


@dataclass(frozen=True)
class Habit:
    """Who deals with incidents of a system, after how long, what they find, and what they say when it is over."""

    username: str
    after: timedelta
    finding: str
    ending: str
    situation: str = ""
    was_real: bool = True


HABITS = {
    "churn-forecast": Habit(
        "data-scientist",
        timedelta(hours=6, minutes=25),
        "Compared the inputs of the last weeks with those of the training: calls a week and three related figures of "
        "our customers have moved. Asked the service desk whether something changed in how they count.",
        "Back in its band, without anything that we did: some rows still come without calls a week. The service desk "
        "looks for the reason, and we look again when it falls once more.",
    ),
    "ticket-routing": Habit(
        "on-call",
        timedelta(hours=5, minutes=10),
        "The feed sends some columns in another order since its last release. Agents sort by hand meanwhile.",
        "The feed sends the old order again, and version 2.1 checks the order before it answers.",
        "anomalous_input",
    ),
    "delivery-times": Habit(
        "data-engineer",
        timedelta(hours=9, minutes=40),
        "Nothing arrives from the routing system for some requests. Asked its team what they released.",
        "The routing system delivers again; the log is complete since.",
        "feed_unavailable",
    ),
    "card-fraud-score": Habit(
        "on-call",
        timedelta(hours=1, minutes=15),
        "Held-back payments are looked at by hand until it is clear.",
        "Nothing was wrong: a few odd payments on few days. The payments that were held back have been released.",
        was_real=False,
    ),
}
SETTLED_FOR = timedelta(days=1)


def deal_with_incidents(now: datetime) -> int:
    """Let people do what they would have done by `now`; return how many steps were taken."""
    people = {person.username: person for person in Person.objects.all()}
    unresolved = Incident.objects.unresolved().filter(by_alert=True, systems__slug__in=HABITS).order_by("number")
    return sum(_deal_with(incident, HABITS[incident.systems.get().slug], people, now) for incident in unresolved)


def _deal_with(incident: Incident, habit: Habit, people: dict[str, Person], now: datetime) -> int:
    by = people[habit.username]
    seen_at = incident.declared_at + habit.after
    if not incident.acknowledged_at:
        if seen_at > now:
            return 0
        acknowledge(incident=incident, by=by, at=seen_at)
        change_incident(incident=incident, situation=habit.situation, by=by, at=seen_at)
        return 1
    if not incident.timeline.filter(kind=Entry.Kind.NOTE).exists():
        write_note(incident=incident, text=habit.finding, by=by, at=min(now, seen_at + timedelta(hours=2)))
        return 1
    over_at = _over_at(incident)
    if over_at is None or over_at + SETTLED_FOR > now:
        return 0
    resolve(incident=incident, by=by, at=over_at + SETTLED_FOR, text=habit.ending)
    for alert in Alert.objects.filter(membership__incident=incident, real=None):
        say_real(alert, real=habit.was_real, by=by, at=over_at + SETTLED_FOR)
    return 1


def _over_at(incident: Incident) -> datetime | None:
    """Return when the last of its alerts cleared; None while one is open."""
    cleared = [membership.alert.cleared_at for membership in incident.memberships.select_related("alert")]
    return None if not cleared or None in cleared else max(cleared)
