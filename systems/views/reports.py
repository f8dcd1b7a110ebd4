"""Reports about the registry."""

from django.core.paginator import Paginator
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from mlops_portal.engine.spreadsheet import csv_answer
from systems import due_drills
from systems.access import Rights
from systems.checking import CHECKS
from systems.doors import rule
from systems.filters import teams_to_choose
from systems.gaps import COLUMNS, GAPS, GapFilter, count, facts, failing
from systems.models import Outcome, Role, System

PAGE_SIZE = 100
SHOWN = ["check_key", "why", "url", "since", "system__slug", "system__name", "system__tier", "system__team__name"]


@rule("read")
@require_safe
def gaps(request):
    """Every failing check, the longest first; a table for spreadsheets with ?format=csv."""
    found = GapFilter(request.GET, failing(request.user))
    if request.GET.get("format") == "csv":
        rows = ([str(value) for value in facts(row).values()] for row in found.qs.select_related("system__team"))
        return csv_answer("gaps.csv", COLUMNS, rows, by=request.user)
    counted = count(found, request.user)
    context = {
        "page": _page(request, found, counted.gaps),
        "form": found.form,
        "asked": request.GET,
        "teams": teams_to_choose(),
        "by_gap": [(key, GAPS[key], number) for key, number in counted.by_gap.items()],
        "systems_in_all": System.objects.visible_to(request.user).in_use().count(),
        "systems_with_gaps": counted.systems,
    }
    return render(request, "reports/gaps.html", context)


def _page(request, found: GapFilter, in_all: int):
    """Return one page of the gaps: sorted by keys alone, so that only what is shown is read whole."""
    pages = Paginator(found.qs.values_list("pk", flat=True), PAGE_SIZE)
    pages.count = in_all
    page = pages.get_page(request.GET.get("page"))
    keys = list(page.object_list)
    rows = Outcome.objects.select_related("system__team").only(*SHOWN).in_bulk(keys)
    page.object_list = [rows[key] for key in keys if key in rows]
    rights = Rights(request.user, {row.system for row in page.object_list})
    for row in page.object_list:
        row.check = CHECKS[row.check_key]
        row.asks = Role(row.check.for_role).label
        row.may_mend = rights.may_mend(row.url, row.system)
    return page


@rule("read")
@require_safe
def drills(request):
    """What has to be tried by when, month by month; a table for spreadsheets with ?format=csv."""
    seen = System.objects.visible_to(request.user).in_use().select_related("team")
    found = due_drills.DueFilter(request.GET, seen)
    rows = due_drills.due_drills(found.qs, today=timezone.now().date())
    if request.GET.get("format") == "csv":
        cells = ([str(value) if value is not None else "" for value in due_drills.facts(row).values()] for row in rows)
        return csv_answer("drills.csv", due_drills.COLUMNS, cells, by=request.user)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "months": due_drills.by_month(page.object_list),
        "form": found.form,
        "asked": request.GET,
        "due_now": sum(row.is_now for row in rows),
    }
    return render(request, "reports/drills.html", context)
