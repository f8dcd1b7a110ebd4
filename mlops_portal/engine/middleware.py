"""What every request passes through: its id, the browser's rules, and a refusal at the door."""

import re
from uuid import uuid4

import structlog
from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import resolve_url

from mlops_portal.engine import audit
from mlops_portal.engine.api.errors import plain_problem
from mlops_portal.engine.models import Change

log = structlog.get_logger(__name__)

POLICY = "; ".join(
    [
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def request_context(get_response):
    """Give the request an id, in logs, in the answer and in the audit trail, and say which door it came through."""

    def middleware(request):
        given = request.headers.get("X-Request-ID", "")
        request.id = given if _GIVEN_ID.fullmatch(given) else uuid4().hex
        door = Change.Door.API if request.path.startswith("/api/") else Change.Door.PAGE
        with structlog.contextvars.bound_contextvars(request_id=request.id), audit.through(door):
            response = get_response(request)
            if not request.path.startswith(("/static/", "/healthz/")):
                log.info("request", method=request.method, path=request.path, status=response.status_code)
        response["X-Request-ID"] = request.id
        return response

    return middleware


def security_headers(get_response):
    """Strict rules for the browser on every answer (S24, S42): own scripts and styles only, nothing inline.

    What does not say for itself how long it may be kept (static files do) is kept by the reader's browser alone.
    """

    def middleware(request):
        response = get_response(request)
        response.setdefault("Content-Security-Policy", POLICY)
        response.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        response.setdefault("Cache-Control", "private, no-cache")
        return response

    return middleware


def refuse_nul(get_response):
    """Refuse the character U+0000 in path and query: PostgreSQL cannot hold it and nobody means it (F36)."""

    def middleware(request):
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            why = "The address holds a NUL character."
            if request.path.startswith("/api/"):
                return plain_problem(request, 400, why)
            return HttpResponseBadRequest(why, content_type="text/plain")
        return get_response(request)

    return middleware


def no_sign_in_inside_a_page(get_response):
    """Answer 401 where a part of a page is asked for after the session has ended; the page stays as it was."""

    def middleware(request):
        response = get_response(request)
        asked_to_sign_in = response.status_code == 302 and response["Location"].startswith(
            resolve_url(settings.LOGIN_URL)
        )
        if asked_to_sign_in and "HX-Request" in request.headers:
            return HttpResponse(status=401)
        return response

    return middleware


class SignInRequired(LoginRequiredMiddleware):
    """Django's, but where a view answers anybody it is not asked who that is: probes must not need the database."""

    def process_view(self, request, view_func, view_args, view_kwargs):
        if not getattr(view_func, "login_required", True):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)


def refusals_on_the_trail(get_response):
    """Write one row for each request of a known person that was answered 403 (S37), whichever door refused it."""

    def middleware(request):
        response = get_response(request)
        person = getattr(request, "user", None)
        if response.status_code == 403 and person is not None and person.is_authenticated:
            audit.record(by=person, verb="refused", kind="request", object=f"{request.method} {request.path}")
        return response

    return middleware
