"""OpenAPI from the doors: what goes in, what comes out, and every error that can come instead."""

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from mlops_portal.engine.api.errors import MEDIA_TYPE
from mlops_portal.engine.api.serializers import Problem

IF_MATCH = OpenApiParameter(
    "If-Match", {"type": "string", "pattern": r'^"[0-9]{1,9}"$'}, "header", description="The version that was seen."
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": r"^[\x21-\x7e]{1,200}$"},
    "header",
    description="Sent again with the same body within 24 h, the request is answered alike and not done again.",
)
ALWAYS = {400: "Not understood.", 401: "No token, or a dead one.", 403: "You may see it, but not do this."}
ALWAYS |= {406: "Only JSON is spoken.", 429: "Too many requests.", 503: "The database does not answer."}
WITH_BODY = {413: "Larger than 10 MB.", 415: "Only JSON is taken."}


class DoorSchema(AutoSchema):
    @property
    def door(self):
        return getattr(self.view, "doors", {}).get(getattr(self.view, "action", None))

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/api/v1/").split("/")[0]]

    def get_operation_id(self) -> str:
        words = [word for word in self.path.removeprefix("/api/v1/").split("/") if word and word[0] != "{"]
        return "_".join([*words, self.view.action]).replace("-", "_")

    def get_request_serializer(self):
        return self.door.takes if self.door else super().get_request_serializer()

    def get_override_parameters(self) -> list:
        extra = list(getattr(self.view, "parameters", {}).get(getattr(self.view, "action", None), []))
        if self.door and self._takes_version():
            extra.append(IF_MATCH)
        if self.door and self.method == "POST" and self.view.keeps_answers:
            extra.append(IDEMPOTENCY_KEY)
        return extra

    def _takes_version(self) -> bool:
        return self.view.action in getattr(self.view, "versioned", ())

    def get_response_serializers(self):
        if self.door is None:
            return super().get_response_serializers()
        shape = None if self.door.status == 204 else self.door.gives or self.view.serializer_class
        return {self.door.status: OpenApiResponse(shape)} | {
            (status, MEDIA_TYPE): OpenApiResponse(Problem, text) for status, text in sorted(self._errors().items())
        }

    def _errors(self) -> dict[int, str]:
        errors = dict(ALWAYS)
        if "{" in self.path:
            errors[404] = "There is no such thing, or you may not see it."
        if self.method != "GET":
            errors |= WITH_BODY | {409: "It is so already, or cannot be done from here."}
        if self.method == "POST" and self.view.keeps_answers:
            errors[422] = "The Idempotency-Key came before with another request."
        if self._takes_version():
            errors[412] = "It has changed since."
        return errors | getattr(self.view, "errors", {}).get(self.view.action, {})
