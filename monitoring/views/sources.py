"""A source: how it does, what it brings, its last pulls; to edit, to pause, to ask now, to remove."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mlops_portal.engine.limits import spend
from mlops_portal.engine.secrets import CannotSeal
from mlops_portal.engine.versions import Stale
from monitoring import connectors
from monitoring.actions.backfilling import why_not
from monitoring.actions.pulling import pull_now
from monitoring.actions.sources import SecretAskedAgain, edit_source, remove_source
from monitoring.drawing.series import lines_of
from monitoring.forms.sources import EditSourceForm
from monitoring.models import Source
from monitoring.wording import NO_QUALITY
from systems.access import may, require
from systems.doors import rule
from systems.models.system import PORTAL

PULLS_SHOWN = 20


def seen_or_404(person, pk: int) -> Source:
    """Return the source; what `person` may not see answers like what does not exist."""
    return get_object_or_404(Source.objects.visible_to(person).select_related("system"), pk=pk)


def _to_edit(request, source_id: int) -> Source:
    source = seen_or_404(request.user, source_id)
    require(request.user, "system.edit", source.system)
    return source


@require_safe
@rule("read")
def source(request, source_id):
    source = seen_or_404(request.user, source_id)
    context = live(source, request.user) | {"why_no_past": why_not(source)}
    return render(request, "monitoring/source.html", context)


@require_safe
@rule("read")
def progress(request, source_id):
    """The part of the page that asks for itself again while a pull is under way."""
    return render(request, "monitoring/_source_live.html", live(seen_or_404(request.user, source_id), request.user))


def live(source: Source, person) -> dict:
    """Return what the page shows and pulls change."""
    pulls = list(source.pulls.all()[:PULLS_SHOWN])
    series = list(source.series.with_state().select_related("metric__system"))
    lines = lines_of(series)
    for one in series:
        one.line = lines[one.pk]
    connector = connectors.connector_of(source.kind) if source.kind in connectors.kinds() else None
    return {
        "source": source,
        "system": source.system,
        "connector": connector,
        "series": series,
        "pulls": pulls,
        "running": next((pull for pull in pulls if pull.finished_at is None), None),
        "is_waiting": _is_waiting(source, pulls),
        "no_quality": _no_quality(source, series),
        "may_edit": source.system.retired_at is None and may(person, "system.edit", source.system),
    }


def _no_quality(source: Source, series) -> str:
    """Return what to say of a source that brings no quality to a system that has none from elsewhere either."""
    is_watched = bool(series) and source.system.slug != PORTAL
    return NO_QUALITY if is_watched and not source.system.metrics.quality().exists() else ""


def _is_waiting(source: Source, pulls) -> bool:
    """Whether something is about to change by itself: a pull runs, or the first one is still to come."""
    is_asked = source.enabled and source.system.retired_at is None
    return is_asked and (not pulls or any(pull.finished_at is None for pull in pulls))


@require_http_methods(["GET", "POST"])
@rule("system.edit")
def edit(request, source_id):
    source = _to_edit(request, source_id)
    connector = connectors.connector_of(source.kind)
    form = EditSourceForm(request.POST or None, source=source, connector=connector)
    is_stale = False
    if request.method == "POST" and form.is_valid():
        try:
            return _save(request, source, form)
        except Stale as stale:
            form, is_stale = form.over(stale.now.version), True
        except (SecretAskedAgain, CannotSeal) as refused:
            form.add_error(None, str(refused))
    status = 412 if is_stale else 422 if form.errors else 200
    context = {"form": form, "source": source, "system": source.system, "connector": connector, "is_stale": is_stale}
    return render(request, "monitoring/source_form.html", context, status=status)


def _save(request, source: Source, form: EditSourceForm):
    typed = form.credentials()
    credentials = {} if form.cleaned_data.get("forget") else typed or None
    seen = form.cleaned_data["version"]
    edit_source(source=source, credentials=credentials, by=request.user, at=timezone.now(), seen=seen, **form.facts())
    messages.success(request, "Saved. The source is asked again at once.")
    return redirect(source)


@require_POST
@rule("system.edit")
def pull(request, source_id):
    """Ask it now; the page that follows shows how far it is."""
    source = _to_edit(request, source_id)
    spend("pull", by=request.user)
    pull_now(source, by=request.user, at=timezone.now())
    return redirect(source)


@require_POST
@rule("system.edit")
def pause(request, source_id):
    """Ask it no more for the time being, or again."""
    source = _to_edit(request, source_id)
    is_on = request.POST.get("to") == "on"
    edit_source(source=source, enabled=is_on, by=request.user, at=timezone.now())
    messages.success(request, "It is asked again." if is_on else "Paused: it is not asked until you resume it.")
    return redirect(source)


@require_http_methods(["GET", "POST"])
@rule("system.edit")
def remove(request, source_id):
    source = _to_edit(request, source_id)
    if request.method == "POST":
        remove_source(source=source, by=request.user, at=timezone.now())
        messages.success(request, f"{source.name} is removed. The values that it brought stay.")
        return redirect(f"{source.system.get_absolute_url()}#data")
    count = source.series.count()
    context = {
        "title": f"Remove {source.name}?",
        "text": f"It is not asked any more, and its settings, credentials and the record of its pulls are forgotten. "
        f"Its {count} series keep their values, but no new ones come, and the portal will say so. "
        "This cannot be undone; to stop for a while, pause it.",
        "action": reverse("monitoring:remove-source", args=[source.pk]),
        "label": "Remove",
        "back": source.get_absolute_url(),
    }
    return render(request, "components/confirm.html", context)
