"""When and how a model is trained again."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from mlops_portal.engine.versions import Stale
from systems.access import RULES, may, require
from systems.actions.retraining import record_run, set_retraining
from systems.actions.versions import AlreadyThere
from systems.doors import rule
from systems.for_page import retraining_of
from systems.forms.promises import RetrainingForm, RunForm
from systems.models import Retraining, System
from systems.views.finding import find_system, in_own_time

SHOWN = 50


@require_http_methods(["GET", "POST"])
@rule("read", post="version.record")
@in_own_time
def retraining(request, slug):
    """The plan, when it is due next, what was done; changing the plan, recording a run (`what` says which)."""
    system = find_system(request, slug)
    what = request.POST.get("what")
    plan = RetrainingForm(request.POST if what == "plan" else None, prefix="plan", initial=_as_it_stands(system))
    run = RunForm(request.POST if what == "run" else None, prefix="run", system=system)
    if request.method == "GET":
        return _page(request, system, plan, run)
    require(request.user, "version.record", system)
    try:
        if plan.is_bound and plan.is_valid():
            return _plan(request, system, **plan.cleaned_data)
        if run.is_bound and run.is_valid():
            return _run(request, system, run.cleaned_data)
    except Stale as stale:
        plan.over(stale.now.version)
        return _page(request, system, plan, run, status=412)
    except AlreadyThere as there:
        run.add_error("at", str(there))
    return _page(request, system, plan, run, status=422)


def _as_it_stands(system: System) -> dict:
    plan = Retraining.objects.filter(system=system).first()
    if plan is None:
        return {"version": 0}
    facts = {name: getattr(plan, name) for name in ("policy", "every_days", "who", "version")}
    return facts | {"triggers": "\n".join(plan.triggers)}


def _plan(request, system: System, *, version: int, **facts):
    set_retraining(system=system, by=request.user, at=timezone.now(), seen=version, **facts)
    messages.success(request, "The plan is saved.")
    return redirect("systems:retraining", system.slug)


def _run(request, system: System, facts: dict):
    record_run(system=system, by=request.user, **facts)
    messages.success(request, "The training is recorded.")
    return redirect("systems:retraining", system.slug)


def _page(request, system, plan, run, status=200):
    may_record = may(request.user, "version.record", system)
    context = retraining_of(system) | {
        "system": system,
        "runs": system.retraining_runs.select_related("model_version", "by")[:SHOWN],
        "plan_form": plan if may_record else None,
        "run_form": run if may_record else None,
        "is_stale": status == 412,
        "who_may": RULES["version.record"].sentence,
    }
    return render(request, "systems/retraining.html", context, status=status)
