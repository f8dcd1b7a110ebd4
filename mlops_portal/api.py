"""The API for other programs: every address under /api/, its schema and its documentation."""

from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from incidents.api.urls import urlpatterns as incidents
from mlops_portal.engine.api.errors import plain_problem
from mlops_portal.engine.api.permissions import Door
from mlops_portal.pages.spec import Spec, schema
from monitoring.api.urls import urlpatterns as monitoring
from systems.api.permissions import ByRule
from systems.api.urls import urlpatterns as systems
from systems.doors import public, rule
from systems.models import Scope


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "systems.tokens.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema) -> dict:
        return {"type": "http", "scheme": "bearer", "description": "A token from `tokens/`."}


class Schema(SpectacularAPIView):
    """The whole contract as OpenAPI 3.1."""

    permission_classes = [ByRule]
    doors = {"retrieve": Door(Scope.READ, "read")}
    action = "retrieve"


class Docs(SpectacularSwaggerSplitView):
    """The contract to read and to try; script and styles are files, so that the strict policy holds."""

    permission_classes = [ByRule]
    doors = {"retrieve": Door(Scope.READ, "read")}
    action = "retrieve"
    template_name = "api/docs.html"
    url_name = "api-schema"


@csrf_exempt
@public("Says only that there is nothing here, to anybody.")
def nothing_here(request, path):
    hint = "" if path.endswith("/") else " Addresses end with a slash."
    return plain_problem(request, 404, "There is nothing at this address." + hint)


own = [
    path("spec/schema/", schema, name="spec-schema"),
    path("systems/<slug:slug>/spec/", Spec.as_view({"get": "retrieve", "put": "update"}), name="system-spec"),
]

urlpatterns = [
    path("v1/", include(([*own, *systems, *monitoring, *incidents], "api"))),
    path("schema/", Schema.as_view(), name="api-schema"),
    path("docs/", rule("read")(require_safe(Docs.as_view())), name="api-docs"),
    re_path(r"^(?P<path>.*)$", nothing_here, name="api-nothing"),
]
