"""What a system depends on, and what depends on it."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from mlops_portal.engine.versions import Stale
from systems.access import RULES, may, require
from systems.actions.dependencies import Circular, set_dependencies
from systems.actions.feeds import FeedRetired
from systems.doors import rule
from systems.feeds import dependencies_of
from systems.forms.feeds import FeedOfForm, SystemOfForm
from systems.models import System
from systems.views.finding import find_system


@require_http_methods(["GET", "POST"])
@rule("read", post="system.edit")
def dependencies(request, slug):
    """Both sides; posted to, one is added (`what` says which form) or taken away (`remove_feed`, `remove_system`)."""
    system = find_system(request, slug)
    what, seen = request.POST.get("what"), {"version": system.version}
    feed = FeedOfForm(request.POST if what == "feed" else None, prefix="feed", system=system, initial=seen)
    other = SystemOfForm(
        request.POST if what == "system" else None, prefix="system", system=system, person=request.user, initial=seen
    )
    if request.method == "GET":
        return _page(request, system, feed, other)
    require(request.user, "system.edit", system)
    form = other if what == "system" else feed
    try:
        if what == "remove":
            return _remove(request, system)
        if form.is_valid():
            return _add(request, system, form.cleaned_data)
    except Circular as error:
        other.add_error("system", str(error))
    except FeedRetired as error:
        feed.add_error("feed", str(error))
    except Stale as stale:
        form.over(stale.now.version)
        return _page(request, stale.now, feed, other, status=412)
    return _page(request, system, feed, other, status=422)


def _add(request, system: System, said: dict):
    now = dependencies_of(system, request.user)
    if "feed" in said:
        sets = {"feeds": [*now["feeds"], said["feed"]]}
    else:
        sets = {"systems": [*now["systems"], said["system"]]}
    return _set(request, system, f"{system} depends on {said.get('feed') or said['system']}.", said["version"], **sets)


def _remove(request, system: System):
    now = dependencies_of(system, request.user)
    feed, other = request.POST.get("feed", ""), request.POST.get("system", "")
    kept = {
        "feeds": [one for one in now["feeds"] if one.slug != feed],
        "systems": [one for one in now["systems"] if one.slug != other],
    }
    return _set(request, system, f"{system} does not depend on it any more.", None, **kept)


def _set(request, system: System, said: str, seen: int | None, **sets):
    set_dependencies(system=system, by=request.user, at=timezone.now(), seen=seen, **sets)
    messages.success(request, said)
    return redirect("systems:dependencies", system.slug)


def _page(request, system, feed, other, status=200):
    may_edit = may(request.user, "system.edit", system)
    context = dependencies_of(system, request.user) | {
        "system": system,
        "feed_form": feed if may_edit else None,
        "system_form": other if may_edit else None,
        "may_add_feed": may_edit and may(request.user, "feed.add"),
        "neighbours": System.objects.in_use().filter(team=system.team_id).exclude(pk=system.pk) if may_edit else [],
        "is_stale": status == 412,
        "who_may": RULES["system.edit"].sentence,
    }
    return render(request, "systems/dependencies.html", context, status=status)
