"""Were all three phases scoped, and does the one that runs keep to its plan?"""

from django.urls import reverse

from systems.checking import Finding, check
from systems.checks.applicable import NOT_APPLICABLE, not_asked
from systems.models import Outcome, Role
from systems.models.system import PORTAL
from systems.plan_words import said_late, said_over, said_scope
from systems.plans import Standing, standings_of

PASS, FAIL = Outcome.Result.PASS, Outcome.Result.FAIL
DAYS_ALLOWED, SHARE_ALLOWED = 7, 0.1
NO_PROJECT = "The portal is no project of its own: nobody plans its phases."


@check(key="phases_scoped", topic="phases", title="All three phases are scoped", for_role=Role.PRODUCT_OWNER)
def phases_scoped(systems):
    """Pass when each phase has dates, a budget and an exit criterion; it is asked from the first day of research."""
    for one, standings in _asked(systems):
        if one.slug == PORTAL:
            yield not_asked(one.pk, NO_PROJECT)
            continue
        lacking = next((standing for standing in standings if standing.lacks), None)
        yield Finding(
            one.pk, FAIL if lacking else PASS, said_scope(standings), _page(one.slug, lacking or standings[0])
        )


@check(key="phase_within_plan", topic="phases", title="The phase keeps to its plan", for_role=Role.PRODUCT_OWNER)
def phase_within_plan(systems):
    """Fail where the phase that runs is a week or a tenth of its budget over; what is past cannot be mended."""
    for one, standings in _asked(systems):
        now = next((standing for standing in standings if standing.is_now), None)
        if one.slug == PORTAL or now is None:
            yield not_asked(one.pk, NO_PROJECT if one.slug == PORTAL else "None of its phases runs.")
        elif now.planned_to is None and now.planned is None:
            yield Finding(
                one.pk, NOT_APPLICABLE, f"For {now.phase.label.lower()} neither an end nor a budget is planned."
            )
        else:
            yield _kept(one, now)


def _kept(one, now: Standing) -> Finding:
    phase, url = now.phase.label, _page(one.slug, now)
    beyond = [words for words in (said_over(now), said_late(now)) if words]
    if now.days_late > DAYS_ALLOWED or (now.over and (now.over_share or 1) > SHARE_ALLOWED):
        return Finding(one.pk, FAIL, f"{phase} is over its plan: {' and '.join(beyond)}.", url)
    said = f"{phase} is a little over its plan: {' and '.join(beyond)}." if beyond else f"{phase} is within its plan."
    return Finding(one.pk, PASS, said, url)


def _asked(systems):
    """Yield each system with its three phases; a fixed number of queries."""
    known = list(systems.only("slug", "phase", "registered_at", "retired_at"))
    standings = standings_of(known)
    for one in known:
        yield one, standings[one.pk]


def _page(slug: str, standing: Standing) -> str:
    return reverse("systems:phase-plan", args=[slug, standing.phase])
