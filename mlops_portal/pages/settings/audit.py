"""The audit trail: who changed what, when and through which door, newest first."""

from django.views.decorators.http import require_safe

from mlops_portal.engine.models import Change
from mlops_portal.pages.history import before
from mlops_portal.pages.settings.tabs import show
from systems.api.filters import ChangeFilter
from systems.doors import rule
from systems.trail import changes_visible_to


@rule("audit.read")
@require_safe
def audit(request):
    """Fifty rows before a row's number, as asked for by person, system, thing, text, door and time."""
    seen = changes_visible_to(request.user)
    chosen = ChangeFilter(request.GET, seen)
    rows, more = before(chosen.qs, request.GET.get("before", ""))
    kinds = seen.order_by("kind").values_list("kind", flat=True).distinct()
    context = {"rows": rows, "more": more, "kinds": kinds, "form": chosen.form, "doors": Change.Door.choices}
    return show(request, "settings/audit.html", context)
