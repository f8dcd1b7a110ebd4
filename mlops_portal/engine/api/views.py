"""What every resource of the API shares."""

from functools import partial

from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from mlops_portal.engine.api.idempotency import key_of, once
from mlops_portal.engine.api.matching import seen_version
from mlops_portal.engine.api.permissions import Door
from mlops_portal.engine.api.serializers import Nothing


class Resource(GenericViewSet):
    """A resource opens its actions in `doors`; its query string is its filter's, its paginator's and `parameters`."""

    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    doors: dict[str, Door] = {}
    parameters: dict[str, list] = {}  # action → OpenApiParameters besides the filter's and the paginator's
    keeps_answers = True  # False where an answer holds a secret, which must not be kept

    @property
    def door(self) -> Door:
        return self.doors[self.action]

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if self.action not in self.doors:
            return
        self._refuse_unknown_parameters(request)
        key = key_of(request) if request.method == "POST" else None
        if key and not self.keeps_answers:
            raise ValidationError({"Idempotency-Key": ["Not here: the answer holds a secret and is not kept."]})
        if key:
            self.post = partial(self._once, key, self.post)

    def _once(self, key, act, request, *args, **kwargs):
        return once(key, request, partial(act, request, *args, **kwargs))

    def _refuse_unknown_parameters(self, request) -> None:
        unknown = set(request.query_params) - self.known_parameters()
        if unknown:
            raise ValidationError({name: ["There is no such parameter."] for name in sorted(unknown)})

    def known_parameters(self) -> set[str]:
        """Return the names that the query string of this action may hold."""
        known = {one.name for one in self.parameters.get(self.action, [])}
        if self.action == "list":
            known |= set(self.paginator.parameters)
            known |= set(getattr(getattr(self, "filterset_class", None), "base_filters", ()))
        return known

    @property
    def seen(self) -> int | None:
        """The version that the caller saw, by If-Match; None when they do not care."""
        return seen_version(self.request)

    def given(self, row=None) -> dict:
        """Return the body as the door's `takes` reads it; with `row`, as changes to it. Raises ValidationError."""
        taker = self.door.takes or Nothing
        body = taker(row, data=self.request.data, partial=row is not None, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)

    def answer(self, row, *, created: bool = False) -> Response:
        """Return the answer that shows `row`; a new one says where it is."""
        shown = self.represent(row)
        return Response(shown, self.door.status, headers={"Location": str(shown["url"])} if created else None)

    def represent(self, row) -> dict:
        """Return the row as this action shows it."""
        shape = self.door.gives or self.serializer_class
        return shape(row, context=self.get_serializer_context()).data

    def finalize_response(self, request, response, *args, **kwargs):
        response = super().finalize_response(request, response, *args, **kwargs)
        data = getattr(response, "data", None) if response.status_code < 300 else None
        if isinstance(data, dict) and "version" in data:
            response["ETag"] = f'"{data["version"]}"'
        return response

    def list(self, request, *args, **kwargs) -> Response:
        """Return one page of what the caller may see."""
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        shape = self.door.gives or self.serializer_class
        return self.get_paginated_response(shape(rows, many=True, context=self.get_serializer_context()).data)

    def retrieve(self, request, *args, **kwargs) -> Response:
        """Return one that the caller may see."""
        return self.answer(self.get_object())
