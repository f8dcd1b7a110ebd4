"""Who holds a role of a system: to read, to assign and hand over, to confirm."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from mlops_portal.engine.versions import Stale
from systems.access import RULES, may, require
from systems.actions.ownership import assign_role, confirm_role
from systems.actions.readiness import NotFromHere
from systems.doors import rule
from systems.forms.ownership import OwnerForm
from systems.models import Group, Holding, Person, Role, System
from systems.ownership import chain_of


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
        return _assign(request, system, role, form)
    except ValidationError as wrong:
        form.refuse(wrong)
        return _page(request, system, role, form, status=422)
    except Stale as stale:
        return _page(request, system, role, form.over(0 if stale.now.to else stale.now.version), status=412)


def _find(request, slug, role) -> tuple[System, Role]:
    if role not in Role.values:
        raise Http404
    return get_object_or_404(System.objects.visible_to(request.user), slug=slug), Role(role)


def _as_it_stands(holding: Holding | None) -> dict:
    if holding is None:
        return {"version": 0}
    return {name: getattr(holding, name) for name in ("person", "deputy", "until", "note", "version")}


def _assign(request, system, role, form: OwnerForm):
    seen, at = form.cleaned_data["version"], timezone.now()
    try:
        holding = assign_role(system=system, role=role, by=request.user, at=at, seen=seen, **form.terms())
    except NotFromHere as refusal:  # retired at this very moment
        messages.error(request, str(refusal))
        return redirect(system)
    messages.success(request, f"{holding.person} is the {role.label.lower()} of {system.name}.")
    return redirect(f"{system.get_absolute_url()}#ownership")


def _page(request, system, role, form, status=200):
    chain = chain_of(system, role, at=timezone.now())
    holding = chain.now
    context = {
        "system": system,
        "role": role,
        "chain": chain,
        "holding": holding,
        "form": form if may(request.user, "role.assign") and not system.retired_at else None,
        "is_stale": status == 412,
        "who_may": RULES["role.assign"].sentence,
        "managers": Person.objects.active().in_group(Group.MANAGER)[:5],
        "may_confirm": holding and not system.retired_at and may(request.user, "role.confirm", holding),
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
    except (Stale, NotFromHere):
        messages.error(request, "This role was changed in the meantime: look again, then confirm.")
        return redirect("systems:owner", slug, role)
    messages.success(request, f"Confirmed: you answer for {system.name} as its {role.label.lower()}.")
    return redirect("home" if "home" in request.POST else f"{system.get_absolute_url()}#ownership")


def _seen(request) -> int | None:
    text = request.POST.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None
