"""The runbook of a system, a page for each situation."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from mlops_portal.engine.versions import Stale
from systems.access import RULES, may, require
from systems.actions.runbooks import confirm_runbook, remove_range, restore_runbook, set_range, write_runbook
from systems.comparing import difference
from systems.doors import rule
from systems.forms.promises import RangeForm, RunbookForm
from systems.models import AppliedSpec, Runbook, RunbookVersion, Situation, System
from systems.runbooks import render as rendered
from systems.runbooks import steps_of
from systems.views.finding import find_system


@require_http_methods(["GET", "POST"])
@rule("read", post="runbook.write")
def runbook(request, slug, situation):
    """What to do in a situation: to read, to write, to look at before it is saved; `restore` names an old version."""
    system, situation = find_system(request, slug), _situation(situation)
    newest = _newest(system, situation)
    initial = {"body": newest.body if newest else "", "version": _seen(system, situation)}
    form = RunbookForm(request.POST or None, initial=initial)
    if request.method == "GET":
        return _page(request, system, situation, form)
    require(request.user, "runbook.write", system)
    if "restore" in request.POST:
        return _restore(request, system, situation)
    if not form.is_valid():
        return _page(request, system, situation, form, status=422)
    if "preview" in request.POST:
        return _page(request, system, situation, form, preview=rendered(form.cleaned_data["body"]))
    try:
        return _save(request, system, situation, **form.cleaned_data)
    except Stale as stale:
        seen = form.cleaned_data["version"]
        return _page(request, system, situation, form.over(stale.now.version), status=412, seen=seen)


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


def _restore(request, system: System, situation: Situation):
    n, seen = (_number(request.POST.get(name, "")) for name in ("restore", "version"))
    who = {"by": request.user, "at": timezone.now()}
    try:
        version = restore_runbook(system=system, situation=situation, n=n, seen=seen, **who)
        messages.success(request, f"The text of version {n} holds again, as version {version.n}.")
    except RunbookVersion.DoesNotExist:
        messages.error(request, "There is no such version with a text.")
    except Stale:
        messages.error(request, "It was changed in the meantime: look at what stands now, then decide.")
    return redirect("systems:runbook", system.slug, situation)


def _number(said: str) -> int:
    """Return the number of a version, 0 for what is none."""
    return int(said) if said.isdecimal() and len(said) < 9 else 0


def _in_file(system: System, situation: Situation) -> str | None:
    """Return the text that the system's file gave when it was last applied; None when it gives none."""
    applied = AppliedSpec.objects.filter(system=system).values_list("document__runbook", flat=True).first() or {}
    said = applied.get(situation)
    return said["text"] if isinstance(said, dict) else said


def _page(request, system, situation, form, *, status=200, preview="", range_form=None, range_now=None, seen=None):
    versions = list(
        RunbookVersion.objects.filter(runbook__system=system, runbook__situation=situation).select_related("by")
    )
    newest = versions[0] if versions and versions[0].body else None
    first: dict[str, int] = {}
    for one in reversed(versions):
        one.again = first.setdefault(one.body, one.n)
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
        "is_writing": bool(form.errors or preview or status in (412, 422) or not newest),
        "is_stale": status == 412,
        "since": _since(versions, seen) if status == 412 else [],
        "in_file": _in_file(system, situation),
        "preview": preview,
        "who_may": RULES["runbook.write"].sentence,
        "is_normal": is_normal,
        "ranges": system.expected_ranges.all() if is_normal else [],
        "range_form": (range_form or RangeForm(prefix="range", initial={"version": 0})) if is_normal else None,
        "range_now": range_now,
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
    n = _number(asked)
    by_n = {version.n: version for version in versions}
    if n not in by_n:
        return None
    return {"version": by_n[n], "lines": _lines(by_n, n - 1, n), "is_newest": n == versions[0].n}


def _since(versions: list[RunbookVersion], seen: int) -> list[tuple[str, str]]:
    """Return what was changed since the version that somebody saw."""
    return _lines({version.n: version for version in versions}, seen, versions[0].n)


def _lines(by_n: dict[int, RunbookVersion], before: int, after: int) -> list[tuple[str, str]]:
    return difference(by_n[before].body if before in by_n else "", by_n[after].body)


@require_POST
@rule("runbook.write")
def confirm(request, slug, situation):
    """Record that the text was read again and still holds."""
    system, situation = find_system(request, slug), _situation(situation)
    require(request.user, "runbook.write", system)
    seen = _number(request.POST.get("version", "")) or None
    try:
        confirm_runbook(system=system, situation=situation, by=request.user, at=timezone.now(), seen=seen)
        messages.success(request, "Noted: it was read again and still holds.")
    except Runbook.DoesNotExist:
        messages.error(request, "Nothing is written yet.")
    except Stale:
        messages.error(request, "It was changed in the meantime: read it again, then confirm.")
    return redirect("systems:runbook", slug, situation)


def _text_form(system: System) -> RunbookForm:
    """Return the form of the text as it stands, beside that of a range."""
    newest = _newest(system, Situation.NORMAL)
    return RunbookForm(initial={"body": newest.body if newest else "", "version": _seen(system, Situation.NORMAL)})


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
        return _page(request, system, Situation.NORMAL, _text_form(system), status=422, range_form=form)
    said = dict(form.cleaned_data)
    try:
        set_range(seen=said.pop("version"), **said, **who)
    except Stale as stale:
        form, now = form.over(stale.now.version), stale.now
        return _page(request, system, Situation.NORMAL, _text_form(system), status=409, range_form=form, range_now=now)
    messages.success(request, f"What is normal for {form.cleaned_data['metric_key']} is saved.")
    return redirect("systems:runbook", slug, Situation.NORMAL)
