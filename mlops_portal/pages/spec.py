"""A system as a file: to download, and for programs to read and to apply."""

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from mlops_portal.card import model_card
from mlops_portal.engine.api.documents import YamlParser, YamlRenderer
from mlops_portal.engine.api.errors import Conflict
from mlops_portal.engine.api.parsing import StrictJSONParser
from mlops_portal.engine.api.permissions import Door
from mlops_portal.engine.api.views import Resource
from mlops_portal.engine.limits import spend
from mlops_portal.engine.spec import Refused
from mlops_portal.spec import ChangedByHand, apply, as_file, export, published_schema, schema_url
from systems.api.permissions import ByRule
from systems.doors import public, rule
from systems.models import Scope, System

DAY = "public, max-age=86400"


@require_safe
@rule("read")
def download(request, slug):
    """The system as mlsystem.yaml, to be kept beside the model's code; without credentials."""
    system = get_object_or_404(System.objects.visible_to(request.user).select_related("team"), slug=slug)
    spend("export", by=request.user)
    answer = HttpResponse(as_file(system), content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="mlsystem.yaml"'
    return answer


@require_safe
@rule("read")
def card(request, slug):
    """The system as a model card, in Markdown."""
    system = get_object_or_404(System.objects.visible_to(request.user).select_related("team"), slug=slug)
    spend("export", by=request.user)
    answer = HttpResponse(model_card(system), content_type="text/markdown; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{system.slug}-model-card.md"'
    return answer


@require_safe
@public("Editors that check a file have no account; the schema says nothing of any system.")
def schema(request):
    """The JSON Schema of mlsystem.yaml."""
    return JsonResponse(published_schema(), content_type="application/schema+json", headers={"Cache-Control": DAY})


class FileRenderer(YamlRenderer):
    """The file with the line that tells editors its schema."""

    def render(self, data, accepted_media_type=None, renderer_context=None):
        text = super().render(data, accepted_media_type, renderer_context)
        is_file = isinstance(text, str) and renderer_context["request"].method == "GET"
        return f"# yaml-language-server: $schema={schema_url()}\n{text}" if is_file else text


class Document(serializers.Serializer):
    """mlsystem.yaml: what is left out of it is left alone, what is left out of a section is retired."""

    version = serializers.IntegerField()
    system = serializers.DictField(required=False)
    owners = serializers.DictField(required=False)
    phases = serializers.DictField(required=False)
    runbook = serializers.DictField(required=False)
    expected_ranges = serializers.DictField(required=False)
    retraining = serializers.DictField(required=False)
    feeds = serializers.DictField(required=False)
    dependencies = serializers.DictField(required=False)
    readiness = serializers.DictField(required=False)
    sources = serializers.ListField(child=serializers.DictField(), required=False)
    metrics = serializers.ListField(child=serializers.DictField(), required=False)


class Planned(serializers.Serializer):
    """Each step names the path of the item, how it was and how it is to be."""

    create = serializers.ListField(child=serializers.DictField())
    change = serializers.ListField(child=serializers.DictField())
    remove = serializers.ListField(child=serializers.DictField())


class Spec(Resource):
    """A system as a file, in YAML or JSON."""

    permission_classes = [ByRule]
    queryset = System.objects.select_related("team")
    serializer_class = Document
    parser_classes = [StrictJSONParser, YamlParser]
    renderer_classes = [JSONRenderer, FileRenderer]
    lookup_field = "slug"
    doors = {
        "retrieve": Door(Scope.READ, "read"),
        "update": Door(Scope.WRITE, "system.edit", takes=Document, gives=Planned),
    }
    parameters = {
        "update": [
            OpenApiParameter("dry_run", {"type": "string", "enum": ["true", "false"]}, description="Only plans."),
            OpenApiParameter("take", {"type": "string", "enum": ["file"]}, description="Undoes changes by hand."),
        ]
    }

    def get_queryset(self):
        return super().get_queryset().visible_to(self.request.user)

    def retrieve(self, request, slug) -> Response:
        system = self.get_object()
        spend("export", by=request.user)
        return Response(export(system))

    def update(self, request, slug) -> Response:
        """Apply the file; a system that is not there yet is registered."""
        self._ask(slug)
        how = {"dry_run": self._chosen("dry_run", "true", "false"), "take_file": self._chosen("take", "file")}
        try:
            done = apply(request.data, slug=slug, by=request.user, at=timezone.now(), **how)
        except Refused as refused:
            raise ValidationError(refused.errors) from None
        except ChangedByHand as changed:
            conflict = Conflict(str(changed))
            undone = [one.as_json() for one in changed.plan.by_hand]
            conflict.extra = {"plan": changed.plan.as_json(), "by_hand": undone}
            raise conflict from None
        return Response(done.as_json())

    def _ask(self, slug: str) -> None:
        """Raise unless the caller may edit the system, where they see one."""
        system = self.get_queryset().filter(slug=slug).first()
        if system:
            self.check_object_permissions(self.request, system)
        elif self.get_queryset().known_as(slug).exists():  # under an old name: the answer leads to the new one
            raise Http404

    def _chosen(self, name: str, yes: str, *others: str) -> bool:
        given = self.request.query_params.get(name)
        if given not in (None, yes, *others):
            raise ValidationError({name: [f"{' or '.join([yes, *others])}."]})
        return given == yes
