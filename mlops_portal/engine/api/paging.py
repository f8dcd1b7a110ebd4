"""Lists come in pages: `{next, previous, results}`; a page that cannot be is 400."""

import re
from datetime import datetime

from rest_framework import pagination
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

PAGE_SIZE = 50
MOST = 500
_PLAIN = re.compile(r"[1-9][0-9]{0,8}")


def _size(request) -> int:
    asked = request.query_params.get("page_size", str(PAGE_SIZE))
    if not _PLAIN.fullmatch(asked) or int(asked) > MOST:
        raise ValidationError({"page_size": [f"A whole number from 1 to {MOST}."]})
    return int(asked)


def _size_parameter() -> dict:
    schema = {"type": "integer", "minimum": 1, "maximum": MOST, "default": PAGE_SIZE}
    return {"name": "page_size", "required": False, "in": "query", "schema": schema}


class Pages(pagination.PageNumberPagination):
    """Numbered pages, for what is ordered by anything."""

    page_size_query_param = "page_size"
    parameters = ("page", "page_size")

    def get_page_size(self, request) -> int:
        return _size(request)

    def paginate_queryset(self, queryset, request, view=None):
        if not _PLAIN.fullmatch(request.query_params.get("page", "1")):
            raise ValidationError({"page": ["A whole number from 1 up."]})
        try:
            return super().paginate_queryset(queryset, request, view)
        except NotFound:
            raise ValidationError({"page": ["There is no such page."]}) from None

    def get_paginated_response(self, data) -> Response:
        return Response({"next": self.get_next_link(), "previous": self.get_previous_link(), "results": data})

    def get_paginated_response_schema(self, schema: dict) -> dict:
        return _page_of(schema)

    def get_schema_operation_parameters(self, view) -> list[dict]:
        page = {"name": "page", "required": False, "in": "query", "schema": {"type": "integer", "minimum": 1}}
        return [page, _size_parameter()]


class Cursor(pagination.CursorPagination):
    """For what grows for ever: a page stays where it is while rows are added in front. Newest first, by number."""

    ordering = "-id"
    parameters = ("cursor", "page_size")

    def get_page_size(self, request) -> int:
        return _size(request)

    def decode_cursor(self, request):
        try:
            cursor = super().decode_cursor(request)
        except NotFound:
            cursor = None
            if request.query_params.get("cursor"):
                raise ValidationError({"cursor": ["This is not a cursor that was given out."]}) from None
        if cursor and cursor.position is not None and not _PLAIN.fullmatch(cursor.position):
            raise ValidationError({"cursor": ["This is not a cursor that was given out."]})
        return cursor

    def get_paginated_response_schema(self, schema: dict) -> dict:
        return _page_of(schema)

    def get_schema_operation_parameters(self, view) -> list[dict]:
        cursor = {"name": "cursor", "required": False, "in": "query", "schema": {"type": "string"}}
        return [cursor, _size_parameter()]


class Newest(pagination.BasePagination):
    """For rows by time, newest first: the next page is what lies before the oldest one of this. There is no way back.

    Rows are objects or dicts with `at`, or with `window`.
    """

    parameters = ("page_size",)

    def paginate_queryset(self, queryset, request, view=None):
        size = _size(request)
        rows = list(queryset[: size + 1])
        self.request, self.next_to = request, _time_of(rows[size - 1]) if len(rows) > size else None
        return rows[:size]

    def get_paginated_response(self, data) -> Response:
        return Response({"next": self._next(), "previous": None, "results": data})

    def _next(self) -> str | None:
        if self.next_to is None:
            return None
        to = self.next_to.isoformat().replace("+00:00", "Z")
        return replace_query_param(self.request.build_absolute_uri(), "to", to)

    def get_paginated_response_schema(self, schema: dict) -> dict:
        return _page_of(schema)

    def get_schema_operation_parameters(self, view) -> list[dict]:
        return [_size_parameter()]


def _time_of(row) -> datetime:
    return row["window"] if isinstance(row, dict) else row.at


def _page_of(schema: dict) -> dict:
    link = {"type": ["string", "null"], "format": "uri"}
    return {
        "type": "object",
        "required": ["next", "previous", "results"],
        "properties": {"next": link, "previous": link, "results": schema},
    }
