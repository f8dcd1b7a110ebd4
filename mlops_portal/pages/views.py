"""Home: what needs the person who is signed in, and the systems that they answer for."""

from django.conf import settings
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from mlops_portal.pages.needs import needs_of
from mlops_portal.pages.systems import status_counts, with_other_floors
from systems.doors import rule
from systems.models import Group, Level, Notice, System
from systems.models.system import PORTAL

MOST_SYSTEMS = 50
MOST_UNWELL = 5


@require_safe
@rule("read")
def home(request):
    seen = System.objects.visible_to(request.user)
    counts = status_counts(seen.in_use().with_status())
    in_all = sum(count for _, count in counts)
    if in_all <= 1 and not seen.exclude(slug=PORTAL).exists():  # more than one are not the portal alone
        return _first_run(request)
    mine = seen.of(request.user).in_use().for_list_page().worst_first()
    own = with_other_floors(mine[:MOST_SYSTEMS])
    worst = [] if own else with_other_floors(_unwell(seen)[:MOST_UNWELL])
    found = needs_of(request.user)
    request.counted = found.counted
    context = {
        "needs": found.needs,
        "own": own,
        "own_count": mine.count() if len(own) == MOST_SYSTEMS else len(own),
        "counts": counts,
        "in_all": in_all,
        "worst": worst,
        "groups": [("", 0, own or worst)],
    }
    return render(request, "pages/home.html", context)


def _unwell(seen):
    """Return those of all systems that are not all right, worst first: what to know whoever one is."""
    unwell = [Level.FAILING, Level.DEGRADED]
    return seen.in_use().for_list_page().filter(status_now__in=unwell).worst_first()


def _first_run(request):
    """The page of a portal in which nothing is registered yet; what happened to the portal itself stands above."""
    team = request.user.teams.exclude(slug="administrators").first()
    context = {
        "needs": [need for need in needs_of(request.user).needs if need.incident or need.notices],
        "base_url": settings.BASE_URL,
        "team": team,
        "may_add_people": request.user.is_in(Group.ADMINISTRATOR),
    }
    return render(request, "pages/first_run.html", context)


@require_POST
@rule("read")
def read_notices(request):
    """Mark the notices that were shown as read; others' notices stay as they are."""
    shown = [int(text) for text in request.POST.getlist("notice") if text.isdecimal() and len(text) < 16]
    Notice.objects.unread_by(request.user).mark_read(shown)
    return redirect("home")
