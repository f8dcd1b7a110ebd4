"""One shape for everything that goes wrong: RFC 9457 problem details, without a stack trace (S38)."""

import http
import math

import structlog
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from rest_framework import exceptions
from rest_framework.fields import get_error_detail
from rest_framework.response import Response

from mlops_portal.engine.limits import TooMany
from mlops_portal.engine.versions import Stale

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
WHOLE_BODY = "body"  # the field path of an error that is about no single field


class Conflict(exceptions.APIException):
    """409: it is so already, or it cannot be done from here. `at` is the address of what stands in the way."""

    status_code = 409

    def __init__(self, detail: str, at: str = ""):
        super().__init__(detail)
        self.extra = {"url": at} if at else {}


class TooLarge(exceptions.APIException):
    status_code = 413
    default_detail = "The body is larger than 10 MB."


class OtherRequest(exceptions.APIException):
    status_code = 422
    default_detail = "This Idempotency-Key came before with another request."


class Unavailable(exceptions.APIException):
    status_code = 503
    default_detail = "The database does not answer at the moment."
    wait = RETRY_AFTER_S


class _Changed(exceptions.APIException):
    status_code = 412

    def __init__(self, stale: Stale, view):
        super().__init__(str(stale))
        self.extra = {"current": view.represent(stale.now)}


def problem(exc: Exception, context: dict) -> Response:
    """Return the answer for what a view raised; what nobody foresaw is logged and becomes a bare 500."""
    error = _translated(exc, context)
    if error is None:
        log.error("unexpected error", exc_info=exc)
        error = exceptions.APIException("Something went wrong here. The log has it under the request id.")
    body = body_of(error.status_code, "", context["request"])
    if isinstance(error, exceptions.ValidationError):
        body |= {"detail": "The request was not understood: see errors.", "errors": by_path(error.detail)}
    else:
        body["detail"] = str(error.detail)
    body |= getattr(error, "extra", {})
    return Response(body, error.status_code, headers=_headers(error), content_type=MEDIA_TYPE)


def _translated(exc: Exception, context: dict) -> exceptions.APIException | None:
    match exc:
        case exceptions.APIException():
            return exc
        case Stale():
            return _Changed(exc, context["view"])
        case TooMany():
            return exceptions.Throttled(exc.wait_s)
        case Http404():
            return exceptions.NotFound()
        case DjangoPermissionDenied():
            return exceptions.PermissionDenied(str(exc) or None)
        case DjangoValidationError():
            return exceptions.ValidationError(get_error_detail(exc))
        case RequestDataTooBig():
            return TooLarge()
        case SuspiciousOperation() | BadRequest() | MultiPartParserError() | UnreadablePostError():
            return exceptions.ParseError("The request could not be read.")
        case OperationalError() | InterfaceError():
            log.warning("database does not answer", error=str(exc))
            return Unavailable()
    return None


def _headers(error: exceptions.APIException) -> dict:
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(math.ceil(error.wait))
    return headers


def body_of(status: int, detail: str, request) -> dict:
    """Return the members that every problem has."""
    title = http.HTTPStatus(status).phrase
    request_id = getattr(request, "id", "")
    return {"type": "about:blank", "title": title, "status": status, "detail": detail, "request_id": request_id}


def plain_problem(request, status: int, detail: str) -> JsonResponse:
    """Return a problem for a request that reached no view of the API."""
    return JsonResponse(body_of(status, detail, request), status=status, content_type=MEDIA_TYPE)


def by_path(detail, path: str = "") -> dict[str, list[str]]:
    """Flatten nested errors into {dotted path of the field: [text]}."""
    if isinstance(detail, dict):
        parts = [by_path(value, _joined(path, key)) for key, value in detail.items()]
    elif any(isinstance(item, dict | list) for item in detail):
        parts = [by_path(value, _joined(path, index)) for index, value in enumerate(detail) if value]
    else:
        return {path or WHOLE_BODY: [str(text) for text in detail]}
    return {key: texts for part in parts for key, texts in part.items()}


def _joined(path: str, key) -> str:
    if key == "non_field_errors":
        return path
    return f"{path}.{key}" if path else str(key)
