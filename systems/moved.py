"""Addresses with a name that a system had before lead on to where it is now; who may not see it learns nothing."""

from django.http import HttpResponseRedirect, JsonResponse

from mlops_portal.engine.api.errors import MEDIA_TYPE, body_of
from systems.models import System

ABOUT_A_SYSTEM = "systems/<slug:slug>/"


def lead_on(get_response):
    """Answer with the way to the system where nothing is found under a name that it had before."""

    def middleware(request):
        response = get_response(request)
        return (response.status_code == 404 and _way_on(request)) or response

    return middleware


def _way_on(request):
    match = request.resolver_match
    if match is None or ABOUT_A_SYSTEM not in match.route or not request.user.is_authenticated:
        return None
    slug = match.kwargs["slug"]
    system = System.objects.visible_to(request.user).filter(old_slugs__slug=slug).first()
    if system is None:
        return None
    address = request.get_full_path().replace(f"/systems/{slug}/", f"/systems/{system.slug}/", 1)
    if request.path.startswith("/api/"):
        return _said(request, f"{slug} is called {system.slug} now.", address)
    return HttpResponseRedirect(address, preserve_request=request.method not in ("GET", "HEAD"))


def _said(request, detail: str, address: str) -> JsonResponse:
    body = body_of(308, detail, request) | {"url": request.build_absolute_uri(address)}
    return JsonResponse(body, status=308, content_type=MEDIA_TYPE, headers={"Location": address})
