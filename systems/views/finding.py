"""What pages of promises begin with: the system that one is about, and the time zone of who asks."""

from collections.abc import Callable
from functools import wraps

from django.shortcuts import get_object_or_404
from django.utils import timezone

from systems.models import System


def find_system(request, slug: str) -> System:
    """Return the system in use. Raises Http404 for one that the person may not see."""
    return get_object_or_404(System.objects.visible_to(request.user).in_use().select_related("team"), slug=slug)


def in_own_time(view: Callable) -> Callable:
    """Let the forms of the view show and read moments in the person's own time zone."""

    @wraps(view)
    def inside(request, *args, **kwargs):
        with timezone.override(request.user.time_zone):
            return view(request, *args, **kwargs)

    return inside
