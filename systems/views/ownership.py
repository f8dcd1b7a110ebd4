"""Who holds a role of a system: to read, to assign, to confirm."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from mlops_portal.engine.versions import Stale
from systems.access import RULES, may, require
from systems.actions.ownership import assign_role, confirm_role
from systems.doors import rule
from systems.forms import OwnerForm
from systems.models import Group, Holding, Person, Role, System


@require_http_methods(["GET", "POST"])
@rule("read", post="role.assign")
def owner(request, slug, role):
    system, role = _find(request, slug, role)
    now = Holding.objects.current().filter(system=system, role=role).first()
    form = OwnerForm(request.POST or None, system=system, initial=_as_it_stands(now))
    if request.method == "GET":
        return _page(request, system, role, form)
    require(request.user, "role.assign")
    if not form.is_valid():
        return _page(request, system, role, form, status=422)
    try:
        return _assign(request, system, role, **form.cleaned_data)
    except Stale as stale:
        return _page(request, system, role, form.over(stale.now.version), status=412)


def _find(request, slug, role) -> tuple[System, Role]:
    if role not in Role.values:
        raise Http404
    return get_object_or_404(System.objects.visible_to(request.user).in_use(), slug=slug), Role(role)


def _as_it_stands(holding: Holding | None) -> dict:
    if holding is None:
        return {"version": 0}
    return {"person": holding.person_id, "deputy": holding.deputy_id, "version": holding.version}


def _assign(request, system, role, *, person, deputy, note, version):
    who = {"person": person, "deputy": deputy, "note": note}
    assign_role(system=system, role=role, by=request.user, at=timezone.now(), seen=version, **who)
    messages.success(request, f"{person} is the {role.label.lower()} of {system.name}.")
    return redirect(f"{system.get_absolute_url()}#ownership")


def _page(request, system, role, form, status=200):
    chain = Holding.objects.filter(system=system, role=role).select_related("person", "deputy")
    holding = next((one for one in chain if one.to is None), None)
    context = {
        "system": system,
        "role": role,
        "holding": holding,
        "past": [one for one in chain if one.to],
        "form": form if may(request.user, "role.assign") else None,
        "is_stale": status == 412,
        "who_may": RULES["role.assign"].sentence,
        "managers": Person.objects.active().in_group(Group.MANAGER)[:5],
        "may_confirm": holding is not None and may(request.user, "role.confirm", holding),
    }
    return render(request, "systems/owner.html", context, status=status)


@require_POST
@rule("role.confirm")
def confirm(request, slug, role):
    system, role = _find(request, slug, role)
    holding = get_object_or_404(Holding.objects.current(), system=system, role=role)
    require(request.user, "role.confirm", holding)
    try:
        confirm_role(holding=holding, by=request.user, at=timezone.now(), seen=_seen(request))
    except Stale:
        messages.error(request, "This role was changed in the meantime: look again, then confirm.")
        return redirect("systems:owner", slug, role)
    messages.success(request, f"Confirmed: you answer for {system.name} as its {role.label.lower()}.")
    return redirect(f"{system.get_absolute_url()}#ownership")


def _seen(request) -> int | None:
    text = request.POST.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None
