"""The list of incidents, one incident, and the parts of it that keep themselves up to date."""

from zlib import crc32

from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import condition, require_safe

from incidents.drawing import chart_of
from incidents.filters import IncidentFilter
from incidents.following import choose, follow, key_of, suggested, written_for
from incidents.forms import WriteForm
from incidents.models import Delivery, Incident, IncidentAlert
from monitoring.models.alert import ask_once
from monitoring.promises.ranges import RangeNow, ranges_now
from systems.access import RULES, may
from systems.doors import rule
from systems.models import Runbook, System

PAGE = 50


@rule("read")
@require_safe
def list_page(request):
    """Unresolved incidents first, the most severe on top."""
    seen = Incident.objects.visible_to(request.user)
    chosen = IncidentFilter(request.GET, seen.for_list_page(request.user).open_first(), request=request)
    page = Paginator(chosen.qs, PAGE).get_page(request.GET.get("page"))
    unresolved = seen.unresolved().count()
    context = {
        "page": page,
        "form": chosen.form,
        "unresolved": unresolved,
        "is_filtered": bool(chosen.form.changed_data),
    }
    return render(request, "incidents/list.html", context)


def seen_or_404(person, number: int) -> Incident:
    """Return the incident; what `person` may not see answers like what does not exist."""
    incident = Incident.objects.visible_to(person).for_list_page(person).filter(number=number).first()
    if incident is None:
        raise Http404
    return incident


@rule("read")
@require_safe
def detail(request, number):
    incident = seen_or_404(request.user, number)
    return show(request, incident, form=WriteForm())


def show(request, incident: Incident, *, form, refused: str = "", status: int = 200):
    """Return the page of the incident, with what was typed and why it was not taken."""
    context = {**live(incident, request.user, runbook=request.GET.get("runbook", "")), "form": form, "refused": refused}
    context["chart"] = chart_of(incident, incident.shown_systems, at=timezone.now())
    return render(request, "incidents/detail.html", context, status=status)


def live(incident: Incident, person, *, runbook: str = "") -> dict:
    """Return what the parts of the page show that others may change meanwhile; `runbook` is the text asked for."""
    written, normal = written_for(incident.shown_systems), ranges_now(incident.shown_systems)
    chosen = choose(incident, written, runbook)
    return {
        "incident": incident,
        "tag": _tag(incident, person, runbook, normal),
        "normal": normal,
        "stamps": _stamps(incident),
        "entries": incident.timeline.visible_to(person).select_related("by").order_by("-n"),
        "memberships": alerts_of(incident),
        "deliveries": _deliveries(incident, person).select_related("channel__person"),
        "may_act": may(person, "incident.act", incident),
        "who_may": RULES["incident.act"].sentence,
        "runbooks": [(one, key_of(one)) for one in written],
        "many_systems": len(incident.shown_systems) > 1,
        "following": follow(incident, chosen) if chosen else None,
        "asked": runbook,
        "missing": [Runbook(system=one, situation=suggested(incident)) for one in incident.shown_systems],
    }


def alerts_of(incident: Incident) -> list[IncidentAlert]:
    """Return the alerts of the incident that are about systems shown here, the open ones first."""
    shown = {system.pk for system in incident.shown_systems}
    rows = [one for one in incident.memberships.with_alert() if one.alert.system.pk in shown]
    ask_once(one.alert for one in rows)
    return sorted(rows, key=lambda one: one.alert.cleared_at is not None)


def _deliveries(incident: Incident, person):
    seen = System.objects.visible_to(person)
    sent = Delivery.objects.filter(notice__key__startswith=f"incident:{incident.number}:", notice__system__in=seen)
    return sent.order_by("pk")


def _tag(incident: Incident, person, runbook: str, normal: list[RangeNow]) -> str:
    """Return what changes whenever `live` would: who asks for which text, steps, words, alerts, values, texts."""
    sent = list(_deliveries(incident, person).values_list("pk", "state", "attempts"))
    alerts = list(incident.memberships.values_list("alert", "alert__cleared_at", "alert__explained_until"))
    texts = list(Runbook.objects.filter(system__in=incident.shown_systems).values_list("pk", "version"))
    values = [(one.expected.pk, one.standing, one.series and one.series.last_at) for one in normal]
    rest = crc32(repr((incident.severity, incident.title, sent, alerts, texts, values, runbook)).encode())
    return f"{person.pk}-{incident.version}-{incident.timeline.visible_to(person).count()}-{rest}"


def _stamps(incident: Incident) -> list[tuple]:
    """Return (what, when, who, what to say when it is missing) of each stamp, in the order in which things happen."""
    return [
        ("Impact started", incident.impact_started_at, None, "not known"),
        ("First visible in our data", incident.first_visible_at, None, "never, as far as is known"),
        ("Noticed", incident.noticed_at, incident.noticed_by, ""),
        ("Declared", incident.declared_at, None, ""),
        ("Acknowledged", incident.acknowledged_at, incident.acknowledged_by, "not yet"),
        ("Mitigated", incident.mitigated_at, incident.mitigated_by, "not said" if incident.resolved_at else "not yet"),
        ("Resolved", incident.resolved_at, incident.resolved_by, "not yet"),
    ]


def _as_it_stands(request, number) -> str:
    incident = seen_or_404(request.user, number)
    normal = ranges_now(incident.shown_systems)
    return f'"{_tag(incident, request.user, request.GET.get("runbook", ""), normal)}"'


@rule("read")
@require_safe
@condition(etag_func=_as_it_stands)
def timeline(request, number):
    """The parts of the page that htmx asks for every few seconds; 304 while nothing has changed."""
    asked = request.GET.get("runbook", "")
    return render(request, "incidents/_live.html", live(seen_or_404(request.user, number), request.user, runbook=asked))
