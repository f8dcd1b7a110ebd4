"""What pages of promises begin with: the system that one is about, and the time zone of who asks."""

from collections.abc import Callable
from functools import wraps

from django.shortcuts import get_object_or_404
from django.utils import timezone

from systems.models import System


def find_system(request, slug: str, *, also_retired: bool = False) -> System:
    """Return the system, in use unless retired ones will do. Raises Http404 for one that is not to be seen."""
    seen = System.objects.visible_to(request.user).select_related("team")
    return get_object_or_404(seen if also_retired else seen.in_use(), slug=slug)


def in_own_time(view: Callable) -> Callable:
    """Let the forms of the view show and read moments in the person's own time zone."""

    @wraps(view)
    def inside(request, *args, **kwargs):
        with timezone.override(request.user.time_zone):
            return view(request, *args, **kwargs)

    return inside
