"""How often, by tier, something has to be looked at again: confirmations, runbooks, answers."""

from django.contrib import messages
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from mlops_portal.engine.versions import Stale
from mlops_portal.pages.settings.forms import IntervalsForm
from mlops_portal.pages.settings.tabs import show
from systems.actions.intervals import set_intervals, version_of
from systems.doors import rule
from systems.models import Interval


@rule("interval.set")
@require_http_methods(["GET", "POST"])
def intervals(request):
    rows = list(Interval.objects.all())
    form = IntervalsForm(request.POST or None, initial=_as_they_stand(rows))
    is_stale = False
    if request.method == "POST" and form.is_valid():
        try:
            set_intervals(days=form.days(), seen=form.cleaned_data["version"], by=request.user)
        except Stale:
            is_stale = True
            form.data = form.data.copy()
            form.data["version"] = version_of(rows)
        else:
            messages.success(request, "Saved. Confirmations are due by these days from now on.")
            return redirect("settings:intervals")
    context = {"form": form, "rows": rows, "is_stale": is_stale}
    return show(request, "settings/intervals.html", context, status=412 if is_stale else 422 if form.errors else 200)


def _as_they_stand(rows: list[Interval]) -> dict[str, int]:
    return {f"tier_{row.tier}": row.every.days for row in rows} | {"version": version_of(rows)}
