"""What people say of an alert: real or a false alarm, and not now."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from monitoring.actions import monitors
from monitoring.actions.alerts import NotAsked, answer_version, say_real
from monitoring.models import Alert, Monitor
from systems.access import require
from systems.doors import rule

HOURS = {"1": "an hour", "8": "eight hours", "24": "a day", "168": "a week"}
AWAKE = "0"


def _to_act(request, alert_id: int) -> Alert:
    alert = get_object_or_404(Alert.objects.visible_to(request.user).with_origin(), pk=alert_id)
    require(request.user, "alert.act", alert.system)
    return alert


def _back(alert: Alert):
    return _page_of(alert.monitor)


def _page_of(monitor: Monitor):
    series = monitor.series
    return redirect(f"{series.metric.get_absolute_url()}#alerts" if series else monitor.source)


@require_POST
@rule("alert.act")
def feedback(request, alert_id):
    alert = _to_act(request, alert_id)
    if request.POST.get("real") not in ("yes", "no"):
        return HttpResponseBadRequest("Say real=yes or real=no.")
    say_real(alert, real=request.POST["real"] == "yes", by=request.user, at=timezone.now())
    messages.success(request, "Noted. It counts when the portal reports how often its alerts are right.")
    return _back(alert)


@require_POST
@rule("alert.act")
def answer(request, alert_id):
    """Say whether the level since a new model version is what is to be expected."""
    alert = _to_act(request, alert_id)
    said = request.POST.get("expected")
    if said not in ("yes", "no"):
        return HttpResponseBadRequest("Say expected=yes or expected=no.")
    try:
        answer_version(alert, expected=said == "yes", by=request.user, at=timezone.now())
    except NotAsked as over:
        messages.warning(request, str(over))
    else:
        noted = "It is the new baseline." if said == "yes" else "It alarms, as any other fall does."
        messages.success(request, noted)
    return _back(alert)


@require_POST
@rule("alert.act")
def snooze(request, alert_id):
    alert = _to_act(request, alert_id)
    return _snooze(request, alert.monitor) or _back(alert)


@require_POST
@rule("alert.act")
def snooze_monitor(request, monitor_id):
    """Snooze what watches, whether or not it has found something, or wake it."""
    monitor = _monitor(request, monitor_id)
    require(request.user, "alert.act", monitor.system)
    return _snooze(request, monitor) or _page_of(monitor)


def _snooze(request, monitor: Monitor):
    """Snooze the monitor for as long as is asked, or wake it; return a refusal, or None."""
    hours = request.POST.get("hours", "")
    if hours != AWAKE and hours not in HOURS:
        return HttpResponseBadRequest("Say hours=0, 1, 8, 24 or 168.")
    now = timezone.now()
    until = None if hours == AWAKE else now + timedelta(hours=int(hours))
    monitors.snooze(monitor, until=until, by=request.user, at=now)
    said = f"Snoozed for {HOURS[hours]}: it opens no incident until then." if until else "It is awake again."
    messages.success(request, said)
    return None


@require_POST
@rule("system.edit")
def tune(request, monitor_id):
    """Let quiet change be told as soon, or as late, as was proposed."""
    monitor = _monitor(request, monitor_id)
    require(request.user, "system.edit", monitor.system)
    try:
        asked = {"sensitivity": request.POST.get("sensitivity", "")}
        monitors.edit_monitor(monitor=monitor, settings=asked, by=request.user, at=timezone.now())
    except monitors.BadMonitor as bad:
        return HttpResponseBadRequest(str(bad))
    messages.success(request, "Changed. What came so far is judged again by it.")
    return _page_of(monitor)


def _monitor(request, monitor_id: int) -> Monitor:
    seen = Monitor.objects.visible_to(request.user).select_related("series__metric__system", "source__system")
    return get_object_or_404(seen, pk=monitor_id)
