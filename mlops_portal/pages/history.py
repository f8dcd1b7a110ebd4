"""The history of a system: who changed what, from what to what, when, through which door."""

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from mlops_portal.engine.models import Change
from systems.api.filters import HistoryFilter
from systems.doors import rule
from systems.models import System

PAGE = 50


@require_safe
@rule("read")
def history(request, slug):
    """Fifty changes before a row's number: a page stays where it is while rows are added in front."""
    system = get_object_or_404(System.objects.visible_to(request.user), slug=slug)
    of_it = Change.objects.filter(system__in=system.slugs)
    found = HistoryFilter(request.GET, of_it)
    rows, more = before(found.qs, request.GET.get("before", ""))
    kinds = of_it.order_by("kind").values_list("kind", flat=True).distinct()
    context = {"system": system, "changes": rows, "more": more, "kinds": kinds, "form": found.form}
    return render(request, "systems/history.html", context | {"doors": Change.Door.choices})


def before(changes: QuerySet[Change], number: str) -> tuple[list[Change], int | None]:
    """Return up to PAGE changes, the newest first, before the one of that number, and where the next page begins."""
    if number.isdecimal() and len(number) < 19:
        changes = changes.filter(pk__lt=int(number))
    rows = list(changes.order_by("-pk")[: PAGE + 1])
    return rows[:PAGE], rows[PAGE - 1].pk if len(rows) > PAGE else None
