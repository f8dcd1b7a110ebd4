"""Sources, their test before anything is kept, and their pulls."""

from dataclasses import asdict

from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from mlops_portal.engine.api.errors import Conflict
from mlops_portal.engine.api.paging import Cursor
from mlops_portal.engine.api.permissions import Door
from mlops_portal.engine.api.serializers import Nothing
from mlops_portal.engine.api.views import Resource
from mlops_portal.engine.limits import spend
from mlops_portal.engine.secrets import CannotSeal
from monitoring import connectors
from monitoring.actions import sources
from monitoring.actions.pulling import pull_now
from monitoring.api import shapes
from monitoring.connectors.connector import BadSettings, Connector, Failed, shows_quality
from monitoring.filters import SourceFilter
from monitoring.models import Pull, Source
from monitoring.wording import NO_QUALITY
from systems.access import require
from systems.api.permissions import ByRule
from systems.models import Scope


class OfASystem(Resource):
    """What belongs to a system: the rules are asked about that."""

    permission_classes = [ByRule]
    lookup_field = "pk"

    def check_object_permissions(self, request, thing):
        super().check_object_permissions(request, thing.system)


class SourceKinds(Resource):
    """The kinds of sources that there are, each with the JSON Schemas of what it takes."""

    permission_classes = [ByRule]
    queryset = Source.objects.none()
    serializer_class = shapes.KindShape
    doors = {"list": Door(Scope.READ, "read")}

    def filter_queryset(self, nothing) -> list[Connector]:
        return [connectors.connector_of(kind) for kind in connectors.kinds()]


def _allowed(kind: str, credentials: dict | None) -> dict | None:
    """Return the credentials. Raises ValidationError for those that this kind cannot use."""
    known = connectors.connector_of(kind).credentials.get("properties", {})
    strange = [name for name in credentials or {} if name not in known]
    if strange:
        raise ValidationError({"credentials": {name: ["This kind of source does not take it."] for name in strange}})
    return credentials


class Sources(OfASystem):
    queryset = Source.objects.select_related("system").order_by("-pk")
    serializer_class = shapes.SourceShape
    filterset_class = SourceFilter
    lookup_url_kwarg = "source_id"
    versioned = ("partial_update", "destroy")
    doors = {
        "list": Door(Scope.READ, "read"),
        "retrieve": Door(Scope.READ, "read"),
        "create": Door(Scope.WRITE, "system.edit", takes=shapes.NewSource, status=201),
        "test": Door(Scope.WRITE, "system.edit", takes=shapes.SourceToTest, gives=shapes.TestedShape),
        "partial_update": Door(Scope.WRITE, "system.edit", takes=shapes.SourceChange),
        "destroy": Door(Scope.WRITE, "system.edit", status=204),
        "pull": Door(Scope.WRITE, "system.edit", takes=Nothing, gives=shapes.PullShape, status=202),
    }

    def get_queryset(self):
        return super().get_queryset().visible_to(self.request.user)

    def _said(self) -> dict:
        """Return what is said of a new source, asked for by somebody who may edit its system."""
        facts = self.given()
        require(self.request.user, "system.edit", facts["system"])
        facts["credentials"] = _allowed(facts["kind"], facts.get("credentials"))
        return facts

    def create(self, request) -> Response:
        facts = self._said()
        try:
            with transaction.atomic():
                source = sources.connect_source(by=request.user, at=timezone.now(), **facts)
        except IntegrityError:
            taken = self.get_queryset().filter(system=facts["system"], name__iexact=facts["name"]).first()
            url = self.represent(taken)["url"] if taken else ""
            raise Conflict(f"The system has a source named {facts['name']}.", url) from None
        except BadSettings as bad:
            raise ValidationError({"settings": bad.errors}) from None
        except CannotSeal as cannot:
            raise ValidationError({"credentials": [str(cannot)]}) from None
        source.refresh_from_db()
        return self.answer(source, created=True)

    def test(self, request) -> Response:
        """Ask a source once and say what it has; nothing is kept."""
        facts = self._said()
        spend("test", by=request.user)
        asked = {"kind": facts["kind"], "settings": facts["settings"], "credentials": facts["credentials"] or {}}
        try:
            found = sources.test_source(**asked, at=timezone.now())
        except BadSettings as bad:
            raise ValidationError({"settings": bad.errors}) from None
        except Failed as failed:
            return self.answer({"outcome": failed.outcome, "error": str(failed), "note": "", "found": []})
        outcome = Pull.Outcome.OK if found else Pull.Outcome.EMPTY
        note = NO_QUALITY if found and not shows_quality(found) else ""
        return self.answer({"outcome": outcome, "error": "", "note": note, "found": [asdict(one) for one in found]})

    def partial_update(self, request, source_id) -> Response:
        source = self.get_object()
        facts = self.given(source)
        if "credentials" in facts:
            facts["credentials"] = _allowed(source.kind, facts["credentials"] or {})
        try:
            edited = sources.edit_source(source=source, by=request.user, at=timezone.now(), seen=self.seen, **facts)
        except BadSettings as bad:
            raise ValidationError({"settings": bad.errors}) from None
        except (sources.SecretAskedAgain, CannotSeal) as refused:
            raise ValidationError({"credentials": [str(refused)]}) from None
        except IntegrityError:
            raise Conflict(f"The system has another source named {facts['name']}.") from None
        return self.answer(edited)

    def destroy(self, request, source_id) -> Response:
        """Ask it no more; what it brought stays."""
        sources.remove_source(source=self.get_object(), by=request.user, at=timezone.now(), seen=self.seen)
        return Response(status=204)

    def pull(self, request, source_id) -> Response:
        """Ask it now; the pull that is answered says how far it is."""
        source = self.get_object()
        self.given()
        if not source.enabled or source.system.retired_at:
            raise Conflict("The source is paused: enable it first.")
        spend("pull", by=request.user)
        return self.answer(pull_now(source, by=request.user, at=timezone.now()))


class Pulls(Resource):
    permission_classes = [ByRule]
    queryset = Pull.objects.all()
    serializer_class = shapes.PullShape
    pagination_class = Cursor
    lookup_url_kwarg = "pull_id"
    doors = {"retrieve": Door(Scope.READ, "read")}

    def get_queryset(self):
        return super().get_queryset().filter(source__in=Source.objects.visible_to(self.request.user))


class PullsOfSource(Pulls):
    """When a source was asked and what came of it, newest first."""

    doors = {"list": Door(Scope.READ, "read")}

    def get_queryset(self):
        source = get_object_or_404(Source.objects.visible_to(self.request.user), pk=self.kwargs["source_id"])
        return super().get_queryset().filter(source=source)
