"""Teams, for administrators: add one, and say who is in it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import Count, Q
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mlops_portal.pages.settings.forms import MemberForm, TeamForm
from mlops_portal.pages.settings.tabs import show
from systems.actions.people import ADMINISTRATORS
from systems.actions.teams import add_team, join_team, leave_team
from systems.doors import rule
from systems.models import Person, System, Team


@rule("people.manage")
@require_safe
def teams(request):
    seen = Q(systems__in=System.objects.visible_to(request.user))
    counted = Team.objects.annotate(
        people_count=Count("members", distinct=True), system_count=Count("systems", filter=seen, distinct=True)
    )
    return show(request, "settings/teams.html", {"teams": counted})


@rule("people.manage")
@require_http_methods(["GET", "POST"])
def add(request):
    form = TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            team = add_team(by=request.user, **form.cleaned_data)
        except IntegrityError:  # somebody took the short name at this very moment
            form.add_error("slug", "This short name has just been taken; choose another.")
        else:
            messages.success(request, f"{team} is added. Say who is in it.")
            return redirect("settings:team", team.slug)
    return show(request, "settings/team_add.html", {"form": form}, status=422 if form.errors else 200)


@rule("people.manage")
@require_http_methods(["GET", "POST"])
def team(request, slug):
    """One team; a POST adds a member."""
    team = get_object_or_404(Team, slug=slug)
    form = MemberForm(request.POST or None, team=team)
    if request.method == "POST" and form.is_valid():
        _refuse_by_hand(team)
        join_team(team=team, person=form.cleaned_data["person"], by=request.user)
        messages.success(request, f"{form.cleaned_data['person']} is in {team}.")
        return redirect("settings:team", team.slug)
    context = {"team": team, "members": team.members.all(), "form": form, "by_group": team.slug == ADMINISTRATORS}
    return show(request, "settings/team.html", context, status=422 if form.errors else 200)


@rule("people.manage")
@require_POST
def leave(request, slug, username):
    team = get_object_or_404(Team, slug=slug)
    person = get_object_or_404(Person, username__iexact=username)
    _refuse_by_hand(team)
    leave_team(team=team, person=person, by=request.user)
    messages.success(request, f"{person} is no longer in {team}.")
    return redirect("settings:team", team.slug)


def _refuse_by_hand(team: Team) -> None:
    if team.slug == ADMINISTRATORS:
        raise PermissionDenied("Who is in this team follows from the group administrator: change it under People.")
