"""The tabs of the settings: each is shown to whom its rule lets in."""

from django.shortcuts import redirect, render
from django.urls import reverse

from systems.access import may
from systems.doors import rule

TABS = [
    ("settings:tokens", "Tokens", "token.own"),
    ("settings:people", "People", "people.manage"),
    ("settings:teams", "Teams", "people.manage"),
    ("settings:intervals", "Intervals", "interval.set"),
    ("settings:audit", "Audit", "audit.read"),
    ("settings:health", "Portal health", "read"),
    ("settings:account", "My account", "read"),
]


def show(request, template: str, context: dict, *, status: int = 200):
    """Return the page with the tabs that the person may open; one is current when one is there or below."""
    tabs = [
        {"url": reverse(route), "label": label, "current": request.path.startswith(reverse(route))}
        for route, label, key in TABS
        if may(request.user, key)
    ]
    return render(request, template, {"tabs": tabs, **context}, status=status)


def show_once(request, template: str, context: dict):
    """Return a page that holds a secret: no browser or proxy may keep it (S42)."""
    response = show(request, template, context)
    response["Cache-Control"] = "no-store"
    return response


@rule("read")
def home(request):
    return redirect("settings:tokens")
