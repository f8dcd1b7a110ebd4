"""The incident report: what is learned from all of them together."""

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from incidents.reports import COLUMNS, DAYS, RangeForm, report_for, rows
from mlops_portal.engine.spreadsheet import csv_answer
from systems.doors import rule


@rule("read")
@require_safe
def incidents(request):
    """Who noticed, how late, and how long each step took; a table for spreadsheets with ?format=csv."""
    form = RangeForm(request.GET)
    if not form.is_valid():
        return render(request, "reports/incidents.html", {"form": form, "ranges": DAYS}, status=400)
    asked = {"days": form.cleaned_data["days"], "at": timezone.now()}
    if request.GET.get("format") == "csv":
        return csv_answer("incidents.csv", COLUMNS, rows(request.user, **asked), by=request.user)
    report = report_for(request.user, **asked)
    context = {"form": form, "ranges": DAYS, "report": report, "chosen": str(asked["days"])}
    return render(request, "reports/incidents.html", context)
