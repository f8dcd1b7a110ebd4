"""All that somebody holds: to confirm it at once, and to hand it over when they leave."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from mlops_portal.engine.versions import Stale
from systems.actions.holdings import confirm_roles, hand_over_all
from systems.doors import rule
from systems.forms.ownership import LeavingForm
from systems.models import Person
from systems.ownership import feeds_of, held_by


@require_http_methods(["GET", "POST"])
@rule("role.own")
def mine(request):
    """What one holds, with the age of each confirmation, and one button that confirms it all."""
    if request.method == "POST":
        return _confirm(request)
    held, now = held_by(request.user), timezone.now()
    own = [one for one in held if one.person_id == request.user.pk]
    context = {
        "own": own,
        "stands_in": [one for one in held if one.person_id != request.user.pk],
        "overdue": sum(one.confirm_by <= now for one in own),
        "now": now,
        "feeds": feeds_of(request.user),
    }
    return render(request, "systems/mine.html", context)


def _confirm(request):
    confirmed, left = confirm_roles(seen=_shown(request), by=request.user, at=timezone.now())
    if confirmed:
        many = "one role" if len(confirmed) == 1 else f"{len(confirmed)} roles"
        messages.success(request, f"Confirmed: you answer for {many}.")
    if left:
        many = "One role" if left == 1 else f"{left} roles"
        messages.error(request, f"{many} changed in the meantime and waits: look again, then confirm.")
    return redirect("home" if confirmed and not left else "systems:mine")


def _shown(request) -> dict[int, int]:
    """Return the holdings that were shown, each with its version; what is not of this form is passed over."""
    pairs = [text.partition("-") for text in request.POST.getlist("holding")]
    return {int(pk): int(n) for pk, _, n in pairs if _is_number(pk) and _is_number(n)}


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


@require_http_methods(["GET", "POST"])
@rule("role.assign")
def leaving(request, username):
    """Hand over everything that a person holds: a successor for each role, or one for all."""
    person = get_object_or_404(Person, username__iexact=username)
    held = held_by(person)
    form = LeavingForm(request.POST or None, leaving=person, held=held, feeds=list(feeds_of(person)))
    status, changed = 200, []
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return _hand_over(request, person, form)
            except ValidationError as wrong:
                for name, texts in wrong.message_dict.items():
                    form.add_error(name, texts)
            except Stale:
                changed, status = form.changed(), 412
                form.over()
    people = Person.objects.may_answer(timezone.now()).exclude(pk=person.pk)
    context = {"person": person, "form": form, "people": people, "is_stale": status == 412, "changed": changed}
    context["count"] = len(form.held) + len(form.feeds)
    return render(request, "systems/leaving.html", context, status=status)


def _hand_over(request, person: Person, form: LeavingForm):
    roles, feeds = form.successors(), form.new_owners()
    count = hand_over_all(
        leaving=person,
        successors=roles,
        seen=form.seen("holding"),
        feeds=feeds,
        feeds_seen=form.seen("feed"),
        note=form.cleaned_data["note"],
        by=request.user,
        at=timezone.now(),
    )
    left = len(roles) + len(feeds) - count
    stays = f" {left} still ask for somebody." if left else ""
    messages.success(request, f"{count} of what {person} held went on to others.{stays}")
    return redirect("systems:leaving", person.username)
