"""The portfolio on one page: how far the systems are, who answers, what they cost, what production keeps."""

from django.core.paginator import Paginator
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mlops_portal.engine.spreadsheet import csv_answer
from systems.doors import rule
from systems.drawing import shares, sums_drawn
from systems.filters import SystemFilter, teams_to_choose
from systems.models import Phase, Scoped, System, Verdict
from systems.portfolio import portfolio_of
from systems.portfolio_rows import COLUMNS, cells, with_sums

PAGE_SIZE = 50
FILTERS = [
    ("phase", "Phase", Phase.choices),
    ("verdict", "Readiness", Verdict.choices),
    ("scoped", "Scoped", [(word, label.capitalize()) for word, label in Scoped.choices]),
    ("tier", "Tier", [(str(tier), f"Tier {tier}") for tier in (1, 2, 3, 4)]),
    ("sort", "Order", list(SystemFilter.Sort.LABELS.items())),
]


@rule("read")
@require_safe
def portfolio(request):
    """The sums, and below one row a system; a table for spreadsheets with ?format=csv."""
    asked = request.GET
    found = SystemFilter(asked, System.objects.visible_to(request.user).with_status())
    if asked.get("format") == "csv":
        rows = (cells(system) for system in with_sums(found.qs.for_list_page().defer(None)))
        return csv_answer("portfolio.csv", COLUMNS, rows, by=request.user)
    told = portfolio_of(found.qs)
    page = Paginator(found.qs.values_list("pk", flat=True), PAGE_SIZE).get_page(asked.get("page"))
    page.object_list = with_sums(System.objects.for_list_page().in_order(list(page.object_list)))
    context = {
        "told": told,
        "coverage": shares([(one, one.share) for one in told.coverage]),
        "costs": sums_drawn(told.costs),
        "gaps": shares([(one, one.count / told.systems if told.systems else None) for one in told.gaps]),
        "page": page,
        "found": found,
        "asked": asked,
        "teams": teams_to_choose(),
        "selects": [(name, label, choices, asked.get(name, "")) for name, label, choices in FILTERS],
    }
    return render(request, "reports/portfolio.html", context)
