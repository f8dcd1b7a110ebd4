"""Drills of a system: what has to be tried, what was, and recording one."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from systems.access import RULES, may, require
from systems.actions.drills import record_drill
from systems.actions.versions import AlreadyThere
from systems.doors import rule
from systems.feeds import drills_of
from systems.forms.feeds import DrillForm
from systems.models import System, interval_of
from systems.views.finding import find_system, in_own_time

SHOWN = 50


@require_http_methods(["GET", "POST"])
@rule("read", post="runbook.write")
@in_own_time
def drills(request, slug):
    system = find_system(request, slug)
    form = DrillForm(request.POST or None, initial={"situation": request.GET.get("situation")})
    if request.method == "GET":
        return _page(request, system, form)
    require(request.user, "runbook.write", system)
    if form.is_valid():
        try:
            record_drill(system=system, by=request.user, **form.cleaned_data)
        except AlreadyThere:
            form.add_error("at", "A drill of this situation is recorded for this moment already.")
        else:
            messages.success(request, "The drill is recorded.")
            return redirect("systems:drills", system.slug)
    return _page(request, system, form, status=422)


def _page(request, system: System, form: DrillForm, status=200):
    tried = drills_of(system)
    required = [one for one in tried if one.is_required]
    context = {
        "system": system,
        "tried": tried,
        "days": interval_of(system.tier).days,
        "due_now": sum(not one.holds for one in required),
        "next_due": min((one.due_on for one in required if one.holds), default=None),
        "drills": system.drills.select_related("by")[:SHOWN],
        "form": form if may(request.user, "runbook.write", system) else None,
        "is_asked": "situation" in request.GET,
        "who_may": RULES["runbook.write"].sentence,
    }
    return render(request, "systems/drills.html", context, status=status)
