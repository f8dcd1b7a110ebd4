"""The condition that monitoring reports of each system."""

from datetime import datetime

from mlops_portal.engine.health import late_duties
from systems.actions.status import report_condition
from systems.models import Condition, Level, System

WHO = "monitoring"
PORTAL = "portal"
UNMONITORED = "No quality metric of this system is watched."


def judge_portal(*, at: datetime, good_until: datetime) -> int:
    """Report how the portal itself does, from its duties; return how many conditions were written (0 or 1)."""
    system = System.objects.filter(slug=PORTAL).first()
    if system is None:
        return 0
    late = [duty.name for duty in late_duties() if duty.name != "judge"]
    level = Level.FAILING if late else Level.HEALTHY
    sentence = f"Late: {', '.join(late)}." if late else "Every duty is done on time."
    report_condition(system=system, who=WHO, level=level, sentence=sentence, good_until=good_until, at=at)
    return 1


def judge_unmonitored(*, at: datetime) -> int:
    """Report of each other system without a condition that no quality metric is watched; return how many there were."""
    unseen = (
        System.objects.in_use().exclude(slug=PORTAL).exclude(pk__in=Condition.objects.filter(who=WHO).values("system"))
    )
    for system in unseen:
        report_condition(system=system, who=WHO, level=Level.UNMONITORED, sentence=UNMONITORED, good_until=None, at=at)
    return len(unseen)
