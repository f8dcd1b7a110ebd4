"""Portal health: is the portal itself all right? Never green where it is not known."""

from dataclasses import dataclass

from django.db.models import Count, Q
from django.views.decorators.http import require_safe

from incidents.delivery import reaching_nobody
from incidents.models import Delivery
from mlops_portal.engine.health import DutyState, read_duties, wrong_clocks
from mlops_portal.pages.settings.tabs import show
from monitoring.vitals import engine_for
from systems.doors import rule
from systems.models import Level

WHAT = {
    "tick": "Wakes every other duty when its time has come.",
    "check": "Runs the checks on systems whose checks are due.",
    "hand_over": "Hands roles over on the day that was planned, and asks the deputies of those who are out.",
    "lapse": "Lets answers and waivers whose time is over lapse, and judges their systems anew.",
    "pull": "Asks the sources that are due for their values.",
    "read_logs": "Reads the prediction logs that are due.",
    "judge": "Judges what came, and what did not come in time; says of each system what the machines see of it.",
    "compare": "Holds what production keeps against what the experiment promised: the reality gap.",
    "respond": "Opens an incident for each alert, or lets it join one.",
    "keep_points": "Makes room for values to come, closes hours that are over, and drops what has had its time.",
    "backfill": "Reads pieces of the past that people asked for.",
    "knock": "Asks the portal's own front door, as a user would.",
    "deliver": "Sends notices to people.",
    "keep": "Drops what has had its time.",
    "beat_out": "Tells the outside eye that all is well.",
}


@dataclass(frozen=True)
class Row:
    duty: DutyState
    what: str
    level: str
    word: str


def _row(duty: DutyState) -> Row:
    if duty.age_s is None:
        level, word = Level.UNKNOWN, "never done yet"
    elif duty.late:
        level, word = Level.FAILING, "late"
    elif duty.error:
        level, word = Level.DEGRADED, "its last round failed"
    elif duty.has_wrong_clock:
        level, word = Level.DEGRADED, "its clock is wrong"
    else:
        level, word = Level.HEALTHY, "on time"
    return Row(duty, WHAT.get(duty.name, ""), level, word)


def _sentence(rows: list[Row]) -> tuple[str, str]:
    """Return (level, sentence) of the whole."""
    late = [row.duty.name for row in rows if row.level == Level.FAILING]
    if late:
        return Level.FAILING, f"Late: {', '.join(late)}. What the pages show may be old."
    if not rows or any(row.level == Level.UNKNOWN for row in rows):
        return Level.UNKNOWN, "Not every duty has been done yet: start the workers, or wait a moment."
    if any(row.duty.error for row in rows):
        return Level.DEGRADED, "Every duty is on time, but one of them failed in its last round."
    if clocks := wrong_clocks(row.duty for row in rows):
        return Level.DEGRADED, f"Every duty is on time. {clocks}"
    return Level.HEALTHY, "Every duty is done on time."


def _outbox() -> dict:
    states = Delivery.State
    counts = Delivery.objects.aggregate(
        waiting=Count("pk", filter=Q(state=states.WAITING)), given_up=Count("pk", filter=Q(state=states.GIVEN_UP))
    )
    oldest = Delivery.objects.filter(state=states.WAITING).order_by("made_at").first()
    return counts | {"oldest": oldest, "reaching_nobody": reaching_nobody().count()}


@rule("read")
@require_safe
def health(request):
    """The page, or with htmx the part of it that changes."""
    rows = [_row(duty) for duty in read_duties()]
    level, sentence = _sentence(rows)
    context = {"rows": rows, "level": level, "sentence": sentence, "outbox": _outbox()}
    context["engine"] = engine_for(request.user)
    return show(request, "settings/_health.html" if request.htmx else "settings/health.html", context)
