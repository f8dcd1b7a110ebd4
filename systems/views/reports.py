"""Reports about the registry."""

from django.core.paginator import Paginator
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from mlops_portal.engine.spreadsheet import csv_answer
from systems import due_drills
from systems.access import may_open
from systems.checking import CHECKS
from systems.doors import rule
from systems.gaps import COLUMNS, GAPS, GapFilter, counts, facts, failing
from systems.models import Role, System

PAGE_SIZE = 100


@rule("read")
@require_safe
def gaps(request):
    """Every failing check, the longest first; a table for spreadsheets with ?format=csv."""
    found = GapFilter(request.GET, failing(request.user))
    if request.GET.get("format") == "csv":
        rows = ([str(value) for value in facts(row).values()] for row in found.qs)
        return csv_answer("gaps.csv", COLUMNS, rows, by=request.user)
    page = Paginator(found.qs, PAGE_SIZE).get_page(request.GET.get("page"))
    for row in page.object_list:
        row.check = CHECKS[row.check_key]
        row.asks = Role(row.check.for_role).label
        row.may_mend = may_open(request.user, row.url, row.system)
    whatever = request.GET.copy()
    whatever.pop("gap", None)
    by_gap = counts(GapFilter(whatever, failing(request.user)).qs)
    context = {
        "page": page,
        "form": found.form,
        "asked": request.GET,
        "by_gap": [(key, GAPS[key], count) for key, count in by_gap.items()],
        "systems_in_all": System.objects.visible_to(request.user).in_use().count(),
        "systems_with_gaps": found.qs.order_by().values("system").distinct().count(),
    }
    return render(request, "reports/gaps.html", context)


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
