"""What a phase is to take and to cost, and what it did."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from mlops_portal.engine.versions import Stale
from systems.access import RULES, may, require
from systems.actions.plans import DoesNotFit, add_money, remove_money, set_plan
from systems.doors import rule
from systems.drawing import drawn
from systems.experience import experience_of
from systems.forms.plans import MoneyForm, PlanForm
from systems.models import PHASE_ORDER, Money, Phase, System
from systems.plans import Standing, standing_of, standings_of
from systems.views.finding import find_system

SHOWN = 50
QUESTIONS = {
    Phase.RESEARCH: "Can this work at all?",
    Phase.ENGINEERING: "How will it work in production?",
    Phase.OPERATIONS: "How is it maintained and improved, and who pays for that?",
}


@require_http_methods(["GET", "POST"])
@rule("read", post="plan.write")
def plan(request, slug, phase):
    """The plan of a phase beside what became of it; changing the plan, recording money (`what` says which)."""
    system = find_system(request, slug)
    if phase not in PHASE_ORDER:
        raise Http404
    now = standing_of(system, phase)
    what = request.POST.get("what")
    plan_form = PlanForm(request.POST if what == "plan" else None, prefix="plan", now=now)
    money_form = MoneyForm(request.POST if what == "money" else None, prefix="money", now=now)
    if request.method == "GET":
        return _page(request, system, phase, plan_form, money_form)
    require(request.user, "plan.write", system)
    try:
        if plan_form.is_bound and plan_form.is_valid():
            return _plan(request, system, now, plan_form)
        if money_form.is_bound and money_form.is_valid():
            return _money(request, system, now, money_form.cleaned_data)
    except Stale as stale:
        plan_form.over(stale.now.version)
        return _page(request, system, phase, plan_form, money_form, status=412)
    except DoesNotFit as misfit:
        (plan_form if plan_form.is_bound else money_form).take(misfit)
    return _page(request, system, phase, plan_form, money_form, status=422)


def _plan(request, system: System, now: Standing, form: PlanForm):
    seen, by = form.cleaned_data["version"], request.user
    set_plan(system=system, phase=now.phase, by=by, at=timezone.now(), seen=seen, **form.facts(now))
    messages.success(request, f"The plan of {now.phase.label.lower()} is saved.")
    return redirect("systems:phase-plan", system.slug, now.phase)


def _money(request, system: System, now: Standing, facts: dict):
    add_money(system=system, phase=now.phase, by=request.user, at=timezone.now(), **facts)
    messages.success(request, "The amount is recorded.")
    return redirect("systems:phase-plan", system.slug, now.phase)


@require_POST
@rule("plan.write")
def remove(request, slug, phase, money):
    """Take out an entry that was wrong."""
    system = find_system(request, slug)
    require(request.user, "plan.write", system)
    entry = get_object_or_404(Money.objects.filter(plan__system=system, plan__phase=phase), pk=money)
    remove_money(entry=entry, by=request.user, at=timezone.now())
    messages.success(request, "The amount is taken out. The history of the system keeps it.")
    return redirect("systems:phase-plan", system.slug, phase)


def _page(request, system, phase: str, plan_form, money_form, status=200):
    may_write = may(request.user, "plan.write", system)
    one = next(one for one in drawn(standings_of([system])[system.pk]) if one.standing.phase == phase)
    entries = Money.objects.filter(plan__system=system, plan__phase=phase).select_related("by")
    context = {
        "system": system,
        "question": QUESTIONS[one.standing.phase],
        "tabs": _tabs(system, phase),
        "one": one,
        "now": one.standing,
        "entries": Paginator(entries, SHOWN).get_page(request.GET.get("page")),
        "experience": experience_of(request.user, system, phase),
        "plan_form": plan_form if may_write else None,
        "money_form": money_form if may_write else None,
        "is_stale": status == 412,
        "who_may": RULES["plan.write"].sentence,
    }
    return render(request, "systems/phase_plan.html", context, status=status)


def _tabs(system: System, here: str) -> list[dict]:
    return [
        {"url": reverse("systems:phase-plan", args=[system.slug, one]), "label": one.label, "current": one == here}
        for one in PHASE_ORDER
    ]
