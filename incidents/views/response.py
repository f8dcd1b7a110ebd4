"""What people do about an incident. Whoever comes second reads who was first, with everything still typed."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from incidents.actions import response, ticking
from incidents.actions.response import AlreadyDone
from incidents.forms import MitigateForm, ResolveForm, StepForm, TickForm, WriteForm
from incidents.models import Incident
from incidents.views.incidents import live, seen_or_404, show
from mlops_portal.engine.versions import Stale
from systems.access import require
from systems.doors import rule


@rule("incident.act")
@require_POST
def acknowledge(request, number):
    return _take(request, number, StepForm, response.acknowledge, "You are on it: everybody sees that.")


@rule("incident.act")
@require_POST
def mitigate(request, number):
    return _take(request, number, MitigateForm, response.mitigate, "Mitigated: the harm has stopped.")


@rule("incident.act")
@require_POST
def resolve(request, number):
    return _take(request, number, ResolveForm, response.resolve, "Resolved.")


def _take(request, number: int, form_class, step, done: str):
    incident = seen_or_404(request.user, number)
    require(request.user, "incident.act", incident)
    form = form_class(request.POST)
    if not form.is_valid():
        return show(request, incident, form=form, status=422)
    given = dict(form.cleaned_data)
    try:
        step(incident=incident, by=request.user, at=timezone.now(), seen=given.pop("version"), **given)
    except (AlreadyDone, Stale) as first:
        return _second(request, number, first.now)
    messages.success(request, f"{done} {_still_wrong(incident)}".strip() if step is response.resolve else done)
    return redirect(incident)


def _still_wrong(incident: Incident) -> str:
    """Say what becomes of alerts that are still open when people say that it is over."""
    still_open = incident.memberships.still_open().count()
    if not still_open:
        return ""
    what = "An alert is" if still_open == 1 else f"{still_open} alerts are"
    return f"{what} still open and stays here; only a new one opens a new incident."


def _second(request, number: int, now: Incident):
    """Say who was first, over the page as it stands now and with what was typed."""
    refused = f"{now.last_step_sentence()} You were second, so nothing was changed."
    typed = WriteForm(initial={"text": request.POST.get("text", "")})
    return show(request, seen_or_404(request.user, number), form=typed, refused=refused, status=409)


@rule("incident.act")
@require_POST
def write(request, number):
    """Append one entry to the timeline."""
    incident = seen_or_404(request.user, number)
    require(request.user, "incident.act", incident)
    form = WriteForm(request.POST)
    if not form.is_valid():
        return show(request, incident, form=form, status=422)
    response.write_note(incident=incident, text=form.cleaned_data["text"], by=request.user, at=timezone.now())
    return redirect(f"{incident.get_absolute_url()}#timeline")


@rule("incident.act")
@require_POST
def tick(request, number):
    """Tick a step of the runbook, or take the tick away; the parts of the page for htmx, the page for the rest."""
    incident = seen_or_404(request.user, number)
    require(request.user, "incident.act", incident)
    form = TickForm(request.POST)
    if not form.is_valid():
        return show(request, incident, form=WriteForm(), refused="It was not said which step is meant.", status=422)
    system = next((one for one in incident.shown_systems if one.slug == form.cleaned_data["system"]), None)
    if system is None:
        raise Http404
    given = form.cleaned_data | {"system": system}
    try:
        ticking.tick(incident=incident, by=request.user, at=timezone.now(), **given)
    except ticking.NoSuchStep:
        raise Http404 from None
    key = f"{system.slug}:{given['situation']}"
    if request.htmx:
        return render(request, "incidents/_live.html", live(incident, request.user, runbook=key))
    return redirect(f"{incident.get_absolute_url()}?runbook={key}#step-{given['step']}")
