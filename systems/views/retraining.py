"""When and how a model is trained again."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from mlops_portal.engine.versions import Stale
from systems.access import RULES, may, require
from systems.actions.retraining import answer_run, ask_for_run, record_run, set_retraining
from systems.actions.versions import AlreadyThere
from systems.doors import rule
from systems.for_page import live_of, retraining_of
from systems.forms.promises import AnsweredForm, RequirementForm, RetrainingForm, RunForm
from systems.models import Retraining, System
from systems.views.finding import find_system, in_own_time

SHOWN = 50


@require_http_methods(["GET", "POST"])
@rule("read", post="version.record")
@in_own_time
def retraining(request, slug):
    """The plan, when it is due next, what was done and what is asked for; `what` says which of them is written."""
    system = find_system(request, slug)
    forms = _forms(request, system)
    if request.method == "GET":
        return _page(request, system, forms)
    require(request.user, "version.record", system)
    what = request.POST.get("what", "")
    form = forms.get(what)
    try:
        if form and form.is_valid():
            return SAVES[what](request, system, form.cleaned_data)
    except Stale as stale:
        form.over(stale.now.version)
        return _page(request, system, forms, status=412)
    except AlreadyThere as there:
        form.add_error("at", str(there))
    return _page(request, system, forms, status=422)


def _forms(request, system: System) -> dict:
    """Return the forms by name; the one that `what` names holds what was posted."""
    what = request.POST.get("what")
    posted = {name: request.POST if what == name else None for name in ("plan", "run", "requirement", "answered")}
    return {
        "plan": RetrainingForm(posted["plan"], prefix="plan", initial=_as_it_stands(system)),
        "run": RunForm(posted["run"], prefix="run", system=system),
        "requirement": RequirementForm(posted["requirement"], prefix="requirement"),
        "answered": AnsweredForm(posted["answered"], prefix="answered", system=system),
    }


def _as_it_stands(system: System) -> dict:
    plan = Retraining.objects.filter(system=system).first()
    if plan is None:
        return {"version": 0}
    facts = {name: getattr(plan, name) for name in ("policy", "every_days", "who", "version")}
    return facts | {"triggers": "\n".join(plan.triggers)}


def _plan(request, system: System, said: dict):
    version, facts = said["version"], {name: value for name, value in said.items() if name != "version"}
    set_retraining(system=system, by=request.user, at=timezone.now(), seen=version, **facts)
    messages.success(request, "The plan is saved.")
    return redirect("systems:retraining", system.slug)


def _run(request, system: System, facts: dict):
    record_run(system=system, by=request.user, **facts)
    messages.success(request, "The training is recorded.")
    return redirect("systems:retraining", system.slug)


def _requirement(request, system: System, facts: dict):
    ask_for_run(system=system, by=request.user, at=timezone.now(), **facts)
    messages.success(request, "Noted. It stays open until a version answers it.")
    return redirect("systems:retraining", system.slug)


def _answered(request, system: System, facts: dict):
    answer_run(by=request.user, **facts)
    messages.success(request, f"Version {facts['version']} answers it.")
    return redirect("systems:retraining", system.slug)


SAVES = {"plan": _plan, "run": _run, "requirement": _requirement, "answered": _answered}


def _page(request, system, forms, status=200):
    may_record = may(request.user, "version.record", system)
    context = retraining_of(system, live_of(system)) | {
        "system": system,
        "runs": system.retraining_runs.exclude(at=None).select_related("model_version", "by")[:SHOWN],
        **({f"{name}_form": form for name, form in forms.items()} if may_record else {}),
        "is_stale": status == 412,
        "who_may": RULES["version.record"].sentence,
    }
    return render(request, "systems/retraining.html", context, status=status)
