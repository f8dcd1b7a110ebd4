"""Feeds with their contracts, dependencies and drills, for programs."""

from datetime import date
from functools import cached_property

from django.core.exceptions import ValidationError as NotSlug
from django.db import IntegrityError
from django.db.models import Exists, OuterRef, Prefetch
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.fields import DateField
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from mlops_portal.engine.api.documents import YamlRenderer, YamlTextParser
from mlops_portal.engine.api.errors import Conflict
from mlops_portal.engine.api.parsing import StrictJSONParser
from mlops_portal.engine.api.permissions import Door
from mlops_portal.engine.api.views import Resource
from mlops_portal.engine.spec import Refused
from systems.access import require
from systems.actions.contracts import NotProposed, confirm_contract, put_contract
from systems.actions.dependencies import Circular, set_dependencies
from systems.actions.drills import record_drill
from systems.actions.feeds import FeedRetired, StillNeeded, add_feed, edit_feed, retire_feed
from systems.actions.versions import AlreadyThere
from systems.api import feed_shapes as shapes
from systems.api.permissions import ByRule
from systems.api.promises import Promise
from systems.api.systems import OfSystem
from systems.contracts import checked, text_of
from systems.feeds import dependencies_of
from systems.filters import FeedFilter
from systems.models import Confirmation, Contract, Dependency, Drill, Feed, Scope, System
from systems.models.slug import slug_is_plain


class Feeds(Resource):
    """Feeds, by short name."""

    permission_classes = [ByRule]
    queryset = Feed.objects.select_related("owner", "evidence_system").order_by("slug")
    serializer_class = shapes.FeedShape
    filterset_class = FeedFilter
    lookup_field = "slug"
    lookup_url_kwarg = "feed"
    versioned = ("update", "destroy")
    doors = {
        "list": Door(Scope.READ, "read"),
        "retrieve": Door(Scope.READ, "read"),
        "update": Door(Scope.WRITE, "feed.edit", takes=shapes.FeedShape),
        "destroy": Door(Scope.WRITE, "feed.edit"),
    }
    parameters = {
        "destroy": [
            OpenApiParameter("accept", {"type": "string"}, description="Systems that are to do without, by commas.")
        ]
    }

    def get_queryset(self):
        systems = System.objects.visible_to(self.request.user)
        links = Dependency.objects.filter(system__in=systems.in_use().values("pk")).select_related("system")
        seen = Prefetch("dependencies", links, to_attr="seen_dependencies")
        known = Exists(systems.filter(pk=OuterRef("evidence_system")))
        feeds = super().get_queryset().annotate(knows_evidence=known)
        return feeds.prefetch_related(seen, Prefetch("contracts", Contract.objects.defer("text")))

    def represent(self, row) -> dict:
        return super().represent(self.get_queryset().get(pk=row.pk) if row.pk else row)

    def update(self, request, feed) -> Response:
        """Make the feed what is said; one that is not there yet is added."""
        row = self.get_queryset().filter(slug__iexact=feed).first()
        who = {"by": request.user, "at": timezone.now()}
        if row is None:
            return self.answer(self._added(feed, who))
        self.check_object_permissions(request, row)
        facts = {"max_delay_s": None, "fallback": ""} | self.given()
        if row.evidence_system and not row.evidence_for(request.user) and not facts["evidence_system"]:
            del facts["evidence_system"], facts["evidence_metric"]  # what is hidden stays as it is
        try:
            return self.answer(edit_feed(feed=row, seen=self.seen, **facts, **who))
        except FeedRetired as error:
            raise Conflict(str(error)) from None

    def destroy(self, request, feed) -> Response:
        """Retire the feed; its history stays. 409 names the systems that depend on it and were not accepted."""
        row = self.get_object()
        accept = [one for one in request.query_params.get("accept", "").split(",") if one]
        who = {"by": request.user, "at": timezone.now()}
        try:
            return self.answer(retire_feed(feed=row, accept=accept, seen=self.seen, **who))
        except StillNeeded as error:
            raise Conflict(str(error)) from None

    def _added(self, slug: str, who: dict) -> Feed:
        require(who["by"], "feed.add")
        facts = self.given()
        try:
            slug_is_plain(slug)
        except NotSlug as error:
            raise ValidationError({"slug": error.messages}) from None
        try:
            return add_feed(slug=slug, **facts, **who)
        except IntegrityError:
            raise Conflict(f"The slug {slug} has just been taken.") from None


