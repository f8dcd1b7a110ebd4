"""Is it written what to do, by situation, and has somebody read it lately?"""

from datetime import UTC, datetime

from django.urls import reverse

from systems.checking import Finding, check
from systems.checks.applicable import asked, not_asked
from systems.models import Outcome, RunbookVersion, Situation

PASS, FAIL = Outcome.Result.PASS, Outcome.Result.FAIL


def _runbook_check(situation: Situation) -> None:
    said = f"“{situation.label}”"

    @check(
        key=f"runbook_{situation}",
        topic=situation.topic,
        title=f"Runbook: {situation.label[0].lower()}{situation.label[1:]}",
        for_role=situation.role,
    )
    def judge(systems):
        """Pass when there is a text that is not past its review."""
        today = datetime.now(UTC).date()
        newest = RunbookVersion.objects.newest().filter(runbook__situation=situation, runbook__system__in=systems)
        review_by = dict(newest.values_list("runbook__system", "review_by"))
        for pk, slug, _, why in asked(systems):
            url = reverse("systems:runbook", args=[slug, situation])
            if why:
                yield not_asked(pk, why)
            elif pk not in review_by:
                yield Finding(pk, FAIL, f"The runbook says nothing under {said}.", url)
            elif review_by[pk] < today:
                on = f"{review_by[pk]:%-d %B %Y}"
                yield Finding(pk, FAIL, f"The runbook under {said} was to be read again by {on}.", url)
            else:
                yield Finding(pk, PASS, f"The runbook under {said} is written.", url)


for _situation in Situation:
    _runbook_check(_situation)
