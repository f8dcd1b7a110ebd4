"""`/healthz/*` and `/metrics`: for probes and for a Prometheus that somebody else runs."""

from django.db import DatabaseError, InterfaceError
from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from incidents.models import Delivery
from mlops_portal.engine.health import database_answers, read_duties
from mlops_portal.pages.figures import exposition
from systems.doors import public
from systems.models import Scope
from systems.tokens import find_token


@public("Probes have no account.")
@require_safe
def live(request):
    """200 as long as this process answers at all; asks nothing of anybody."""
    return JsonResponse({"ok": True})


@public("Probes have no account.")
@require_safe
def ready(request):
    """200 when the database answers within 3 s, else 503."""
    ok = database_answers()
    return JsonResponse({"ok": ok}, status=200 if ok else 503)


@public("Probes have no account.")
@require_safe
def pipeline(request):
    """200 when every duty is on time, else 503; the body says which is late."""
    try:
        duties = read_duties() if database_answers() else None
        waiting_s = Delivery.objects.oldest_due_age_s() if duties else 0.0
    except (DatabaseError, InterfaceError):
        duties = None
    if duties is None:
        return JsonResponse({"ok": False, "why": "The database does not answer.", "duties": []}, status=503)
    ok = bool(duties) and not any(duty.late for duty in duties)
    rows = [{"name": duty.name, "age_s": duty.age_s and round(duty.age_s, 1), "late": duty.late} for duty in duties]
    return JsonResponse(
        {"ok": ok, "duties": rows, "outbox_oldest_age_s": round(waiting_s, 1)}, status=200 if ok else 503
    )


@public("It asks for a token of scope metrics by itself.")
@require_safe
def metrics(request):
    """The portal's own figures as Prometheus text, for a token of scope `metrics`: what its owner may see, counted."""
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    token = find_token(text.strip()) if kind.lower() == "bearer" else None
    if token is None:
        return HttpResponse("A token is needed.\n", status=401, content_type="text/plain")
    if Scope.METRICS not in token.scopes:
        return HttpResponse("This token lacks the scope metrics.\n", status=403, content_type="text/plain")
    return HttpResponse(exposition(token.person), content_type="text/plain; version=0.0.4; charset=utf-8")
