"""People, for administrators: let in, change, let out."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import IntegrityError
from django.db.models import Q
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mlops_portal.engine.versions import Stale
from mlops_portal.pages.settings.forms import AddPersonForm, EditPersonForm
from mlops_portal.pages.settings.tabs import show, show_once
from systems.access import may
from systems.actions.people import LastAdministrator, add_person, edit_person, sign_in_link
from systems.doors import rule
from systems.models import Holding, Person, System
from systems.ownership import feeds_of

PAGE = 50


@rule("people.manage")
@require_safe
def people(request):
    """Everybody, those who may sign in first."""
    words = request.GET.get("q", "").strip()[:100]
    found = Person.objects.filter(Q(username__icontains=words) | Q(name__icontains=words) | Q(email__icontains=words))
    page = Paginator(found.prefetch_related("teams").order_by("-is_active", "username"), PAGE)
    return show(request, "settings/people.html", {"page": page.get_page(request.GET.get("page")), "words": words})


@rule("people.manage")
@require_http_methods(["GET", "POST"])
def add(request):
    form = AddPersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            person = add_person(by=request.user, **form.facts())
        except IntegrityError:  # somebody took the name at this very moment
            form.add_error("username", "This name has just been taken; choose another.")
        else:
            return _added(request, person)
    return show(request, "settings/person_add.html", {"form": form}, status=422 if form.errors else 200)


def _added(request, person: Person):
    if person.service:
        messages.success(request, f"{person} is added. Give it a token by manage.py token {person.username}.")
        return redirect("settings:person", person.username)
    return _show_link(request, person)


def _show_link(request, person: Person):
    link = sign_in_link(person, settings.BASE_URL)
    return show_once(request, "settings/sign_in_link.html", {"person": person, "link": link})


@rule("people.manage")
@require_http_methods(["GET", "POST"])
def person(request, username):
    """One person: what they may do, which teams they are in."""
    person = get_object_or_404(Person, username__iexact=username)
    form = EditPersonForm(request.POST or None, instance=person)
    refused = ""
    if request.method == "POST" and form.is_valid():
        try:
            edit_person(person=person, by=request.user, seen=form.cleaned_data["version"], **form.facts())
        except LastAdministrator as error:
            form.add_error("groups", str(error))
        except ValidationError as wrong:
            form.add_error(None, wrong)
        except Stale as stale:
            refused = _what_stands(stale.now)
            form.data = form.data.copy()
            form.data["version"] = stale.now.version
        else:
            messages.success(request, "Saved.")
            return redirect("settings:person", person.username)
    context = {"form": form, "person": Person.objects.get(pk=person.pk), "refused": refused}
    context |= {"held": _held_by(person, request.user), "feeds": feeds_of(person)}
    context |= {"may_hand_over": may(request.user, "role.assign")}
    return show(request, "settings/person.html", context, status=412 if refused else 422 if form.errors else 200)


def _held_by(person: Person, reader: Person) -> list[Holding]:
    """Return what the person holds, or is a deputy of, in the systems in use that `reader` may see."""
    seen = System.objects.visible_to(reader)
    held = Holding.objects.current().in_use().of(person).filter(system__in=seen)
    return list(held.select_related("system", "person"))


def _what_stands(now: Person) -> str:
    groups = ", ".join(now.groups) or "no group"
    stands = f"{now.name or 'no name'}, {now.email or 'no e-mail'}, {groups}"
    return f"Somebody else changed this meanwhile; now it says: {stands}. Save again to replace that by what is below."


@rule("people.manage")
@require_POST
def link(request, username):
    """Show a new sign-in link, once; it ends when it is used, or in an hour."""
    person = get_object_or_404(Person, username__iexact=username, is_active=True, service=False)
    return _show_link(request, person)


@rule("people.manage")
@require_http_methods(["GET", "POST"])
def deactivate(request, username):
    """Say what will happen, then end every access of the person at once."""
    person = get_object_or_404(Person, username__iexact=username, is_active=True)
    if request.method == "POST":
        return _let(request, person, is_active=False, done=f"{person} is out: sessions and tokens have ended.")
    context = {
        "title": f"Deactivate {person}?",
        "text": _what_will_happen(person, request.user),
        "action": request.path,
        "label": "Deactivate",
        "back": reverse("settings:person", args=[person.username]),
    }
    return render(request, "components/confirm.html", context)


def _what_will_happen(person: Person, asking: Person) -> str:
    tokens = person.tokens.alive().count()
    held = [one for one in _held_by(person, asking) if one.person_id == person.pk]
    roles = ", ".join(f"{holding.get_role_display().lower()} of {holding.system}" for holding in held)
    answers = f"Nobody will answer as {roles} until somebody else is named."
    answers = answers if roles else "No role is held of a system that you see."
    dead = f" and {tokens} token{'' if tokens == 1 else 's'} for ever" if tokens else ""
    ends = f"Open sessions end at once{dead}."
    owned = ", ".join(str(feed) for feed in feeds_of(person))
    feeds = f" Nobody will own the feeds {owned} until that is said anew." if owned else ""
    return f"{ends} {answers}{feeds} What was done by {person} stays under this name."


@rule("people.manage")
@require_POST
def reactivate(request, username):
    person = get_object_or_404(Person, username__iexact=username, is_active=False)
    return _let(request, person, is_active=True, done=f"{person} may sign in again; old tokens stay dead.")


def _let(request, person: Person, *, is_active: bool, done: str):
    try:
        edit_person(person=person, by=request.user, is_active=is_active)
        messages.success(request, done)
    except LastAdministrator as error:
        messages.error(request, str(error))
    return redirect("settings:person", person.username)
