"""Moving a system from phase to phase: a decision, with the gaps that stay open."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from mlops_portal.engine.versions import Stale
from systems.access import RULES, may, require
from systems.actions.phases import GapsLeft, GateShut, gaps_before, move_phase, phases_from
from systems.actions.readiness import NotFromHere
from systems.doors import rule
from systems.drawing import drawn
from systems.forms.promises import LEFT, PhaseForm
from systems.models import Phase, System
from systems.plans import standings_of
from systems.readiness import gate_of
from systems.views.finding import find_system


@require_http_methods(["GET", "POST"])
@rule("read", post="phase.decide")
def phase(request, slug):
    """What stands before the move to `?to=` (the next phase when left out), and deciding it."""
    system = find_system(request, slug, also_retired=True)
    to = _to(request, system)
    gaps = gaps_before(system, to) if to else []
    form = PhaseForm(request.POST or None, gaps=gaps, initial={"version": system.version})
    if request.method == "GET":
        return _page(request, system, to, form, gaps)
    require(request.user, "phase.decide", system)
    if not to or not form.is_valid():
        return _page(request, system, to, form, gaps, status=422)
    return _decide(request, system, to, form, gaps)


def _to(request, system: System) -> Phase | None:
    """Return the phase asked for; without one the phase that follows."""
    open_ones = phases_from(system)
    asked = request.POST.get("to") or request.GET.get("to")
    return next((one for one in open_ones if one == asked), None if asked else (open_ones or [None])[-1])


def _decide(request, system: System, to: Phase, form: PhaseForm, gaps):
    facts = {"note": form.cleaned_data["note"], "accept": form.cleaned_data.get("accept", [])}
    try:
        move_phase(system=system, to=to, by=request.user, at=timezone.now(), seen=form.cleaned_data["version"], **facts)
    except GapsLeft:
        form.add_error("accept", LEFT)
    except (GateShut, NotFromHere) as shut:
        form.add_error(None, str(shut))
    except Stale as stale:
        return _page(request, system, to, form.over(stale.now.version), gaps, status=412)
    else:
        messages.success(request, f"{system.name} is in {to.label.lower()} now.")
        return redirect(f"{system.get_absolute_url()}#phases")
    return _page(request, system, to, form, gaps, status=422)


def _page(request, system, to, form, gaps, status=200):
    gate = gate_of(system) if to == Phase.OPERATIONS else None
    may_decide = may(request.user, "phase.decide", system)
    context = {
        "system": system,
        "to": to,
        "others": [one for one in phases_from(system) if one != to],
        "gaps": gaps,
        "gate": gate,
        "form": form if may_decide and to and (gate is None or gate.passed) else None,
        "may_decide": may_decide,
        "one": next((one for one in drawn(standings_of([system])[system.pk]) if one.standing.is_now), None),
        "moves": system.phase_moves.select_related("by"),
        "is_stale": status == 412,
        "who_may": RULES["phase.decide"].sentence,
    }
    return render(request, "systems/phase.html", context, status=status)
