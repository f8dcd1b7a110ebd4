"""The audit trail: who changed what, when and through which door, newest first."""

from django.views.decorators.http import require_safe

from mlops_portal.engine.models import Change
from mlops_portal.pages.settings.tabs import show
from systems.api.filters import ChangeFilter
from systems.doors import rule
from systems.history import changes_visible_to

PAGE = 50


@rule("audit.read")
@require_safe
def audit(request):
    """Fifty rows before a row's number: a page stays where it is while rows are added in front."""
    chosen = ChangeFilter(request.GET, changes_visible_to(request.user))
    rows = chosen.qs
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    rows = list(rows.order_by("-pk")[: PAGE + 1])
    more = rows[PAGE - 1].pk if len(rows) > PAGE else None
    kinds = Change.objects.order_by("kind").values_list("kind", flat=True).distinct()
    return show(request, "settings/audit.html", {"rows": rows[:PAGE], "more": more, "kinds": kinds})
