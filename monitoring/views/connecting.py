"""Connecting a source: its kind, its settings, a test that shows what is there, and what to watch of it."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from mlops_portal.engine.limits import TooMany, spend
from mlops_portal.engine.secrets import CannotSeal
from monitoring import connectors
from monitoring.actions import sources
from monitoring.connectors.connector import Connector, Failed, Found, shows_quality
from monitoring.forms.sources import SourceForm
from monitoring.forms.watching import WatchRows, rows_of
from monitoring.teaching import PUSH, examples_of, examples_of_pushing, pushed_metric
from monitoring.wording import NO_QUALITY
from systems.access import require
from systems.doors import rule
from systems.models import System


@require_http_methods(["GET", "POST"])
@rule("system.edit")
def connect(request, slug):
    """First the kinds; with ?kind= the form, which is tested and then saved."""
    system = get_object_or_404(System.objects.visible_to(request.user).in_use(), slug=slug)
    require(request.user, "system.edit", system)
    kind = request.GET.get("kind", "")
    if not kind:
        return render(request, "monitoring/kinds.html", {"system": system, "connectors": all_connectors()})
    if kind == PUSH:
        return _teach_pushing(request, system)
    if kind not in connectors.kinds():
        raise Http404
    return _with_kind(request, system, connectors.connector_of(kind))


def _teach_pushing(request, system: System):
    metric = pushed_metric(system)
    examples = examples_of_pushing(system, metric, root=request.build_absolute_uri("/api/v1/"), at=timezone.now())
    return render(request, "monitoring/push.html", {"system": system, "metric": metric, "examples": examples})


def all_connectors() -> list[Connector]:
    """Return a connector of each kind that there is."""
    return [connectors.connector_of(kind) for kind in connectors.kinds()]


def _with_kind(request, system: System, connector: Connector):
    form = SourceForm(request.POST or None, connector=connector, system=system, initial={"name": connector.title})
    if request.method == "GET":
        return _page(request, system, form)
    if not form.is_valid():
        return _page(request, system, form, rows=_typed_rows(request), status=422)
    return _save(request, system, form) if request.POST.get("do") == "save" else _test(request, system, form)


def _test(request, system: System, form: SourceForm):
    given = form.cleaned_data
    try:
        spend("test", by=request.user)
        found = sources.test_source(
            kind=form.connector.kind, settings=given["settings"], credentials=form.credentials(), at=timezone.now()
        )
    except Failed as failed:
        return _page(request, system, form, failed=str(failed))
    except TooMany as many:
        return _page(request, system, form, failed=str(many), status=429)
    return _page(request, system, form, rows=rows_of(found), found=found)


def _typed_rows(request) -> WatchRows | None:
    return WatchRows(request.POST, prefix="found") if "found-TOTAL_FORMS" in request.POST else None


def _save(request, system: System, form: SourceForm):
    rows = _typed_rows(request)
    if rows is None:
        return _test(request, system, form)
    if not rows.is_valid():
        return _page(request, system, form, rows=rows, status=422)
    try:
        source = _connect(request, system, form, rows)
    except IntegrityError:  # somebody took the name at this very moment
        form.add_error("name", "Another source of this system has just taken this name.")
        return _page(request, system, form, rows=rows, status=422)
    except CannotSeal as cannot:
        return _page(request, system, form, rows=rows, failed=str(cannot), status=422)
    except ValidationError as wrong:
        return _page(request, system, form, rows=rows, failed=" ".join(wrong.messages), status=422)
    messages.success(request, f"{source.name} is connected. Its first values are being fetched.")
    return HttpResponseClientRedirect(source.get_absolute_url()) if request.htmx else redirect(source)


@transaction.atomic
def _connect(request, system: System, form: SourceForm, rows: WatchRows):
    given = form.cleaned_data
    return sources.connect_source(
        system=system,
        kind=form.connector.kind,
        name=given["name"],
        settings=given["settings"],
        credentials=form.credentials(),
        interval_s=given["interval_s"],
        watches=rows.watches(system),
        by=request.user,
        at=timezone.now(),
    )


def _page(request, system, form, *, rows=None, found: list[Found] | None = None, failed: str = "", status: int = 200):
    """Return the page, or for htmx only what changed by the test."""
    count = None if found is None else len(found)
    context = {
        "system": system,
        "form": form,
        "connector": form.connector,
        "rows": rows,
        "found": count,
        "left_out": max(count - len(rows.forms), 0) if count and rows else 0,
        "server": found[0].server if found else "",
        "no_quality": NO_QUALITY if found and not shows_quality(found) else "",
        "failed": failed,
        "examples": examples_of(form.connector, system, root=request.build_absolute_uri("/api/v1/")),
    }
    is_part = request.htmx and not request.htmx.history_restore_request
    template = "monitoring/_connect_form.html" if is_part else "monitoring/connect.html"
    return render(request, template, context, status=200 if is_part else status)
