"""Who holds a role of a system: to read, to assign and hand over, now or on a day to come, to empty, to confirm."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from mlops_portal.engine.models import Change
from mlops_portal.engine.versions import Stale
from systems.access import RULES, may, require
from systems.actions.hand_overs import name_holder, take_back
from systems.actions.ownership import confirm_role, vacate_role
from systems.actions.readiness import NotFromHere
from systems.doors import rule
from systems.forms.ownership import EmptyForm, OwnerForm
from systems.models import Group, HandOver, Holding, Person, Role, System
from systems.ownership import asks_deputy, chain_of, day, version_of

MOST_EDITS = 5  # of those that came in between are shown
CHANGED = "This role was changed in the meantime: look again, then do it."


@require_http_methods(["GET", "POST"])
@rule("read", post="role.assign")
def owner(request, slug, role):
    system, role = _find(request, slug, role)
    now = Holding.objects.current().filter(system=system, role=role).first()
    initial = _as_it_stands(now) | {"version": version_of(system, role, now)}
    form = OwnerForm(request.POST or None, system=system, initial=initial)
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
    except Stale:
        return _page(request, system, role, form.over(_version(system, role)), status=412)


def _find(request, slug, role) -> tuple[System, Role]:
    if role not in Role.values:
        raise Http404
    return get_object_or_404(System.objects.visible_to(request.user), slug=slug), Role(role)


def _as_it_stands(holding: Holding | None) -> dict:
    return {name: getattr(holding, name, None) for name in ("person", "deputy", "until", "note")}


def _version(system: System, role: str) -> int:
    """Return the version of the role as it stands now."""
    return version_of(system, role, Holding.objects.current().filter(system=system, role=role).first())


def _assign(request, system, role, form: OwnerForm):
    seen, at = form.cleaned_data["version"], timezone.now()
    try:
        done = name_holder(system=system, role=role, by=request.user, at=at, seen=seen, **form.terms())
    except NotFromHere as refusal:  # retired at this very moment
        messages.error(request, str(refusal))
        return redirect(system)
    planned = f"{done.person} takes over as {done.role_words} of {system.name} on {day(done.from_at)}."
    named = f"{done.person} is the {done.role_words} of {system.name}."
    messages.success(request, planned if isinstance(done, HandOver) else named)
    return redirect(f"{system.get_absolute_url()}#ownership")


def _page(request, system, role, form, status=200):
    at = timezone.now()
    chain = chain_of(system, role, at=at)
    holding = chain.now
    asks = holding and holding.deputy and (chain.is_overdue or not holding.is_filled(at))
    context = {
        "system": system,
        "role": role,
        "chain": chain,
        "holding": holding,
        "form": form if may(request.user, "role.assign") and not system.retired_at else None,
        "plan": HandOver.objects.filter(system=system, role=role).with_people().first(),
        "version": version_of(system, role, holding),
        "is_stale": status == 412,
        "edits": _edits_since(system, role, form) if status == 412 else [],
        "asks_deputy": asks_deputy(holding, at) if asks else "",
        "who_may": RULES["role.assign"].sentence,
        "managers": Person.objects.active().in_group(Group.MANAGER)[:5],
        "may_confirm": holding and not system.retired_at and may(request.user, "role.confirm", holding),
    }
    return render(request, "systems/owner.html", context, status=status)


def _edits_since(system: System, role: str, form) -> list[Change]:
    """Return what was done to the role since it was shown with the form, newest first."""
    count = _version(system, role) - form.cleaned_data["version"]
    edits = Change.objects.filter(system__in=system.slugs, kind="role", object=role)
    return list(edits[: min(max(count, 1), MOST_EDITS)])


@require_http_methods(["GET", "POST"])
@rule("role.assign")
def empty(request, slug, role):
    """Say what will happen, ask why, then let nobody hold the role any more."""
    system, role = _find(request, slug, role)
    now = Holding.objects.current().filter(system=system, role=role).select_related("person").first()
    if now is None or system.retired_at:
        raise Http404
    form, status = EmptyForm(request.POST or None, initial={"version": now.version}), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return _empty(request, system, role, form)
            except Stale:
                status = 412
    edits = _edits_since(system, role, form) if status == 412 else []
    form = form.over(now.version) if status == 412 else form
    plan = HandOver.objects.filter(system=system, role=role).with_people().first()
    context = {"system": system, "role": role, "holding": now, "plan": plan, "form": form, "edits": edits}
    return render(request, "systems/owner_empty.html", context, status=status)


def _empty(request, system: System, role: Role, form: EmptyForm):
    said = form.cleaned_data
    facts = {"note": said["note"], "seen": said["version"], "by": request.user, "at": timezone.now()}
    try:
        vacate_role(system=system, role=role, **facts)
    except NotFromHere as refusal:  # retired at this very moment
        messages.error(request, str(refusal))
        return redirect(system)
    messages.success(request, f"Nobody is the {role.label.lower()} of {system.name} any more.")
    return redirect("systems:owner", system.slug, role)


@require_POST
@rule("role.assign")
def call_off(request, slug, role):
    """Take back what is planned for the role."""
    system, role = _find(request, slug, role)
    try:
        take_back(system=system, role=role, by=request.user, at=timezone.now(), seen=_seen(request))
    except (Stale, NotFromHere):
        messages.error(request, CHANGED)
    else:
        messages.success(request, "Taken back: nothing is planned, and everything stays as it is.")
    return redirect("systems:owner", slug, role)


@require_POST
@rule("role.confirm")
def confirm(request, slug, role):
    system, role = _find(request, slug, role)
    holding = get_object_or_404(Holding.objects.current(), system=system, role=role)
    require(request.user, "role.confirm", holding)
    try:
        confirm_role(holding=holding, by=request.user, at=timezone.now(), seen=_seen(request))
    except (Stale, NotFromHere):
        messages.error(request, CHANGED)
        return redirect("systems:owner", slug, role)
    who = "you answer" if holding.person_id == request.user.pk else f"{holding.person} answers"
    messages.success(request, f"Confirmed: {who} for {system.name} as its {role.label.lower()}.")
    return redirect("home" if "home" in request.POST else f"{system.get_absolute_url()}#ownership")


def _seen(request) -> int | None:
    text = request.POST.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None
