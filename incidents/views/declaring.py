"""Declaring an incident, and changing what was said of it."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from incidents.actions.declaring import change_incident, declare
from incidents.forms import ChangeForm, DeclareForm
from incidents.views.incidents import seen_or_404
from mlops_portal.engine.versions import Stale
from systems.access import require
from systems.doors import rule


@rule("incident.declare")
@require_http_methods(["GET", "POST"])
def declare_page(request):
    """One short form; `?system=slug` chooses the system."""
    form = DeclareForm(request.POST or None, person=request.user, initial={"system": request.GET.get("system")})
    if request.method == "POST" and form.is_valid():
        try:
            incident = declare(by=request.user, at=timezone.now(), **form.declaration())
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, f"Incident {incident.number} is declared.")
            return redirect(incident)
    return render(request, "incidents/declare.html", {"form": form}, status=422 if form.errors else 200)


@rule("incident.act")
@require_http_methods(["GET", "POST"])
def change(request, number):
    """Another title or situation, or another severity with the reason."""
    incident = seen_or_404(request.user, number)
    require(request.user, "incident.act", incident)
    now = {name: getattr(incident, name) for name in ("title", "severity", "situation", "version")}
    now["held"] = "yes" if incident.held else "no"
    form = ChangeForm(request.POST or None, initial=now)
    refused = ""
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        try:
            change_incident(incident=incident, by=request.user, at=timezone.now(), seen=given.pop("version"), **given)
            return redirect(incident)
        except ValidationError as error:
            form.refuse(error)
        except Stale as stale:
            refused = "Somebody changed it while you were writing. Look at it as it stands, and save again."
            form.data = form.data.copy() | {"version": stale.now.version}
    status = 409 if refused else 422 if form.errors else 200
    return render(
        request, "incidents/change.html", {"form": form, "incident": incident, "refused": refused}, status=status
    )
