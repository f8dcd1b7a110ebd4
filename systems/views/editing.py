"""Registering, editing and retiring a system."""

from copy import copy

from django.contrib import messages
from django.db import IntegrityError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from mlops_portal.engine.models import Change
from mlops_portal.engine.versions import Stale
from systems.access import require
from systems.actions.registry import edit_system, register_system, retire_system
from systems.doors import rule
from systems.forms.registry import EditForm, RegisterForm
from systems.models import System


@require_http_methods(["GET", "POST"])
@rule("system.register")
def register(request):
    form = RegisterForm(request.POST or None, person=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            system = register_system(by=request.user, at=timezone.now(), **form.facts())
        except IntegrityError:  # somebody took the short name at this very moment
            form.add_error("slug", "This short name has just been taken; choose another.")
        else:
            messages.success(request, f"{system.name} is registered. What is still missing stands under Ownership.")
            return redirect(system)
    return render(request, "systems/register.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@rule("system.edit")
def edit(request, slug):
    system = _to_edit(request, slug)
    form = EditForm(request.POST or None, instance=copy(system), person=request.user)
    changes, is_stale = [], False
    if request.method == "POST" and form.is_valid():
        try:
            return _save(request, system, form)
        except IntegrityError:  # somebody took the short name at this very moment
            form.add_error("slug", "This short name has just been taken; choose another.")
        except Stale as stale:
            changes = _edits_since(stale.now, form.cleaned_data["version"])
            form, is_stale = form.over(stale.now.version), True
    status = 412 if is_stale else 422 if form.errors else 200
    context = {
        "form": form,
        "system": system,
        "is_stale": is_stale,
        "changes": changes,
        "retiring": _retiring(system),
    }
    return render(request, "systems/form.html", context, status=status)


def _to_edit(request, slug) -> System:
    system = get_object_or_404(System.objects.visible_to(request.user).in_use(), slug=slug)
    require(request.user, "system.edit", system)
    return system


def _save(request, system, form):
    seen = form.cleaned_data["version"]
    system = edit_system(system=system, by=request.user, at=timezone.now(), seen=seen, **form.facts())
    messages.success(request, f"{system.name} is saved.")
    return redirect(system)


def _edits_since(system: System, seen: int):
    """Return what was edited after version `seen`, newest first."""
    kinds, verbs = ["system", "dependencies"], ["edited", "retired", "set"]
    edits = Change.objects.filter(system__in=system.slugs, kind__in=kinds, verb__in=verbs)
    return edits[: max(system.version - seen, 0)]


@require_http_methods(["GET", "POST"])
@rule("system.edit")
def retire(request, slug):
    system = _to_edit(request, slug)
    if system.is_portal:
        raise Http404
    if request.method == "POST":
        retire_system(system=system, by=request.user, at=timezone.now())
        messages.success(request, f"{system.name} is retired. Its page and its history stay.")
        return redirect(system)
    return render(request, "components/confirm.html", _retiring(system))


def _retiring(system: System) -> dict:
    """Return what the dialog, and without scripts the page, asks before a system is retired."""
    return {
        "title": f"Retire {system.name}?",
        "text": "It leaves the list of systems and nobody is asked about its gaps any more. Its page, its roles and "
        "its history stay, and open incidents stay open. Whoever decides on its phase can bring it back.",
        "action": reverse("systems:retire", args=[system.slug]),
        "label": "Retire",
        "back": reverse("systems:edit", args=[system.slug]),
    }
