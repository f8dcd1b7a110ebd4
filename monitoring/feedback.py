"""What people said of alerts, counted by monitor, and the change of sensitivity that this speaks for."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, F, Q

from monitoring.models import Alert, Monitor

ENOUGH_SAID = 3
FALSE_SHARE = 0.5  # as many false alarms as this ask for calm
ENOUGH_REAL = 5  # so many real ones and no false alarm speak for normal where it is calm
CALMER = {"eager": "normal", "normal": "calm"}


@dataclass(frozen=True)
class Said:
    """How many alerts of a monitor were said to be real, or false alarms, and of how many nothing was said.

    Of those that only ask about a version nobody has to say it.

    `proposed` is the sensitivity that what was said since the last tuning speaks for, with `why`; None: the present.
    """

    real: int = 0
    false: int = 0
    open_question: int = 0
    proposed: str | None = None
    why: str = ""

    @property
    def said(self) -> int:
        return self.real + self.false


def said_of(monitors: Iterable[Monitor]) -> dict[int, Said]:
    """Return what was said of the alerts of each monitor, by its id; one query."""
    by_id = {one.pk: one for one in monitors}
    since = Q(monitor__tuned_at=None) | Q(opened_at__gte=F("monitor__tuned_at"))
    rows = Alert.objects.filter(monitor__in=by_id).order_by().values("monitor")
    counted = rows.annotate(
        real_ones=Count("pk", filter=Q(real=True)),
        false_ones=Count("pk", filter=Q(real=False)),
        rest=Count("pk", filter=Q(real=None, asks="")),
        real_since=Count("pk", filter=Q(real=True) & since),
        false_since=Count("pk", filter=Q(real=False) & since),
    )
    found = {pk: Said() for pk in by_id}
    for row in counted:
        proposed, why = _proposed(by_id[row["monitor"]], row["real_since"], row["false_since"])
        found[row["monitor"]] = Said(row["real_ones"], row["false_ones"], row["rest"], proposed, why)
    return found


def _proposed(monitor: Monitor, real: int, false: int) -> tuple[str | None, str]:
    if monitor.kind != Monitor.Kind.CHANGE:
        return None, ""
    now = monitor.settings.get("sensitivity", "normal")
    said = real + false
    if said >= ENOUGH_SAID and false >= FALSE_SHARE * said and now in CALMER:
        return CALMER[now], f"{false} of {said} alerts since it was set were called false alarms."
    if now == "calm" and real >= ENOUGH_REAL and not false:
        return "normal", f"All {real} alerts since it was set were called real: it may speak sooner."
    return None, ""
