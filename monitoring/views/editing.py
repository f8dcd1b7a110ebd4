"""Editing and removing a metric."""

from copy import copy

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from mlops_portal.engine.versions import Stale
from monitoring.actions.baselines import BadBaseline, renew_baseline, set_baseline
from monitoring.actions.metrics import edit_metric, remove_metric
from monitoring.actions.monitors import edit_monitor, remove_monitor, set_limit
from monitoring.forms.metrics import ExpectForm, MetricForm
from monitoring.models import Baseline, Metric, Series
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
    return _page(request, metric, form=form, is_stale=is_stale, status=status)


def _series_of(request, metric: Metric) -> Series | None:
    """Return the series that the address names. Raises Http404."""
    segment = request.GET.get("segment", "")
    return get_object_or_404(metric.series, segment=segment, estimated=False) if metric.series.exists() else None


def _page(request, metric: Metric, *, form=None, expected=None, is_stale: bool = False, status: int = 200):
    series = _series_of(request, metric)
    context = {
        "form": form or MetricForm(instance=copy(metric), initial={"version": metric.version}),
        "expected": expected or (ExpectForm(series=series, auto_id="id_expect_%s") if series else None),
        "metric": metric,
        "series": series,
        "system": metric.system,
        "is_stale": is_stale,
    }
    return render(request, "monitoring/metric_form.html", context, status=status)


@require_POST
@rule("system.edit")
def expect(request, slug, key):
    """Set the limits, the sensitivity and the baseline of one series."""
    metric = _to_edit(request, slug, key)
    series = _series_of(request, metric)
    if series is None:
        raise Http404
    form = ExpectForm(request.POST, series=series, auto_id="id_expect_%s")
    if not form.is_valid():
        return _page(request, metric, expected=form, status=422)
    _expect(series, form, by=request.user, at=timezone.now())
    messages.success(request, "Saved. What came so far is judged again by it.")
    return redirect(metric)


@require_POST
@rule("system.edit")
def renew(request, slug, key):
    """Say that the baseline still holds for the version that runs, or take the level since it runs."""
    metric = _to_edit(request, slug, key)
    series = _series_of(request, metric)
    if series is None:
        raise Http404
    if request.POST.get("as") not in ("before", "since"):
        return HttpResponseBadRequest("Say as=before or as=since.")
    try:
        renewed = renew_baseline(series, as_it_was=request.POST["as"] == "before", by=request.user, at=timezone.now())
    except BadBaseline as bad:
        messages.warning(request, str(bad))
    else:
        messages.success(request, f"The baseline is {renewed.value:.4g} from then on.")
    return redirect(f"{metric.get_absolute_url()}#expected")


@transaction.atomic
def _expect(series: Series, form: ExpectForm, *, by, at) -> None:
    said = form.cleaned_data
    bounds = {"below": said["below"], "above": said["above"]}
    if form.limit and not any(bound is not None for bound in bounds.values()):
        remove_monitor(monitor=form.limit, by=by, at=at)
    elif form.limit:
        asked = form.limit.settings | bounds
        edit_monitor(monitor=form.limit, settings=asked, severity=said["severity"], by=by, at=at)
    elif any(bound is not None for bound in bounds.values()):
        set_limit(series, **bounds, severity=said["severity"], by=by, at=at)
    if form.change:
        edit_monitor(monitor=form.change, settings={"sensitivity": said["sensitivity"]}, by=by, at=at)
    if form.is_baseline_new:
        known = {"value": said["baseline"], "spread": said["spread"], "reason": said["reason"]}
        set_baseline(series, **known, origin=Baseline.Origin.EXPERIMENT, by=by, at=at)


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
