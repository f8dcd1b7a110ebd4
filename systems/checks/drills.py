"""Was each situation that may come tried lately, and did it hold?"""

from django.urls import reverse
from django.utils import timezone

from systems.checking import Finding, check
from systems.checks.applicable import asked, not_asked
from systems.models import Drill, Outcome, Role, Situation
from systems.models.drill import REQUIRED

PASS, FAIL = Outcome.Result.PASS, Outcome.Result.FAIL


def _drill_check(situation: Situation) -> None:
    said = f"“{situation.label}”"

    @check(
        key=f"drill_{situation}",
        topic="resilience",
        title=f"Drill: {situation.label[0].lower()}{situation.label[1:]}",
        for_role=Role.SERVICE_OWNER,
    )
    def judge(systems):
        """Pass when it was tried within the days that the tier asks for, and held; not asked of every tier."""
        today = timezone.now().date()
        drills = Drill.objects.newest().filter(situation=situation, system__in=systems).select_related("system")
        newest = {drill.system_id: drill for drill in drills}
        tiers = dict(systems.values_list("pk", "tier"))
        for pk, slug, _, why in asked(systems):
            if not why and tiers[pk] not in REQUIRED[situation]:
                why = f"At tier {tiers[pk]} {said} does not have to be tried."
            if why:
                yield not_asked(pk, why)
                continue
            result, sentence = _judged(newest.get(pk), said, today)
            yield Finding(pk, result, sentence, reverse("systems:drills", args=[slug]))


def _judged(drill: Drill | None, said: str, today) -> tuple[str, str]:
    if drill is None:
        return FAIL, f"Nobody has tried {said} yet: record a drill."
    if not drill.has_passed:
        return FAIL, f"{said} was tried on {drill.at:%-d %B %Y} and did not hold: mend it and try again."
    if drill.due_on < today:
        return FAIL, f"{said} was to be tried again by {drill.due_on:%-d %B %Y}."
    return PASS, f"{said} was tried on {drill.at:%-d %B %Y} and held; again by {drill.due_on:%-d %B %Y}."


for _situation in REQUIRED:
    _drill_check(_situation)
