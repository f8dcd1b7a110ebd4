"""Filling in the past of a source: asking for it, how far it is, cancelling it."""

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mlops_portal.engine.limits import spend
from monitoring.actions import backfilling
from monitoring.forms.backfill import BackfillForm
from monitoring.models import Backfill, Source
from monitoring.views.sources import seen_or_404
from systems.access import may, require
from systems.doors import rule

SHOWN = 10
OFFERED = timedelta(days=30)


@require_http_methods(["GET", "POST"])
@rule("system.edit")
def fill_in(request, source_id):
    source = seen_or_404(request.user, source_id)
    require(request.user, "system.edit", source.system)
    today = timezone.now().date()
    form = BackfillForm(request.POST or None, initial={"first": today - OFFERED, "last": today})
    if request.method == "POST" and form.is_valid():
        spend("pull", by=request.user)
        try:
            backfilling.backfill(source, **form.times(), by=request.user, at=timezone.now())
            return redirect("monitoring:backfill", source.pk)
        except backfilling.CannotBackfill as cannot:
            form.refuse(cannot.field, str(cannot))
        except backfilling.Underway as underway:
            form.refuse("", str(underway))
    context = live(source, request.user) | {"form": form, "kept_days": settings.RETENTION_DAYS}
    return render(request, "monitoring/backfill.html", context, status=422 if form.errors else 200)


@require_safe
@rule("read")
def progress(request, source_id):
    """The part of the page that asks for itself again while the past is being read."""
    return render(request, "monitoring/_backfill_live.html", live(seen_or_404(request.user, source_id), request.user))


def live(source: Source, person) -> dict:
    """Return what the page shows and reading changes."""
    rows = list(source.backfills.select_related("asked_by")[:SHOWN])
    return {
        "source": source,
        "system": source.system,
        "why_not": backfilling.why_not(source),
        "rows": rows,
        "running": next((row for row in rows if row.ended_at is None), None),
        "may_edit": source.system.retired_at is None and may(person, "system.edit", source.system),
    }


@require_POST
@rule("system.edit")
def cancel(request, backfill_id):
    row = get_object_or_404(Backfill.objects.visible_to(request.user).select_related("source__system"), pk=backfill_id)
    require(request.user, "system.edit", row.source.system)
    if backfilling.cancel_backfill(row, by=request.user, at=timezone.now()):
        messages.success(request, "Cancelled: no more of it is read. What was read stays.")
    return redirect("monitoring:backfill", row.source_id)
