"""The runbook of a system, a page for each situation."""

from difflib import ndiff

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from mlops_portal.engine.versions import Stale
from systems.access import RULES, may, require
from systems.actions.runbooks import confirm_runbook, remove_range, set_range, write_runbook
from systems.doors import rule
from systems.forms.promises import RangeForm, RunbookForm
from systems.models import Runbook, RunbookVersion, Situation, System
from systems.runbooks import render as rendered
from systems.runbooks import steps_of
from systems.views.finding import find_system


@require_http_methods(["GET", "POST"])
@rule("read", post="runbook.write")
def runbook(request, slug, situation):
    """What to do in a situation: to read, to write, to look at before it is saved."""
    system, situation = find_system(request, slug), _situation(situation)
    newest = _newest(system, situation)
    initial = {"body": newest.body if newest else "", "version": _seen(system, situation)}
    form = RunbookForm(request.POST or None, initial=initial)
    if request.method == "GET":
        return _page(request, system, situation, form)
    require(request.user, "runbook.write", system)
    if not form.is_valid():
        return _page(request, system, situation, form, status=422)
    if "preview" in request.POST:
        return _page(request, system, situation, form, preview=rendered(form.cleaned_data["body"]))
    try:
        return _save(request, system, situation, **form.cleaned_data)
    except Stale as stale:
        return _page(request, system, situation, form.over(stale.now.version), status=412)


def _situation(key: str) -> Situation:
    if key not in Situation.values:
        raise Http404
    return Situation(key)


def _newest(system: System, situation: Situation) -> RunbookVersion | None:
    return RunbookVersion.objects.newest().filter(runbook__system=system, runbook__situation=situation).first()


def _seen(system: System, situation: Situation) -> int:
    """Return the number of the newest version, 0 when there is none."""
    return next(iter(system.runbooks.filter(situation=situation).values_list("version", flat=True)), 0)


def _save(request, system, situation, *, body, review_by, version):
    who = {"by": request.user, "at": timezone.now()}
    write_runbook(system=system, situation=situation, body=body, review_by=review_by, seen=version, **who)
    messages.success(request, "The runbook is saved.")
    return redirect("systems:runbook", system.slug, situation)


def _page(request, system, situation, form, *, status=200, preview="", range_form=None):
    versions = list(
        RunbookVersion.objects.filter(runbook__system=system, runbook__situation=situation).select_related("by")
    )
    newest = versions[0] if versions and versions[0].body else None
    is_normal = situation == Situation.NORMAL
    context = {
        "system": system,
        "situation": situation,
        "tabs": _tabs(system, situation),
        "newest": newest,
        "html": rendered(newest.body) if newest else "",
        "step_count": len(steps_of(newest.body)) if newest else 0,
        "is_past": bool(newest) and newest.review_by < timezone.now().date(),
        "versions": versions,
        "change": _change(versions, request.GET.get("version", "")),
        "form": form if may(request.user, "runbook.write", system) else None,
        "is_writing": bool(form.errors or preview or status != 200 or not newest),
        "is_stale": status == 412,
        "preview": preview,
        "who_may": RULES["runbook.write"].sentence,
        "is_normal": is_normal,
        "ranges": system.expected_ranges.all() if is_normal else [],
        "range_form": (range_form or RangeForm(prefix="range")) if is_normal else None,
    }
    return render(request, "systems/runbook.html", context, status=status)


def _tabs(system: System, here: Situation) -> list[dict]:
    newest = RunbookVersion.objects.newest().filter(runbook__system=system)
    written = set(newest.values_list("runbook__situation", flat=True))
    return [
        {
            "url": reverse("systems:runbook", args=[system.slug, one]),
            "label": one.label if one in written else f"{one.label} (empty)",
            "current": one == here,
        }
        for one in Situation
    ]


def _change(versions: list[RunbookVersion], asked: str) -> dict | None:
    """Return what the version asked for changed against the one before, line by line."""
    n = int(asked) if asked.isdecimal() and len(asked) < 9 else 0
    by_n = {version.n: version for version in versions}
    if n not in by_n:
        return None
    before = by_n[n - 1].body.splitlines() if n - 1 in by_n else []
    lines = [(line[0], line[2:]) for line in ndiff(before, by_n[n].body.splitlines()) if line[0] != "?"]
    return {"version": by_n[n], "lines": lines}


@require_POST
@rule("runbook.write")
def confirm(request, slug, situation):
    """Record that the text was read again and still holds."""
    system, situation = find_system(request, slug), _situation(situation)
    require(request.user, "runbook.write", system)
    seen = request.POST.get("version", "")
    seen = int(seen) if seen.isdecimal() and len(seen) < 9 else None
    try:
        confirm_runbook(system=system, situation=situation, by=request.user, at=timezone.now(), seen=seen)
        messages.success(request, "Noted: it was read again and still holds.")
    except Runbook.DoesNotExist:
        messages.error(request, "Nothing is written yet.")
    except Stale:
        messages.error(request, "It was changed in the meantime: read it again, then confirm.")
    return redirect("systems:runbook", slug, situation)


@require_POST
@rule("runbook.write")
def ranges(request, slug):
    """Set what is normal for a metric, or with `remove` say nothing of it any more."""
    system = find_system(request, slug)
    require(request.user, "runbook.write", system)
    who = {"system": system, "by": request.user, "at": timezone.now()}
    if "remove" in request.POST:
        remove_range(metric_key=request.POST["remove"][:80], **who)
        messages.success(request, "The range is removed.")
        return redirect("systems:runbook", slug, Situation.NORMAL)
    form = RangeForm(request.POST, prefix="range")
    if not form.is_valid():
        newest = _newest(system, Situation.NORMAL)
        text = RunbookForm(initial={"body": newest.body if newest else "", "version": _seen(system, Situation.NORMAL)})
        return _page(request, system, Situation.NORMAL, text, status=422, range_form=form)
    set_range(**form.cleaned_data, **who)
    messages.success(request, f"What is normal for {form.cleaned_data['metric_key']} is saved.")
    return redirect("systems:runbook", slug, Situation.NORMAL)
