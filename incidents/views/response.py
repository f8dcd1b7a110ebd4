"""What people do about an incident. Whoever comes second reads who was first, with everything still typed."""

from django.contrib import messages
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from incidents.actions import response
from incidents.actions.response import AlreadyDone
from incidents.forms import MitigateForm, ResolveForm, StepForm, WriteForm
from incidents.models import Incident
from incidents.views.incidents import seen_or_404, show
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
    messages.success(request, done)
    return redirect(incident)


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
