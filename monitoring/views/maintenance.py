"""Maintenance of a system: what is planned, what was, and planning one."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from monitoring.actions.maintenance import BadMaintenance, Over, end_maintenance, plan_maintenance
from monitoring.forms.maintenance import MaintenanceForm
from monitoring.models import Maintenance
from systems.access import RULES, may, require
from systems.doors import rule
from systems.models import System
from systems.views.finding import find_system, in_own_time

SHOWN = 50
FIELDS = {"from": "from_at", "to": "to_at"}


@require_http_methods(["GET", "POST"])
@rule("read", post="maintenance.plan")
@in_own_time
def maintenance(request, slug):
    """What is planned for a system, what was, and planning another."""
    system = find_system(request, slug)
    form = MaintenanceForm(request.POST or None)
    if request.method == "GET":
        return _page(request, system, form)
    require(request.user, "maintenance.plan", system)
    if form.is_valid():
        try:
            plan_maintenance(system=system, by=request.user, at=timezone.now(), **form.cleaned_data)
        except BadMaintenance as bad:
            form.add_error(FIELDS[bad.field], str(bad))
        else:
            messages.success(request, "Planned. Alerts of that time open no incident.")
            return redirect("monitoring:maintenance", system.slug)
    return _page(request, system, form, status=422)


def _page(request, system: System, form: MaintenanceForm, status: int = 200):
    now = timezone.now()
    rows = list(system.maintenance.select_related("by", "ended_by")[:SHOWN])
    for one in rows:
        one.is_now, one.is_ahead = one.holds_at(now), one.from_at > now and one.to_at > one.from_at
    context = {
        "system": system,
        "planned": rows,
        "now": next((one for one in rows if one.is_now), None),
        "form": form if may(request.user, "maintenance.plan", system) else None,
        "who_may": RULES["maintenance.plan"].sentence,
    }
    return render(request, "monitoring/maintenance.html", context, status=status)


@require_POST
@rule("maintenance.plan")
def end(request, maintenance_id):
    """End it before its time."""
    planned = get_object_or_404(
        Maintenance.objects.visible_to(request.user).select_related("system"), pk=maintenance_id
    )
    require(request.user, "maintenance.plan", planned.system)
    try:
        end_maintenance(maintenance=planned, by=request.user, at=timezone.now())
    except Over as over:
        messages.warning(request, str(over))
    else:
        messages.success(request, "Ended. What is still open now is told.")
    return redirect("monitoring:maintenance", planned.system.slug)