class Contracts(Resource):
    """The contract of a feed, by the Open Data Contract Standard 3.1, as it came: the newest version of it.

    `If-Match` and `ETag` are the number of the version. One with the status `proposed` says `from` which day on it is
    to hold; who answers for the systems that depend on the feed is told.
    """

    permission_classes = [ByRule]
    queryset = Contract.objects.select_related("feed")
    serializer_class = shapes.ContractShape
    parser_classes = [StrictJSONParser, YamlTextParser]
    renderer_classes = [JSONRenderer, YamlRenderer]
    versioned = ("update",)
    doors = {
        "retrieve": Door(Scope.READ, "read"),
        "update": Door(Scope.WRITE, "feed.edit", takes=shapes.ContractShape),
    }
    parameters = {
        "retrieve": [OpenApiParameter("version", {"type": "string"}, description="A number, or in_force.")],
        "update": [OpenApiParameter("from", {"type": "string", "format": "date"}, description="Of a proposal.")],
    }
    shown: Contract | None = None

    @cached_property
    def feed(self) -> Feed:
        return get_object_or_404(Feed, slug=self.kwargs["feed"])

    def get_object(self) -> Contract:
        asked = self.request.query_params.get("version")
        if asked == "in_force":
            found = self.feed.contract_in_force()
        elif asked is None:
            found = self.feed.contracts.first()
        elif asked.isdecimal() and len(asked) < 9:
            found = self.feed.contracts.filter(n=asked).first()
        else:
            raise ValidationError({"version": ["A number, or in_force."]})
        if found is None:
            raise Http404
        return found

    def update(self, request, feed) -> Response:
        self.check_object_permissions(request, self.feed)
        facts = {"by": request.user, "at": timezone.now(), "from_on": self._day(), "seen": self.seen}
        try:
            text = request.data if isinstance(request.data, str) else text_of(checked(request.data))
            return self.answer(put_contract(feed=self.feed, text=text, **facts))
        except Refused as refused:
            raise ValidationError(refused.errors) from None
        except FeedRetired as error:
            raise Conflict(str(error)) from None

    def _day(self) -> date | None:
        given = self.request.query_params.get("from")
        try:
            return DateField().run_validation(given) if given is not None else None
        except ValidationError as error:
            raise ValidationError({"from": error.detail}) from None

    def answer(self, row: Contract, *, created: bool = False) -> Response | HttpResponse:
        self.shown = row
        if self.request.accepted_renderer.format == YamlRenderer.format:
            return HttpResponse(row.text, content_type="application/yaml; charset=utf-8")
        return Response(self.represent(row))

    def represent(self, row: Contract) -> dict:
        return row.document if row.n else {}

    def finalize_response(self, request, response, *args, **kwargs):
        response = super().finalize_response(request, response, *args, **kwargs)
        if self.shown:  # the document's own version is another matter
            response["ETag"] = f'"{self.shown.n}"'
        return response


class Confirmations(OfSystem):
    """Saying that a system can live with the proposed contract of a feed that it depends on."""

    queryset = Confirmation.objects.all()
    serializer_class = shapes.ConfirmationShape
    doors = {"create": Door(Scope.WRITE, "contract.confirm", takes=shapes.ConfirmationShape)}

    def create(self, request, slug, feed) -> Response:
        self.check_object_permissions(request, self.system)
        n = self.given()["contract"]["n"]
        contract = get_object_or_404(Contract.objects.select_related("feed"), feed__slug=feed, n=n)
        who = {"by": request.user, "at": timezone.now()}
        try:
            return self.answer(confirm_contract(contract=contract, system=self.system, **who))
        except NotProposed as error:
            raise Conflict(str(error)) from None


class Dependencies(OfSystem):
    """What a system depends on; `systems` or `feeds` left out are left as they are, and so are hidden systems."""

    queryset = System.objects.all()
    serializer_class = shapes.DependenciesShape
    versioned = ("update",)
    doors = {
        "retrieve": Door(Scope.READ, "read"),
        "update": Door(Scope.WRITE, "system.edit", takes=shapes.DependenciesShape),
    }

    def get_object(self) -> System:
        return self.system

    def update(self, request, slug) -> Response:
        self.check_object_permissions(request, self.system)
        facts = self.given() | {"by": request.user, "at": timezone.now(), "seen": self.seen}
        try:
            return self.answer(set_dependencies(system=self.system, **facts))
        except Circular as error:
            raise ValidationError({"systems": [str(error)]}) from None
        except FeedRetired as error:
            raise ValidationError({"feeds": [str(error)]}) from None

    def represent(self, row: System) -> dict:
        known = dependencies_of(row, self.request.user)
        said = {name: [one.slug for one in rows] for name, rows in known.items()}
        return super().represent(said | {"slug": row.slug, "version": row.version})


class Drills(Promise):
    """When which situation was tried, newest first."""

    queryset = Drill.objects.select_related("system", "by")
    serializer_class = shapes.DrillShape
    lookup_url_kwarg = "drill"
    doors = {
        "list": Door(Scope.READ, "read"),
        "retrieve": Door(Scope.READ, "read"),
        "create": Door(Scope.WRITE, "runbook.write", takes=shapes.DrillShape, status=201),
    }

    def create(self, request, slug) -> Response:
        facts = self.asked()
        facts["at"] = self.past(facts.get("at"))
        try:
            drill = record_drill(system=self.system, by=request.user, **facts)
        except AlreadyThere as there:
            self.refuse(there)
        return self.answer(drill, created=True)
