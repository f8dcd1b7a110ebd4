"""What people say of an alert: real or a false alarm, and not now."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from monitoring.actions import monitors
from monitoring.actions.alerts import say_real
from monitoring.models import Alert
from systems.access import require
from systems.doors import rule

HOURS = {"1": "an hour", "8": "eight hours", "24": "a day", "168": "a week"}


def _to_act(request, alert_id: int) -> Alert:
    alert = get_object_or_404(Alert.objects.visible_to(request.user).with_origin(), pk=alert_id)
    require(request.user, "alert.act", alert.system)
    return alert


def _back(alert: Alert):
    series = alert.monitor.series
    return redirect(f"{series.metric.get_absolute_url()}#alerts" if series else alert.monitor.source)


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
def snooze(request, alert_id):
    alert = _to_act(request, alert_id)
    hours = request.POST.get("hours", "")
    if hours not in HOURS:
        return HttpResponseBadRequest("Say hours=1, 8, 24 or 168.")
    now = timezone.now()
    monitors.snooze(alert.monitor, until=now + timedelta(hours=int(hours)), by=request.user, at=now)
    messages.success(request, f"Snoozed for {HOURS[hours]}: it opens no incident until then.")
    return _back(alert)
