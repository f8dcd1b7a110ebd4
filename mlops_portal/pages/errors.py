"""Pages for what went wrong: say what happened, what is safe, and the id that finds it in the logs."""

import sys

from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from redis.exceptions import RedisError

from mlops_portal.engine.api.errors import plain_problem
from mlops_portal.engine.limits import TooMany

UNREACHABLE = "The portal cannot reach its database. Nothing that was saved is lost; try again in a moment."
UNCOUNTED = "Nobody can sign in at the moment: the portal cannot count wrong tries. Try again in a moment."
TOO_SLOW = "The database did not answer in time. Nothing that was saved is lost; try again in a moment."
# SQLSTATE of a query cancelled for time, a lock not given, and a deadlock: the database is there, but busy.
BUSY = {"57014", "55P03", "40P01"}
TITLES = {
    400: "The portal could not read this request",
    403: "You may not do this",
    404: "There is nothing here",
    429: "Too many tries",
    500: "Something broke in the portal",
    503: "The portal is not ready",
}
RETRY_AFTER_S = 10


def bad_request(request, exception=None):
    return _answer(request, 400, "Something in the address or the form was not as it should be.")


def forbidden(request, exception=None):
    return _answer(request, 403, str(exception or "Ask an administrator if you think that you should."))


def not_found(request, exception=None):
    """Nothing of the exception is told: what one may not see answers like what does not exist (S12)."""
    return _answer(request, 404, "It may have been moved or retired, or you may not see it.")


def broken(request):
    """503 when the database or the cache is what failed, else 500; asks nothing of the database itself."""
    failure = sys.exc_info()[1]
    if isinstance(failure, (OperationalError, InterfaceError)):
        state = getattr(failure.__cause__, "sqlstate", None)
        return _answer(request, 503, TOO_SLOW if state in BUSY else UNREACHABLE)
    if isinstance(failure, RedisError):  # only signing in insists on the cache: elsewhere its loss closes no door
        return _answer(request, 503, UNCOUNTED)
    return _answer(request, 500, "It was written down with the number below; nothing that was saved before is lost.")


def too_often(get_response):
    """Answer 429 where a page's view has counted one too many of its caller (S33)."""

    def middleware(request):
        return get_response(request)

    def process_exception(request, error):
        return _answer(request, 429, str(error), error.wait_s) if isinstance(error, TooMany) else None

    middleware.process_exception = process_exception
    return middleware


def csrf_failure(request, reason=""):
    return _answer(request, 403, "The form was too old. Go back, reload the page and send it again.")


def _answer(request, status: int, detail: str, retry_after_s: int = RETRY_AFTER_S) -> HttpResponse:
    if request.path.startswith("/api/"):
        response = plain_problem(request, status, detail)
    else:
        context = {"title": TITLES[status], "detail": detail, "request_id": getattr(request, "id", "")}
        response = HttpResponse(_page(request, status, context), status=status)
    if status in (429, 503):
        response["Retry-After"] = str(retry_after_s)
    return response


def _page(request, status: int, context: dict) -> str:
    """The page with the navigation of who is signed in, or bare when that cannot be known."""
    template = f"{status}.html"
    if status in (403, 404, 429):
        try:
            return render(request, template, context).content.decode()
        except DatabaseError:
            pass
    return render_to_string(template, context)
