"""Editing and removing a metric."""

from copy import copy

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from mlops_portal.engine.versions import Stale
from monitoring.actions.metrics import edit_metric, remove_metric
from monitoring.forms.metrics import MetricForm
from monitoring.models import Metric
from systems.access import require
from systems.doors import rule


def _to_edit(request, slug: str, key: str) -> Metric:
    seen = Metric.objects.visible_to(request.user).select_related("system")
    metric = get_object_or_404(seen, system__slug=slug, key=key, system__retired_at=None)
    require(request.user, "system.edit", metric.system)
    return metric


@require_http_methods(["GET", "POST"])
@rule("system.edit")
def edit(request, slug, key):
    metric = _to_edit(request, slug, key)
    form = MetricForm(request.POST or None, instance=copy(metric), initial={"version": metric.version})
    is_stale = False
    if request.method == "POST" and form.is_valid():
        try:
            return _save(request, metric, form)
        except Stale as stale:
            form, is_stale = form.over(stale.now.version), True
    status = 412 if is_stale else 422 if form.errors else 200
    context = {"form": form, "metric": metric, "system": metric.system, "is_stale": is_stale}
    return render(request, "monitoring/metric_form.html", context, status=status)


def _save(request, metric: Metric, form: MetricForm):
    seen = form.cleaned_data["version"]
    metric = edit_metric(metric=metric, by=request.user, at=timezone.now(), seen=seen, **form.facts())
    messages.success(request, f"{metric} is saved.")
    return redirect(metric)


@require_http_methods(["GET", "POST"])
@rule("system.edit")
def remove(request, slug, key):
    metric = _to_edit(request, slug, key)
    if request.method == "POST":
        remove_metric(metric=metric, by=request.user, at=timezone.now())
        messages.success(request, f"{metric} is not watched any more.")
        return redirect(f"{metric.system.get_absolute_url()}#quality")
    context = {
        "title": f"Stop watching {metric}?",
        "text": "All of its values, baselines and alerts are forgotten, and nobody is told about it any more. "
        "This cannot be undone.",
        "action": reverse("monitoring:remove-metric", args=[slug, key]),
        "label": "Stop watching",
        "back": metric.get_absolute_url(),
    }
    return render(request, "components/confirm.html", context)
