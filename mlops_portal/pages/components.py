"""/components/: every piece that pages are made of, in all its states, for who writes pages."""

import math
from datetime import UTC, datetime, timedelta

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.utils import timezone

from incidents.models.incident import Severity
from mlops_portal.engine.health import Lateness
from monitoring.charts import Limit, LineChart, Mark, Span
from systems.doors import rule
from systems.models.condition import Level
from systems.models.person import Person

START = datetime(2026, 3, 1, tzinfo=UTC)


class ExampleForm(forms.Form):
    """Every kind of control once."""

    name = forms.CharField(help_text="As people call it.", max_length=20)
    purpose = forms.CharField(widget=forms.Textarea, required=False, help_text="One plain sentence.")
    tier = forms.ChoiceField(choices=[("1", "1, the highest"), ("2", "2"), ("3", "3"), ("4", "4")])
    kind = forms.ChoiceField(widget=forms.RadioSelect, choices=[("batch", "Batch"), ("request", "On request")])
    agreed = forms.BooleanField(label="Its owner has agreed", help_text="Ask first.")


@rule("components.read")
def components(request):
    """The page; posted to, the form answers with its errors, or with a toast."""
    if "confirm" in request.GET:
        return render(request, "components/confirm.html", _CONFIRM)
    form = ExampleForm(request.POST or None)
    if request.method == "POST" and ("confirmed" in request.GET or form.is_valid()):
        messages.success(request, "This is a toast. Nothing was changed.")
        return redirect("components")
    return render(request, "pages/components.html", _context(request, form))


_CONFIRM = {
    "title": "Retire this example?",
    "text": "It says what will happen to what. Here nothing will.",
    "action": "/components/?confirmed=yes",
    "label": "Retire",
    "back": "/components/",
}


def _context(request, form) -> dict:
    return {
        "form": form,
        "wrong_form": ExampleForm({"name": "a name that is far too long for this"}, auto_id="id_wrong_%s"),
        "levels": Level.worst_first(),
        "severities": Severity.values,
        "moments": [timezone.now() - timedelta(seconds=s) for s in (5, 300, 7200, 180_000, 90 * 86_400)] + [None],
        "due": [timezone.now() + timedelta(seconds=s) for s in (7_300, 200_000, -200_000)] + [None],
        "late": Lateness(timezone.now() - timedelta(minutes=4), ("judge", "pull")),
        "people": [request.user, *_FACES, None],
        "page": Paginator(range(1, 241), 50).get_page(request.GET.get("page", 2)),
        "tabs": [
            {"url": "?", "label": "All", "current": "open" not in request.GET, "count": 12},
            {"url": "?open=yes", "label": "Open", "current": "open" in request.GET, "count": 3},
            {"url": "/components/#marks", "label": "Without a count", "current": False},
        ],
        "confirm": _CONFIRM,
        "lines": _lines(),
        "chart": _chart(),
        "empty_chart": LineChart("No data for 6 hours: the last pull at 09:14 timed out after 30 s.", []),
        "strip": _strip(),
    }


_FACES = [Person(username="product-owner", name="Product Owner"), Person(username="on-call", name="On Call")]


def _lines() -> list[tuple[str, list]]:
    wave = [0.9 + 0.02 * math.sin(i / 2) for i in range(30)]
    falling = [value - max(0, i - 18) * 0.008 for i, value in enumerate(wave)]
    gap = [None if 8 <= i <= 14 else value for i, value in enumerate(wave)]
    return [
        ("steady", wave),
        ("falling", falling),
        ("with a gap", gap),
        ("one value", [0.9]),
        ("no data", []),
    ]


def _chart() -> LineChart:
    hours = [START + timedelta(hours=h) for h in range(24 * 14)]
    values = [0.915 + 0.006 * math.sin(h / 5) - max(0, h - 216) * 0.0004 for h in range(len(hours))]
    points = [(at, value) for h, (at, value) in enumerate(zip(hours, values, strict=True)) if not 100 <= h < 130]
    return LineChart(
        label="Accuracy has fallen from 0.91 to 0.87 since 10 March (baseline 0.92).",
        points=points,
        gap_s=7200,
        band=[(hours[0], 0.9, 0.93), (hours[-1], 0.9, 0.93)],
        baseline=0.92,
        limits=[Limit(0.88, "lower limit")],
        marks=[Mark(hours[190], "deployment", "Version 12 deployed"), Mark(hours[280], "incident", "Incident 41")],
        spans=[Span(hours[216], hours[280], "Change detected, begun on 10 March")],
        unit="share",
    )


def _strip() -> list[tuple[str, str]]:
    """Ninety days of one system: (day, level), an empty level before it was registered."""
    levels = [*[""] * 10, *["unmonitored"] * 8, *["healthy"] * 40, *["degraded"] * 6, "failing", "failing"]
    levels += [*["unknown"] * 3, *["healthy"] * 21]
    first = START - timedelta(days=89)
    return [((first + timedelta(days=n)).strftime("%-d %B"), level) for n, level in enumerate(levels)]
