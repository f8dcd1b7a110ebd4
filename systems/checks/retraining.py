"""Is it planned when the model is trained again, and was the last time kept?"""

from django.urls import reverse
from django.utils import timezone

from systems.checking import Finding, check
from systems.checks.applicable import asked, not_asked
from systems.models import Outcome, Retraining, Role
from systems.models.retraining import last_trained

PASS, FAIL, NOT_APPLICABLE = Outcome.Result.PASS, Outcome.Result.FAIL, Outcome.Result.NOT_APPLICABLE


@check(key="retraining_planned", topic="retraining", title="Retraining is planned", for_role=Role.MODEL_OWNER)
def retraining_planned(systems):
    """Pass when somebody said when it is trained again: by the calendar or on a sign."""
    plans = {plan.system_id: plan for plan in Retraining.objects.filter(system__in=systems)}
    for pk, slug, _, why in asked(systems):
        plan, url = plans.get(pk), reverse("systems:retraining", args=[slug])
        if why:
            yield not_asked(pk, why)
        elif plan is None:
            yield Finding(pk, FAIL, "Nobody has said when and how it is trained again.", url)
        elif not plan.every_days and not plan.triggers:
            yield Finding(pk, FAIL, "The plan of retraining names neither an interval nor a sign to act upon.", url)
        else:
            yield Finding(pk, PASS, "It is planned when it is trained again.", url)


@check(key="retraining_in_time", topic="retraining", title="Retrained in time", for_role=Role.MODEL_OWNER)
def retraining_in_time(systems):
    """Pass when the interval that was planned is not over since the last training."""
    plans = {plan.system_id: plan for plan in Retraining.objects.filter(system__in=systems)}
    trained, now = last_trained(systems), timezone.now()
    for pk, slug, _, why in asked(systems):
        plan, url = plans.get(pk), reverse("systems:retraining", args=[slug])
        due = plan and plan.due_at(trained.get(pk))
        if why:
            yield not_asked(pk, why)
        elif due is None:
            yield Finding(pk, NOT_APPLICABLE, "No interval of retraining is planned.", url)
        elif due < now:
            yield Finding(pk, FAIL, f"It was to be trained again by {due:%-d %B %Y}.", url)
        else:
            yield Finding(pk, PASS, f"The next training is due by {due:%-d %B %Y}.", url)
